import { expect, test } from 'vitest'
import { exitCodeOf } from '../../src/report/exit-code.ts'
import { createPalette } from '../../src/report/palette.ts'
import { widthOf } from '../../src/report/printable.ts'
import type { ComponentStatus, StatusReport } from '../../src/report/status-report.ts'
import { renderReport } from '../../src/report/text.ts'

const rendered = (report: StatusReport) => renderReport(report, { palette: createPalette(false), now: new Date() })

const good: ComponentStatus = {
  component: 'database',
  state: 'good',
  overdue: false,
  last: {
    id: '20261123T020000Z-7f3a91',
    time: '2026-11-23T02:00:00.000Z',
    age: 10_800,
    bytes: 1_080_000_000,
    authenticated: true,
  },
  since: [],
  sinceCount: 0,
  backups: 30,
  failed: 0,
  stored: 3_400_000_000,
  grown: { days7: 120_000_000, days30: 500_000_000 },
  nextDue: '2026-11-24T02:00:00.000Z',
  largestGap: 30 * 3600,
  next: [],
}
const late: ComponentStatus = {
  ...good,
  component: 'files',
  overdue: true,
  nextDue: '2026-11-21T02:00:00.000Z',
  largestGap: 9 * 86_400,
  last: {
    id: '20261120T020000Z-7f3a92',
    time: '2026-11-20T02:00:00.000Z',
    age: 270_000,
    bytes: 5_000_000,
    authenticated: true,
  },
  since: [
    { id: '20261122T010000Z-7f3a93', time: '2026-11-22T01:00:00.000Z', status: 'failed', reason: 'timeout' },
    { id: '20261121T010000Z-7f3a94', time: '2026-11-21T01:00:00.000Z', status: 'partial' },
  ],
  sinceCount: 9,
  failed: 8,
  next: ['The newest run failed. Its log says why; then run comeback backup files again.'],
}
const never: ComponentStatus = {
  component: 'config',
  state: 'never',
  overdue: false,
  since: [],
  sinceCount: 0,
  backups: 0,
  failed: 0,
  stored: 0,
  grown: { days7: 0, days30: 0 },
  next: ['If it should be backed up: comeback backup config'],
}
const report: StatusReport = {
  command: 'status',
  store: 'file:./backups',
  time: '2026-11-23T05:00:00.000Z',
  maxAge: 26 * 3600,
  components: [good, late, never],
  space: { stored: 6_800_000_000, in30Days: { bytes: 7_800_000_000, came: 1_000_000_000 } },
}

test('each component is a block: how it is, what came since, what it takes, what to do', () => {
  expect(rendered(report)).toBe(
    `database good, 3 h old
  last good: 20261123T020000Z-7f3a91 (2026-11-23 02:00:00 UTC), 1.1 GB
  next due: 2026-11-24 02:00:00 UTC
  a loss costs 3 h of changes now, 1 d 6 h at worst of late (RPO)
  30 backups of any kind, 3.4 GB stored
  new in 7 days: 120 MB, in 30 days: 500 MB
files OVERDUE, 3 d 3 h old
  last good: 20261120T020000Z-7f3a92 (2026-11-20 02:00:00 UTC), 5.0 MB
  next due: 2026-11-21 02:00:00 UTC, 2 d ago
  a loss costs 3 d 3 h of changes now, 9 d at worst of late (RPO)
  since: 20261122T010000Z-7f3a93 failed: timeout
  since: 20261121T010000Z-7f3a94 partial
  and 7 more
  30 backups of any kind and 8 failed runs, 3.4 GB stored
  new in 7 days: 120 MB, in 30 days: 500 MB
  The newest run failed. Its log says why; then run comeback backup files again.
config never backed up
  If it should be backed up: comeback backup config
OVERDUE: files. No good backup within 26 h.
In 30 days the store holds up to 7.8 GB, if as much comes as in the last 30 (1.0
  GB) and retention removes nothing.
in file:./backups
`,
  )
  for (const line of rendered(report).split('\n')) expect(widthOf(line)).toBeLessThanOrEqual(80)
})

test('what is overdue fails the run; without an age to compare with nothing is', () => {
  expect(exitCodeOf(report)).toBe(1)
  const { maxAge: _, ...plain } = { ...report, components: [good, never] }
  expect(exitCodeOf(plain)).toBe(0)
  expect(rendered(plain)).not.toMatch(/overdue/i)
  expect(rendered({ ...report, components: [good, never] })).toContain(
    'Nothing is overdue: no last good backup is older than 26 h.\n',
  )
})

test('a quota that is exceeded fails the run, one that will be is told of', () => {
  const calm = { ...report, components: [good] }
  const quota = 7_000_000_000
  const in30Days = { bytes: 7_800_000_000, came: 1_000_000_000, exceeded: '2026-12-01' }
  const filling = { ...calm, space: { stored: 6_800_000_000, quota, exceeded: false, in30Days } }
  expect(exitCodeOf(filling)).toBe(0)
  expect(rendered(filling)).toContain('That is more than the quota of 7.0 GB, from 2026-12-01 on.\n')
  const full = { ...calm, space: { stored: 7_100_000_000, quota, exceeded: true } }
  expect(exitCodeOf(full)).toBe(1)
  expect(rendered(full)).toContain('FULL: 7.1 GB are stored, and the quota is 7.0 GB.\n')
})

test('a component that never had a good backup says so', () => {
  const { last: _, ...bad } = { ...late, state: 'bad' as const }
  expect(rendered({ ...report, components: [bad] })).toMatch(/^files OVERDUE, no good backup\n/)
  expect(rendered({ ...report, components: [{ ...bad, overdue: false }] })).toMatch(/^files no good backup\n/)
  expect(rendered({ ...report, components: [{ ...never, overdue: true }] })).toMatch(
    /^config OVERDUE, never backed up\n/,
  )
})

test('what killed runs have left is named, and fails nothing', () => {
  const left = { ...report, components: [good], left: ['/tmp/comeback-proof-a1b2c3'] }
  expect(rendered(left)).toContain('Runs that were killed have left /tmp/comeback-proof-a1b2c3')
  expect(exitCodeOf(left)).toBe(0)
})
