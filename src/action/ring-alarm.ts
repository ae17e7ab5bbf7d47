/** After `status`, if its input alarm asks for it: looks at the workflows and keeps the alarm's issue. Never changes how the run ends. */
import { asComebackError, hasCode } from '../errors.ts'
import type { GitHubContext } from '../job-context.ts'
import type { ErrorValue } from '../report/report.ts'
import type { StatusReport } from '../report/status-report.ts'
import { type AlarmResult, ring } from './alarm.ts'
import { troublesOf, workflowTroubles } from './alarm-text.ts'
import { openRest, type Rest } from './rest.ts'
import { lookAtWorkflow, type WatchedWorkflow } from './watched-workflows.ts'

export interface AlarmRequest {
  readonly report?: StatusReport
  readonly error?: ErrorValue
  /** File names of workflows. */
  readonly watch: readonly string[]
  readonly token: string | undefined
  readonly github: GitHubContext
  readonly now: Date
  readonly warn: (message: string) => void
  readonly say: (line: string) => void
}

const SAID: Readonly<Record<AlarmResult, string>> = {
  silent: 'alarm: all is well, and no issue is open',
  opened: 'alarm: an issue was opened',
  added: 'alarm: the open issue was brought up to date',
  lasts: 'alarm: the open issue says it already',
  closed: 'alarm: all is well, the issue was closed',
}

export async function ringAlarm(request: AlarmRequest): Promise<void> {
  const { report, error, watch, token, github, now, warn, say } = request
  const { repository, apiUrl, serverUrl, run } = github
  if (repository === undefined || token === undefined) {
    warn('The alarm has no repository or no token to write an issue with.')
    return
  }
  try {
    const rest = await openRest({ apiUrl, repository, token })
    const workflows = await lookAtAll(rest, watch, now, warn)
    const troubles = [...troublesOf(report, error), ...workflowTroubles(workflows)]
    const steps = report?.components.flatMap(({ next, overdue, proofOverdue, state }) =>
      overdue || proofOverdue === true || state === 'bad' ? next : [],
    )
    const url = run === undefined ? undefined : `${serverUrl}/${repository}/actions/runs/${run.id}`
    const hint = error?.hint === undefined ? [] : [error.hint]
    say(SAID[await ring(rest, { troubles, steps: [...hint, ...(steps ?? [])], run: url, now })])
  } catch (failure) {
    const right = hasCode(failure, 'permission') ? ' The job needs the permission issues: write.' : ''
    warn(`The alarm could not be rung: ${asComebackError(failure).message}${right}`)
  }
}

async function lookAtAll(
  rest: Rest,
  files: readonly string[],
  now: Date,
  warn: (message: string) => void,
): Promise<readonly WatchedWorkflow[]> {
  const found: WatchedWorkflow[] = []
  for (const file of files) {
    try {
      found.push(await lookAtWorkflow(rest, file, now))
    } catch (failure) {
      const right = hasCode(failure, 'permission') ? ' The job needs the permission actions: write.' : ''
      warn(`The workflow ${file} could not be looked at: ${asComebackError(failure).message}${right}`)
    }
  }
  return found
}
