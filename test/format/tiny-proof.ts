/** What a proof says in the clear, with one of everything. */
import type { sealProof } from '../../src/format/proof-record.ts'

export const RECORD: Parameters<typeof sealProof>[0] = {
  format: 1,
  type: 'proof',
  id: '20261125T042700Z-0c11a5',
  component: 'database',
  backup: '20261124T020000Z-7f3a91',
  verdict: 'failed',
  provedAt: '2026-11-25T04:30:00.000Z',
  restoreSeconds: 90.5,
  compareSeconds: null,
  age: 95_400,
  bytes: 1_000,
  stored: 400,
  server: 'PostgreSQL 18.4',
  engine: 'comeback 0.1.0',
  checks: [{ name: 'rows', result: 'failed' }],
  findings: { 'rows-differ': 1 },
}
