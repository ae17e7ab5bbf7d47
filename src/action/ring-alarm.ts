/** After `status`, if its input alarm asks for it: looks at the workflows and keeps the alarm's issue. Never changes how the run ends. */
import type { ComebackError } from '../errors.ts'
import type { GitHubContext } from '../job-context.ts'
import type { ErrorValue } from '../report/report.ts'
import type { StatusReport } from '../report/status-report.ts'
import { type AlarmResult, ring } from './alarm.ts'
import { troublesOf, workflowTroubles } from './alarm-text.ts'
import { explained, type GitHubApi, openGitHubApi, withPatience } from './github-api.ts'
import { lookAtWorkflow, type WatchedWorkflow } from './watched-workflows.ts'

/** Milliseconds for all of it. */
const PATIENCE = 120_000

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
  readonly signal: AbortSignal
  /** Milliseconds between two attempts. */
  readonly pause?: number
}

const SAID: Readonly<Record<AlarmResult, string>> = {
  silent: 'alarm: all is well, and no issue is open',
  opened: 'alarm: an issue was opened',
  added: 'alarm: the open issue was brought up to date',
  lasts: 'alarm: the open issue says it already',
  closed: 'alarm: all is well, the issue was closed',
}

/** Never rejects. */
export async function ringAlarm(request: AlarmRequest): Promise<void> {
  const { report, error, token, github, now, warn, say, pause } = request
  const { repository, apiUrl, serverUrl, run } = github
  if (repository === undefined || token === undefined) {
    warn('The alarm has no repository or no token to write an issue with.')
    return
  }
  // A run that was cancelled has seen nothing.
  if (request.signal.aborted) return
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(PATIENCE)])
  try {
    const api = await openGitHubApi({ apiUrl, repository, token, signal })
    const workflows = await lookAtAll(api, request, signal)
    const troubles = [...troublesOf(report, error), ...workflowTroubles(workflows)]
    const steps = report?.components.flatMap(({ next, overdue, proofOverdue, state }) =>
      overdue || proofOverdue === true || state === 'bad' ? next : [],
    )
    const url = run === undefined ? undefined : `${serverUrl}/${repository}/actions/runs/${run.id}`
    const hint = error?.hint === undefined ? [] : [error.hint]
    const alarm = { troubles, steps: [...hint, ...(steps ?? [])], run: url, now }
    say(SAID[await withPatience(() => ring(api, alarm), signal, pause)])
  } catch (failure) {
    warn(inWords(explained(failure, 'keep the issue of the alarm', 'issues: write', false)))
  }
}

/** What cannot be looked at is a warning, and the others are looked at. */
async function lookAtAll(
  api: GitHubApi,
  { watch, now, warn, pause }: AlarmRequest,
  signal: AbortSignal,
): Promise<readonly WatchedWorkflow[]> {
  const right = 'actions: write'
  const found: WatchedWorkflow[] = []
  for (const file of watch) {
    try {
      const workflow = await withPatience(() => lookAtWorkflow(api, file, now), signal, pause)
      if (workflow.refused !== undefined)
        warn(inWords(explained(workflow.refused, `keep the workflow ${file} switched on`, right, false)))
      found.push(workflow)
    } catch (failure) {
      warn(inWords(explained(failure, `look at the workflow ${file}`, right, false)))
    }
  }
  return found
}

function inWords({ message, hint }: ComebackError): string {
  return hint === undefined ? message : `${message}\n${hint}`
}
