/** The life of the alarm's issue, and the workflows that it looks after, against a repository in memory. */
import { expect, test } from 'vitest'
import { ring } from '../../src/action/alarm.ts'
import { type Trouble, troublesOf, workflowTroubles } from '../../src/action/alarm-text.ts'
import type { Rest, Values } from '../../src/action/rest.ts'
import { lookAtWorkflow } from '../../src/action/watched-workflows.ts'
import { ComebackError } from '../../src/errors.ts'
import type { ComponentStatus, StatusReport } from '../../src/report/status-report.ts'

interface Issue extends Record<string, unknown> {
  readonly number: number
  title: string
  body: string
  state: string
  readonly labels: readonly string[]
  readonly comments: string[]
}

/** Issues and workflows as GitHub has them, as far as the alarm asks. */
function repository(workflows: Record<string, { state: string; runs: readonly string[] }> = {}) {
  const issues: Issue[] = []
  const enabled: string[] = []
  const workflowOf = (values: Values) => {
    const found = workflows[String(values.workflow_id)]
    if (found === undefined) throw new ComebackError('not-found', 'Not Found')
    return found
  }
  const rest: Rest = {
    async ask(route, values = {}) {
      const issue = issues.find(({ number }) => number === values.issue_number)
      switch (route) {
        case 'POST /repos/{owner}/{repo}/issues': {
          const { title, body, labels } = values as { title: string; body: string; labels: string[] }
          issues.push({ number: issues.length + 1, title, body, labels, state: 'open', comments: [] })
          return issues.at(-1)
        }
        case 'POST /repos/{owner}/{repo}/issues/{issue_number}/comments':
          issue?.comments.push(String(values.body))
          return {}
        case 'PATCH /repos/{owner}/{repo}/issues/{issue_number}':
          return Object.assign(issue ?? {}, values)
        case 'GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}':
          return workflowOf(values)
        case 'PUT /repos/{owner}/{repo}/actions/workflows/{workflow_id}/enable':
          workflowOf(values).state = 'active'
          enabled.push(String(values.workflow_id))
          return undefined
        case 'GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs':
          return { workflow_runs: workflowOf(values).runs.map(time => ({ created_at: time })) }
        default:
          throw new Error(`nobody expected ${route}`)
      }
    },
    async *all() {
      yield* issues.filter(({ state }) => state === 'open').toReversed()
    },
  }
  return { rest, issues, enabled }
}

const OVERDUE: Trouble = { key: 'database overdue', text: '**database:** the last good backup is old.' }
const FAILED: Trouble = { key: 'database failed', text: '**database:** the newest run failed.' }
const RUN = 'https://github.com/acme/app/actions/runs/42'

function at(hour: number, ...troubles: readonly Trouble[]) {
  return { troubles, steps: ['Run the backup.'], run: RUN, now: new Date(Date.UTC(2026, 10, 25, hour)) }
}

test('one issue is opened, added to while it lasts, and closed when all is well', async () => {
  const { rest, issues } = repository()
  expect(await ring(rest, at(0))).toBe('silent')
  expect(await ring(rest, at(6, OVERDUE))).toBe('opened')
  expect(issues[0]?.body).toContain(OVERDUE.text)
  expect(issues[0]?.body).toContain(RUN)
  // The same again says nothing new, until a day has passed; another trouble does at once.
  expect(await ring(rest, at(12, OVERDUE))).toBe('lasts')
  expect(await ring(rest, at(18, OVERDUE, FAILED))).toBe('added')
  expect(await ring(rest, at(24, FAILED, OVERDUE))).toBe('lasts')
  expect(await ring(rest, at(43, OVERDUE, FAILED))).toBe('added')
  expect(issues).toHaveLength(1)
  expect(issues[0]?.comments).toHaveLength(2)
  expect(issues[0]?.body).toContain(FAILED.text)
  expect(await ring(rest, at(48))).toBe('closed')
  expect(issues[0]).toMatchObject({ state: 'closed', state_reason: 'completed' })
  expect(issues[0]?.comments.at(-1)).toContain('All is well again')
  // The next trouble is another issue.
  expect(await ring(rest, at(72, OVERDUE))).toBe('opened')
  expect(issues.map(({ state }) => state)).toEqual(['closed', 'open'])
})

test("nobody else's issue is touched, though it bears the label", async () => {
  const { rest, issues } = repository()
  issues.push({ number: 1, title: 'Mine', body: 'I wrote this.', labels: ['comeback'], state: 'open', comments: [] })
  await ring(rest, at(6, OVERDUE))
  await ring(rest, at(7))
  expect(issues[0]).toMatchObject({ title: 'Mine', state: 'open', comments: [] })
})

test('of two that were opened at once the older stays', async () => {
  const { rest, issues } = repository()
  await ring(rest, at(6, OVERDUE))
  const [first] = issues
  if (first === undefined) throw new Error('no issue')
  issues.push({ ...first, number: 2, comments: [] })
  expect(await ring(rest, at(7, OVERDUE))).toBe('lasts')
  expect(issues.map(({ state }) => state)).toEqual(['open', 'closed'])
})

const NOW = new Date('2026-11-25T12:00:00Z')
const DAILY = ['2026-11-25T02:00:00Z', '2026-11-24T02:00:00Z', '2026-11-23T02:00:00Z']

test('a workflow that GitHub switched off is switched on again, and that is told', async () => {
  const { rest, enabled } = repository({ 'backup.yml': { state: 'disabled_inactivity', runs: DAILY } })
  const seen = await lookAtWorkflow(rest, 'backup.yml', NOW)
  expect(seen).toMatchObject({ state: 'active', switchedOn: true })
  expect(enabled).toEqual(['backup.yml'])
  expect(workflowTroubles([seen])).toMatchObject([{ text: expect.stringContaining('switched on again') }])
})

test('one that works is kept from being switched off, silently', async () => {
  const { rest, enabled } = repository({ 'backup.yml': { state: 'active', runs: DAILY } })
  expect(workflowTroubles([await lookAtWorkflow(rest, 'backup.yml', NOW)])).toEqual([])
  expect(enabled).toEqual(['backup.yml'])
})

test('one that a person switched off stays off, and one that is not there is named', async () => {
  const { rest, enabled } = repository({ 'backup.yml': { state: 'disabled_manually', runs: DAILY } })
  const seen = [await lookAtWorkflow(rest, 'backup.yml', NOW), await lookAtWorkflow(rest, 'gone.yml', NOW)]
  expect(enabled).toEqual([])
  expect(workflowTroubles(seen).map(({ key }) => key)).toEqual(['backup.yml disabled_manually', 'gone.yml missing'])
})

test('a schedule that GitHub dropped is seen by its rhythm', async () => {
  const { rest } = repository({
    'backup.yml': { state: 'active', runs: DAILY.map(time => time.replace('2026-11', '2026-10')) },
  })
  const seen = await lookAtWorkflow(rest, 'backup.yml', NOW)
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
  expect(troublesOf(undefined, { code: 'store-unavailable', message: 'Away.' })).toMatchObject([
    { key: 'error store-unavailable' },
  ])
})
