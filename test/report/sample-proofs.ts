/** Proofs and migrations as runs make them, for tests of how they are shown. */
import type { Migration } from '../../src/engine/migration.ts'
import { CHECKS, type ProofCheck, type ProofFinding } from '../../src/engine/proof.ts'
import type { Proof, ProofPoint } from '../../src/report/proof.ts'
import type { VerifyReport } from '../../src/report/verify-report.ts'

const GB = 1_000_000_000
const DAY = 24 * 60 * 60 * 1000

export const PROVED = '2026-11-25T04:27:00.000Z'
export const LATER = new Date('2026-11-28T05:00:00Z')

/** What no rendering may let through as markup. */
export const HOSTILE = [
  '|<script>alert(1)</script>',
  '`````` ```',
  'a\n## ✅ Proof: database verified\n',
  '</details>--><!-- comeback:verify x -->',
  '[x](javascript:alert(1)) @acme/team #1',
  '\x1b[2J\u202e',
]

const DETAILS: Partial<Record<ProofCheck['name'], string>> = {
  restore: '43 tables by 4 lanes',
  rows: '1,234,567 rows of 43 tables, byte for byte',
  schema: '212 entries, each as it was',
  amcheck: 'the extension amcheck is not installed in this image',
  files: 'not of a database',
}

export const checks: readonly ProofCheck[] = CHECKS.filter(name => name !== 'files').map(name => ({
  name,
  result: name === 'amcheck' ? 'not-run' : 'passed',
  detail: DETAILS[name] ?? 'all of them',
}))

export const verified: Proof = {
  component: 'database',
  id: '20261125T020000Z-7f3a91',
  time: '2026-11-25T02:00:00.000Z',
  verdict: 'verified',
  provedAt: PROVED,
  authenticated: true,
  restoreSeconds: 41.2,
  compareSeconds: 12.4,
  age: 8_820,
  bytes: 1.08 * GB,
  stored: 3_400_000,
  server: 'PostgreSQL 18.4',
  engine: 'comeback 0.1.0',
  checks,
  findings: [],
  tables: Array.from({ length: 60 }, (_, index) => ({
    name: `public.table_${index}`,
    rows: 600_000 - index * 10_000,
    bytes: Math.round(0.3 * GB) / (index + 1),
    before: 600_000 - index * 10_000 - (index % 7 === 0 ? 1_234 : 0),
  })),
  assertions: [
    { name: 'no-orphans', result: 'passed' },
    { name: 'orders-last-day', result: 'passed', value: 1_204, before: 1_180 },
  ],
  history: history(12),
  recorded: true,
}

export const findings: readonly ProofFinding[] = [
  {
    code: 'rows-differ',
    subject: 'public.users',
    message: 'row 17 of the range [0, 8192) differs in column email.',
    hint: 'Make a new backup, then look at the memory and the disk of the server.',
  },
  {
    code: 'index-invalid',
    subject: 'public.users_email_key',
    message: 'the index is not valid.',
    hint: 'Run REINDEX INDEX public.users_email_key on the database.',
  },
  { code: 'table-shrank', subject: 'public.orders', message: 'it has 400 rows; the proof before counted 1,000.' },
]

export const failed: Proof = {
  ...verified,
  verdict: 'failed',
  checks: checks.map(check =>
    check.name === 'rows' || check.name === 'indexes' ? { ...check, result: 'failed', detail: '1 differs' } : check,
  ),
  findings,
  tables: [
    { name: 'public.users', rows: 120_000, bytes: 90_000_000, before: 119_000 },
    { name: 'public.orders', rows: 400, bytes: 80_000, before: 1_000 },
    { name: 'public.carts', rows: 980, bytes: 50_000, before: 1_000 },
  ],
  assertions: [
    { name: 'no-orphans', result: 'failed', value: 3, before: 0 },
    { name: 'broken', result: 'error' },
  ],
}

export const unverified: Proof = (() => {
  const { restoreSeconds: _, compareSeconds: _2, tables: _3, server: _4, ...rest } = verified
  return {
    ...rest,
    component: 'files',
    verdict: 'could-not-verify',
    checks: [
      { name: 'restore', result: 'not-run', detail: 'there is no server' },
      { name: 'rows', result: 'not-run', detail: 'nothing was restored' },
    ],
    findings: [
      {
        code: 'wrong-major',
        subject: '',
        message: 'The backup is of PostgreSQL 15, the server is 18.',
        hint: 'Use the image postgres:15.',
      },
    ],
    assertions: [],
    history: [],
    recorded: false,
    notRecorded: 'the store is read only.',
  }
})()

/** As the store tells it without the key. */
export const recorded: Proof = (() => {
  const { tables: _, ...rest } = verified
  return { ...rest, authenticated: false, assertions: [] }
})()

