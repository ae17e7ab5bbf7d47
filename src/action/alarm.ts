/**
 * The alarm: one issue on the repository for as long as something is wrong. Opened when that begins, added to when it changes or
 * has lasted another day, closed when all is well. An issue is known by a mark in its text, so that nobody else's is touched.
 */
import * as v from 'valibot'
import type { Trouble } from './alarm-text.ts'
import { alarmBody, alarmTitle, allClear } from './alarm-text.ts'
import { allOf, type GitHubApi } from './github-api.ts'

const LABEL = 'comeback'
const MARK = '<!-- comeback:alarm -->'
/** What was wrong when it was last said, and when that was. */
const STATE = /<!-- comeback:alarm-state (\S+) ([0-9a-f]*) -->/
const ISSUE = v.object({ number: v.number(), body: v.nullish(v.string()), pull_request: v.optional(v.unknown()) })
/** Milliseconds after which the same trouble is worth another word. */
const AGAIN = 24 * 60 * 60 * 1000

type Issue = v.InferOutput<typeof ISSUE>

export interface Alarm {
  readonly troubles: readonly Trouble[]
  /** What to do, in words. */
  readonly steps: readonly string[]
  /** Where the run can be looked at. */
  readonly run: string | undefined
  readonly now: Date
}

export type AlarmResult = 'silent' | 'opened' | 'added' | 'lasts' | 'closed'

/** May be repeated after any failure. Throws what `explained` understands. */
export async function ring(api: GitHubApi, alarm: Alarm): Promise<AlarmResult> {
  const { troubles, steps, run, now } = alarm
  const open = await findIssues(api)
  const [issue, ...others] = open
  // Two runs at the same time may both have found none.
  for (const other of others) await close(api, other, 'There is another one of these already.')
  if (troubles.length === 0) {
    if (issue === undefined) return 'silent'
    await close(api, issue, allClear(run))
    return 'closed'
  }
  const state = `<!-- comeback:alarm-state ${now.toISOString()} ${digest(troubles)} -->`
  const body = `${alarmBody(troubles, steps, run)}\n\n${MARK}\n${state}\n`
  if (issue === undefined) {
    await api.ask('POST /repos/{owner}/{repo}/issues', { title: alarmTitle(troubles), body, labels: [LABEL] })
    return 'opened'
  }
  const [, said = '', what = ''] = STATE.exec(issue.body ?? '') ?? []
  if (what === digest(troubles) && now.getTime() - Date.parse(said) < AGAIN) return 'lasts'
  const values = { issue_number: issue.number }
  await api.ask('POST /repos/{owner}/{repo}/issues/{issue_number}/comments', {
    ...values,
    body: alarmBody(troubles, steps, run),
  })
  // After the comment: if this fails, one is written too often, not too seldom.
  await api.ask('PATCH /repos/{owner}/{repo}/issues/{issue_number}', { ...values, title: alarmTitle(troubles), body })
  return 'added'
}

/** Oldest first. */
async function findIssues(api: GitHubApi): Promise<readonly Issue[]> {
  const found: Issue[] = []
  for await (const item of allOf(api, 'GET /repos/{owner}/{repo}/issues', { state: 'open', labels: LABEL })) {
    const issue = v.parse(ISSUE, item)
    // A pull request is an issue, too.
    if (issue.pull_request === undefined && issue.body?.includes(MARK)) found.push(issue)
  }
  return found.sort((a, b) => a.number - b.number)
}

async function close(api: GitHubApi, issue: Issue, why: string): Promise<void> {
  const values = { issue_number: issue.number }
  await api.ask('POST /repos/{owner}/{repo}/issues/{issue_number}/comments', { ...values, body: why })
  await api.ask('PATCH /repos/{owner}/{repo}/issues/{issue_number}', {
    ...values,
    state: 'closed',
    state_reason: 'completed',
  })
}

function digest(troubles: readonly Trouble[]): string {
  return Buffer.from(
    troubles
      .map(({ key }) => key)
      .sort()
      .join('\n'),
  ).toString('hex')
}
