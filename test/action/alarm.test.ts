/** The life of the alarm's issue, and the workflows that it looks after, by the real client, against the stand-in for GitHub. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ring } from '../../src/action/alarm.ts'
import { type Trouble, troublesOf, workflowTroubles } from '../../src/action/alarm-text.ts'
import { type GitHubApi, openGitHubApi } from '../../src/action/github-api.ts'
import { lookAtWorkflow } from '../../src/action/watched-workflows.ts'
import type { ComponentStatus, StatusReport } from '../../src/report/status-report.ts'
import { type GitHub, type GitHubOptions, startGitHub } from '../support/github/github.ts'

let github: GitHub
let api: GitHubApi
const withGitHub = async (options: GitHubOptions = {}) => {
  await github?.[Symbol.asyncDispose]()
  github = await startGitHub(options)
  const { repository, token, url: apiUrl } = github
  api = await openGitHubApi({ repository, token, apiUrl, signal: new AbortController().signal })
}
beforeEach(() => withGitHub())
afterEach(() => github[Symbol.asyncDispose]())

const OVERDUE: Trouble = { key: 'database overdue', text: '**database:** the last good backup is old.' }
const FAILED: Trouble = { key: 'database failed', text: '**database:** the newest run failed.' }
const RUN = 'https://github.com/acme/app/actions/runs/42'

function at(hour: number, ...troubles: readonly Trouble[]) {
  return { troubles, steps: ['Run the backup.'], run: RUN, now: new Date(Date.UTC(2026, 10, 25, hour)) }
}

test('one issue is opened, added to while it lasts, and closed when all is well', async () => {
  expect(await ring(api, at(0))).toBe('silent')
  expect(await ring(api, at(6, OVERDUE))).toBe('opened')
  expect(github.issues[0]?.body).toContain(OVERDUE.text)
  expect(github.issues[0]?.body).toContain(RUN)
  // The same again says nothing new, until a day has passed; another trouble does at once.
  expect(await ring(api, at(12, OVERDUE))).toBe('lasts')
  expect(await ring(api, at(18, OVERDUE, FAILED))).toBe('added')
  expect(await ring(api, at(24, FAILED, OVERDUE))).toBe('lasts')
  expect(await ring(api, at(43, OVERDUE, FAILED))).toBe('added')
  expect(github.issues).toHaveLength(1)
  expect(github.comments(1)).toHaveLength(2)
  expect(github.issues[0]?.body).toContain(FAILED.text)
  expect(await ring(api, at(48))).toBe('closed')
  expect(github.issues[0]).toMatchObject({ state: 'closed', reason: 'completed' })
  expect(github.comments(1).at(-1)).toContain('All is well again')
  // The next trouble is another issue.
  expect(await ring(api, at(72, OVERDUE))).toBe('opened')
  expect(github.issues.map(({ state }) => state)).toEqual(['closed', 'open'])
})

test("nobody else's issue is touched, though it bears the label", async () => {
  github.addIssue({ title: 'Mine', body: 'I wrote this.', labels: ['comeback'] })
  await ring(api, at(6, OVERDUE))
  await ring(api, at(7))
  expect(github.issues[0]).toMatchObject({ title: 'Mine', state: 'open', body: 'I wrote this.' })
  expect(github.comments(1)).toEqual([])
})

test('of two that were opened at once the older stays', async () => {
  await ring(api, at(6, OVERDUE))
  const [first] = github.issues
  if (first === undefined) throw new Error('no issue')
  github.addIssue(first)
  expect(await ring(api, at(7, OVERDUE))).toBe('lasts')
  expect(github.issues.map(({ state }) => state)).toEqual(['open', 'closed'])
})

const NOW = new Date('2026-11-25T12:00:00Z')
const DAILY = ['2026-11-25T02:00:00Z', '2026-11-24T02:00:00Z', '2026-11-23T02:00:00Z']

test('a workflow that GitHub switched off is switched on again, and that is told', async () => {
  github.setWorkflow('backup.yml', 'disabled_inactivity', DAILY)
  const seen = await lookAtWorkflow(api, 'backup.yml', NOW)
  expect(seen).toMatchObject({ state: 'active', switchedOn: true })
  expect(github.workflows).toMatchObject([{ state: 'active', enabled: 1 }])
  expect(workflowTroubles([seen])).toMatchObject([{ text: expect.stringContaining('switched on again') }])
})

test('one that works is kept from being switched off, silently', async () => {
  github.setWorkflow('backup.yml', 'active', DAILY)
  expect(workflowTroubles([await lookAtWorkflow(api, 'backup.yml', NOW)])).toEqual([])
  expect(github.workflows).toMatchObject([{ state: 'active', enabled: 1 }])
})

test('one that a person switched off stays off, and one that is not there is named', async () => {
  github.setWorkflow('backup.yml', 'disabled_manually', DAILY)
  const seen = [await lookAtWorkflow(api, 'backup.yml', NOW), await lookAtWorkflow(api, 'gone.yml', NOW)]
  expect(github.workflows).toMatchObject([{ state: 'disabled_manually', enabled: 0 }])
  expect(workflowTroubles(seen).map(({ key }) => key)).toEqual(['backup.yml disabled_manually', 'gone.yml missing'])
})

test('a schedule that GitHub dropped is seen by its rhythm', async () => {
  github.setWorkflow(
    'backup.yml',
    'active',
    DAILY.map(time => time.replace('2026-11', '2026-10')),
  )
  const seen = await lookAtWorkflow(api, 'backup.yml', NOW)
  expect(workflowTroubles([seen])).toMatchObject([{ key: 'backup.yml late' }])
})

test('what status says becomes troubles: nothing for what is well', () => {
  const good: ComponentStatus = {
    component: 'database',
    state: 'good',
    overdue: false,
    since: [],
    sinceCount: 0,
    backups: 3,
    failed: 0,
    stored: 1,
    grown: { days7: 1, days30: 1 },
    next: [],
  }
  const report = (status: Partial<ComponentStatus>): StatusReport => ({
    command: 'status',
    store: 'artifact:acme/app',
    time: NOW.toISOString(),
    components: [{ ...good, ...status }],
    space: { stored: 1 },
  })
  const keys = (status: Partial<ComponentStatus>) => troublesOf(report(status), undefined).map(({ key }) => key)
  expect(keys({})).toEqual([])
  expect(keys({ overdue: true })).toEqual(['database overdue'])
  expect(keys({ proofOverdue: true })).toEqual(['database unproved'])
  const since = [
    { id: '20261125T020000Z-7f3a91', time: '2026-11-25T02:00:00Z', status: 'failed' as const, reason: '@everyone' },
  ]
  const [failed] = troublesOf(report({ since, sinceCount: 1 }), undefined)
  expect(failed?.key).toBe('database failed')
  expect(failed?.text).not.toContain('@everyone')
  const GB = 1_000_000_000
  const filled = (space: StatusReport['space']) => troublesOf({ ...report({}), space }, undefined)
  expect(filled({ stored: GB, quota: GB, exceeded: false, in30Days: { bytes: GB, came: 0 } })).toEqual([])
  expect(filled({ stored: 2 * GB, quota: GB, exceeded: true })).toMatchObject([{ key: 'store full' }])
  expect(
    filled({ stored: 1, quota: GB, exceeded: false, in30Days: { bytes: 2 * GB, came: GB, exceeded: '2026-12-03' } }),
  ).toMatchObject([{ key: 'store filling', text: expect.stringContaining('1.0 GB on 2026-12-03') }])
  expect(troublesOf(undefined, { code: 'store-unavailable', message: 'Away.' })).toMatchObject([
    { key: 'error store-unavailable' },
  ])
})