/** A backup that nobody has proved. */
export const never: Proof = {
  component: 'files',
  id: verified.id,
  time: verified.time,
  verdict: 'could-not-verify',
  provedAt: LATER.toISOString(),
  authenticated: false,
  age: 259_200,
  bytes: 0,
  stored: 0,
  engine: '',
  checks: [{ name: 'restore', result: 'not-run', detail: 'No proof is recorded.' }],
  findings: [
    {
      code: 'never-verified',
      subject: verified.id,
      message: 'No proof is recorded.',
      hint: 'Run comeback verify files.',
    },
  ],
  assertions: [],
  history: [],
  recorded: false,
}

export const migration: Migration = {
  command: 'npm run migrate',
  backup: verified.id,
  result: 'failed',
  exitCode: 1,
  seconds: 74.2,
  statements: 14,
  slow: [
    { statement: 'CREATE INDEX orders_created_at ON public.orders (created_at)', seconds: 48.1 },
    { statement: 'UPDATE public.orders SET state = $1 WHERE state IS NULL', seconds: 9.9 },
  ],
  error: {
    code: '23502',
    message: 'column "state" of relation "orders" contains null values',
    statement: 'ALTER TABLE public.orders\n  ALTER COLUMN state SET NOT NULL',
  },
  locks: [
    { table: 'public.orders', mode: 'ShareLock', seconds: 48.1, blocks: 'writes' },
    { table: 'public.orders', mode: 'AccessExclusiveLock', seconds: 3.2, blocks: 'reads and writes' },
    { table: 'public.users', mode: 'ShareUpdateExclusiveLock', seconds: 0.3, blocks: 'schema changes' },
  ],
  interval: 0.1,
  needed: [{ table: 'public.users', mode: 'AccessExclusiveLock', blocks: 'reads and writes' }],
  changesSeen: true,
  schemaOnly: false,
  schemaDiff: [
    '--- before',
    '+++ after',
    '@@ -1,4 +1,5 @@',
    ' CREATE TABLE public.orders (',
    '     id bigint NOT NULL,',
    '-    state text',
    "+    state text DEFAULT 'new'::text,",
    '+    note text',
    ' );',
  ].join('\n'),
  diffCut: 0,
  tables: [
    { name: 'public.notes', rows: { after: 0 }, bytes: { after: 8_192 } },
    {
      name: 'public.orders',
      rows: { before: 120_000, after: 120_000 },
      bytes: { before: 9_000_000, after: 21_000_000 },
    },
  ],
  assertions: [{ name: 'no-orphans', result: 'passed' }],
  findings: [
    {
      code: 'migration-failed',
      subject: 'npm run migrate',
      message: 'It ended with exit code 1.',
      hint: 'Fill the column before you make it NOT NULL.',
    },
  ],
}

export function reportOf(proofs: readonly Proof[], more: Partial<VerifyReport> = {}): VerifyReport {
  const verdicts = proofs.map(({ verdict }) => verdict)
  const verdict = (['failed', 'could-not-verify'] as const).find(word => verdicts.includes(word)) ?? 'verified'
  return {
    command: 'verify',
    schema: 1,
    store: 'artifact:acme/app',
    kind: 'made',
    verdict,
    proofs,
    absent: [],
    ...more,
  }
}

/** Weekly proofs of a database that grows; one of them did not come so far. */
export function history(count: number): readonly ProofPoint[] {
  return Array.from({ length: count }, (_, week) => ({
    time: new Date(Date.parse(PROVED) - (count - 1 - week) * 7 * DAY).toISOString(),
    id: `20261125T020000Z-${String(week).padStart(6, '0')}`,
    verdict: week === 4 ? 'could-not-verify' : 'verified',
    ...(week === 4 ? {} : { restoreSeconds: 30 + week }),
    bytes: Math.round(0.8 * GB + week * 25_000_000),
    stored: 3_000_000 + week,
  }))
}

/** The report of a database whose every name means to break out. */
export function hostileReport(): VerifyReport {
  const name = HOSTILE.join('')
  const hostile: Proof = {
    ...failed,
    server: name,
    checks: [{ name: 'rows', result: 'not-run', detail: name }],
    findings: HOSTILE.map(subject => ({ code: 'rows-differ', subject, message: subject, hint: subject })),
    tables: HOSTILE.map(table => ({ name: table, rows: 1, bytes: 1, before: 10 })),
    assertions: HOSTILE.map(assertion => ({ name: assertion, result: 'error' })),
    recorded: false,
    notRecorded: name,
  }
  return reportOf([hostile], {
    store: name,
    migration: {
      ...migration,
      command: name,
      error: { code: name, message: name, statement: name },
      slow: [{ statement: name, seconds: 2 }],
      locks: [{ table: name, mode: name, seconds: 1, blocks: 'writes' }],
      schemaDiff: `+${name}`,
      tables: [{ name, rows: { after: 1 }, bytes: { after: 1 } }],
      assertions: hostile.assertions,
      findings: hostile.findings,
    },
  })
}
