/** Reports as runs make them, for tests of how they are shown. */
import { stockRecipe } from '../../src/format/stock-recipe.ts'
import type { BackupOutcome, HistoryPoint, Report } from '../../src/report/report.ts'

const DAY = 24 * 60 * 60 * 1000
const GB = 1_000_000_000

export const NOW = new Date('2026-11-23T02:00:12Z')

export const madeBackup: Exclude<BackupOutcome, { status: 'failed' }> = {
  status: 'complete',
  component: 'database',
  id: '20261123T020000Z-7f3a91',
  time: '2026-11-23T02:00:00.000Z',
  seconds: 12,
  full: true,
  stock: true,
  segments: 12,
  chunks: 9_300,
  bytes: { read: 1.08 * GB, new: 1.08 * GB, stored: 340_000_000 },
  leansOn: 0,
  keyId: '0123456789abcdef',
  decrypt: stockRecipe({ component: 'database', codec: 'gzip', iterations: 600_000 }),
  expires: '2026-12-23T02:00:00.000Z',
  largest: [
    { name: 'public.events [0-8192)', bytes: 612_000_000 },
    { name: 'public.users', bytes: 212_000_000 },
    { name: 'billing.invoice_lines', bytes: 98_000_000 },
  ],
  history: [],
  problems: [],
}

/** Leans on older ones, and comes with a month of history. */
export const leaningBackup: Exclude<BackupOutcome, { status: 'failed' }> = (() => {
  const { decrypt: _, ...rest } = madeBackup
  return {
    ...rest,
    full: false,
    stock: false,
    base: '20261122T020000Z-112233',
    bytes: { read: 1.08 * GB, new: 12_000_000, stored: 3_400_000 },
    leansOn: 3,
    history: month(30),
  }
})()

/** Daily backups that grow, a full one every tenth day. */
export function month(count: number): readonly HistoryPoint[] {
  return Array.from({ length: count }, (_, day) => {
    const time = new Date(Date.parse('2026-11-23T02:00:00Z') - (count - 1 - day) * DAY).toISOString()
    const bytes = Math.round(0.8 * GB + day * 9_000_000)
    return { id: `id-${day}`, time, bytes, stored: day % 10 === 0 ? bytes / 3 : 4_000_000 }
  })
}

export const failedBackup: BackupOutcome = {
  status: 'failed',
  component: 'config',
  placeholder: '20261123T020100Z-000001',
  error: { code: 'permission', message: '.env cannot be read.', hint: 'Check its mode.' },
}

export const mixedRun: Report = {
  command: 'backup',
  store: 'artifact:acme/app',
  backups: [
    leaningBackup,
    {
      ...madeBackup,
      component: 'files',
      status: 'partial',
      id: '20261123T020014Z-aaaaaa',
      decrypt: stockRecipe({ component: 'files', codec: 'gzip', iterations: 600_000 }),
      largest: [{ name: 'files', bytes: 1.08 * GB }],
      problems: [
        { severity: 'warning', message: 'b.sock is a socket and is not in the backup.', hint: 'Exclude it.' },
        { severity: 'partial', message: '"uploads/a.txt" vanished before it could be read.', hint: 'Back up later.' },
      ],
    },
    failedBackup,
  ],
}
