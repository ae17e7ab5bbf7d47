/** What counts for nothing, and what lacks rows, is called so in every rendering. */
import { expect, test } from 'vitest'
import { htmlPage } from '../../src/report/html-page.ts'
import { renderMarkdown } from '../../src/report/markdown.ts'
import { createPalette } from '../../src/report/palette.ts'
import type { BackupOutcome, ListedBackup, Report } from '../../src/report/report.ts'
import type { ComponentStatus } from '../../src/report/status-report.ts'
import { renderReport } from '../../src/report/text.ts'
import { listed, NOW, report } from './sample-history.ts'

const HOUR = 3_600_000
const now = NOW.getTime()
const text = (value: Report) => renderReport(value, { palette: createPalette(false), now: NOW, zone: undefined })
const markdown = (value: Report) => renderMarkdown(value, { now: NOW, details: false })
const listOf = (...backups: ListedBackup[]) =>
  ({ command: 'list', store: 'file:/srv/backups', backups, foreign: [] }) as const

const strange = [
  listed('database', now + 24 * HOUR, { discount: 'future' }),
  listed('database', now - 1 * HOUR, { discount: 'other-store' }),
  listed('database', now - 2 * HOUR, { discount: 'other-key', authenticated: false }),
  listed('database', now - 3 * HOUR, { holds: 'structure' }),
  listed('database', now - 4 * HOUR, { holds: 'some-rows' }),
  listed('database', now - 5 * HOUR),
]

test('a list has a word for each, and a sentence for each word', () => {
  const lines = text(listOf(...strange)).split('\n')
  expect(
    lines
      .slice(1, 7)
      .map(line => line.trim().split(/ {2,}/))
      .map(cells => [cells[0], cells.at(-1)]),
  ).toEqual([
    ['future', '-'],
    ['foreign', '-'],
    ['other key', '-'],
    ['complete', 'structure only'],
    ['complete', 'without some rows'],
    ['complete', '-'],
  ])
  expect(lines.join('\n')).toContain('foreign: it was made for another store, and counts for nothing here')
  expect(lines.join('\n')).toContain('future: it is dated in the future, and counts for nothing here')
  const page = markdown(listOf(...strange))
  expect(page).toContain('| ⚠️ foreign |')
  expect(page).toContain('structure only')
  expect(page).toContain('foreign: it was made for another store, and counts for nothing here.')
})

test('a list and a status without a key say that nothing is authenticated', () => {
  const claimed = { ...listOf(listed('database', now, { authenticated: false })), unauthenticated: true } as const
  expect(text(claimed)).toContain('? not authenticated, as no key was at hand')
  expect(markdown(claimed)).toContain('No key was at hand')
  const status = { ...statusOf({}), unauthenticated: true } as const
  expect(text(status)).toContain('No key was at hand')
  expect(markdown(status)).toContain('No key was at hand')
})

test('a status says what the last good one lacks, and what newer ones lack', () => {
  const since = [
    { id: '20261125T020000Z-000002', time: '2026-11-25T02:00:00Z', status: 'structure' },
    { id: '20261125T010000Z-000001', time: '2026-11-25T01:00:00Z', status: 'foreign', reason: 'Of another store.' },
  ] as const
  const status = statusOf({ holds: 'some-rows' }, { since, sinceCount: 2 })
  for (const rendered of [text(status), markdown(status)]) {
    expect(rendered).toContain(', without some rows')
    expect(rendered).toMatch(/000002\S* structure only/)
    expect(rendered).toMatch(/000001\S* foreign/)
  }
})

test('a backup that leaves rows out is called complete of what it is', () => {
  const made: BackupOutcome = {
    status: 'complete',
    component: 'database',
    id: '20261125T020000Z-000001',
    time: '2026-11-25T02:00:00.000Z',
    holds: 'structure',
    ...{ seconds: 1, full: true, stock: true, segments: 1, chunks: 1, bytes: { read: 9, new: 9, stored: 9 } },
    ...{ leansOn: 0, keyId: 'k', largest: [], history: [], problems: [] },
  }
  const done = { command: 'backup', store: 'file:x', backups: [made] } as const
  expect(text(done)).toContain('database complete 20261125T020000Z-000001, structure only')
  expect(markdown(done)).toContain('## ✅ Backup: database (structure only) complete')
})

test('the page of the report gives neither a tick, and takes neither for the last good one', () => {
  const history = report(strange)
  expect(history.components[0]).toMatchObject({ lastGood: { id: strange[5]?.id }, failedSince: 0 })
  const page = htmlPage(history)
  expect(page).toContain('Counts for nothing')
  expect(page).toContain('was made for another store')
  expect(page).toContain('Complete, structure only')
})

function statusOf(last: Partial<NonNullable<ComponentStatus['last']>>, more: Partial<ComponentStatus> = {}) {
  const id = '20261124T020000Z-000000'
  const component: ComponentStatus = {
    component: 'database',
    state: 'good',
    overdue: false,
    last: { id, time: '2026-11-24T02:00:00.000Z', age: 60, bytes: 9, authenticated: true, ...last },
    since: [],
    sinceCount: 0,
    backups: 1,
    failed: 0,
    stored: 9,
    grown: { days7: 9, days30: 9 },
    next: [],
    ...more,
  }
  return {
    command: 'status',
    store: 'file:x',
    time: NOW.toISOString(),
    components: [component],
    space: { stored: 9 },
  } as const
}
