import { expect, test } from 'vitest'
import { reportAnnotations } from '../../src/action/annotations.ts'
import type { CheckFinding } from '../../src/report/check-report.ts'
import type { PruneReport } from '../../src/report/prune-report.ts'
import type { ErrorValue, Report } from '../../src/report/report.ts'
import type { ComponentStatus, StatusReport } from '../../src/report/status-report.ts'

const status = (...components: ComponentStatus[]): StatusReport => ({
  command: 'status',
  store: 'file:x',
  time: '2026-11-23T02:00:00Z',
  maxAge: 93_600,
  components,
  space: { stored: 0 },
})
const GOOD: ComponentStatus = {
  component: 'database',
  state: 'good',
  overdue: false,
  last: { id: '20261120T020000Z-7f3a91', time: '2026-11-20T02:00:00Z', age: 259_200, bytes: 5, authenticated: true },
  since: [],
  sinceCount: 0,
  backups: 1,
  failed: 0,
  stored: 5,
  grown: { days7: 5, days30: 5 },
  next: [],
}

test('a quota that is exceeded is an error, one that will be a warning', () => {
  const levels = (space: StatusReport['space']) =>
    reportAnnotations({ ...status(GOOD), space }).map(({ level, text }) => [level, text])
  const in30Days = { bytes: 9_000, came: 5_000, exceeded: '2026-12-03' }
  expect(levels({ stored: 9_000, in30Days })).toEqual([])
  expect(levels({ stored: 4_000, quota: 5_000, exceeded: false, in30Days })).toEqual([
    ['warning', expect.stringContaining('from 2026-12-03 on')],
  ])
  expect(levels({ stored: 9_000, quota: 5_000, exceeded: true })).toEqual([
    ['error', expect.stringContaining('9.0 kB are stored')],
  ])
})

test("a good status needs nobody's attention", () => {
  expect(reportAnnotations(status(GOOD, { ...GOOD, component: 'files', state: 'never' }))).toEqual([])
})

test('what is overdue is an error, what was never good a warning, each with what to do', () => {
  const { last: _, ...without } = GOOD
  const bad: ComponentStatus = {
    ...without,
    component: 'files',
    state: 'bad',
    next: ['Look at the log.', 'Try again.'],
  }
  expect(reportAnnotations(status(bad, { ...GOOD, overdue: true }))).toEqual([
    { level: 'error', title: 'Comeback: database, overdue', text: 'The last good backup is 3 d old.' },
    { level: 'warning', title: 'Comeback: files', text: 'There is no good backup.\nLook at the log.\nTry again.' },
  ])
})

test('a plan that would be refused is an error, as the restore itself would be', () => {
  const plan = (refusal?: ErrorValue): Report => ({
    command: 'restore-plan',
    store: 'file:x',
    component: 'database',
    id: '20261120T020000Z-7f3a91',
    time: '2026-11-20T02:00:00Z',
    status: 'complete',
    age: 60,
    bytes: 5,
    target: {
      kind: 'database',
      place: 'db.example.com:5432/shop',
      database: 'shop',
      user: 'app',
      server: 'PostgreSQL 18.4',
      needsConfirmation: true,
      losses: [],
      problems: [{ severity: 'warning', message: 'A role is missing.' }],
      ...(refusal === undefined ? {} : { refusal }),
    },
  })
  const warning = { level: 'warning', title: 'Comeback: database', text: 'A role is missing.' }
  expect(reportAnnotations(plan())).toEqual([warning])
  expect(reportAnnotations(plan({ code: 'not-empty', message: 'The database is not empty.' }))).toEqual([
    { level: 'error', title: 'Comeback: database, not-empty', text: 'The database is not empty.' },
    warning,
  ])
})

test('every finding of a check is an error, and of many the first nine with a word on the others', () => {
  const finding = (index: number): CheckFinding => ({
    code: 'missing',
    component: 'files',
    object: `pack-${index}`,
    message: `pack-${index} is missing.`,
    hint: 'Make a full backup.',
    hurts: [],
  })
  const findings = Array.from({ length: 30 }, (_, index) => finding(index))
  const report = {
    command: 'check',
    store: 'x',
    seconds: 1,
    key: true,
    percent: 0,
    components: [],
    foreign: 0,
  } as const
  const annotations = reportAnnotations({ ...report, findings })
  expect(annotations).toHaveLength(10)
  expect(annotations[0]).toEqual({
    level: 'error',
    title: 'Comeback: files, missing',
    text: 'pack-0 is missing.\nMake a full backup.',
  })
  expect(annotations.at(-1)?.text).toBe('21 more stand in the log.')
  expect(reportAnnotations({ ...report, findings: findings.slice(0, 10) })).toHaveLength(10)
})

test('what prune could not remove is an error, what it wonders about a warning', () => {
  const report: PruneReport = {
    command: 'prune',
    store: 'x',
    applied: true,
    policy: [],
    backups: [],
    leftovers: [],
    kept: { backups: 0, bytes: 0 },
    removed: { backups: 0, objects: 0, bytes: 0 },
    foreign: [],
    problems: [
      { severity: 'warning', message: 'Strange.' },
      { severity: 'failed', message: 'Refused.', hint: 'Allow it.' },
    ],
  }
  expect(reportAnnotations(report)).toEqual([
    { level: 'error', title: 'Comeback', text: 'Refused.\nAllow it.' },
    { level: 'warning', title: 'Comeback', text: 'Strange.' },
  ])
})
