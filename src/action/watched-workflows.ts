/**
 * Whether the workflows that make and prove backups still run by themselves. GitHub switches schedules off after 60 days without
 * activity in a public repository, and drops single runs when it is busy. Switching an active workflow on starts the 60
 * days anew, so each look keeps the next one from being the last.
 */
import { hasCode } from '../errors.ts'
import { isObject, type Rest } from './rest.ts'

export interface WatchedWorkflow {
  /** `backup.yml`. */
  readonly file: string
  /** GitHub's word, `active`, `disabled_inactivity`, `disabled_manually` …, or `missing`. */
  readonly state: string
  /** This look switched it on again. */
  readonly switchedOn: boolean
  /** The start of its last run by schedule, and whether that is longer ago than twice the time between the two before. */
  readonly lastScheduled?: { readonly time: string; readonly late: boolean }
}

const WORKFLOW = '/repos/{owner}/{repo}/actions/workflows/{workflow_id}'
/** Runs of which the rhythm is taken. */
const RUNS = 5

export async function lookAtWorkflow(rest: Rest, file: string, now: Date): Promise<WatchedWorkflow> {
  const values = { workflow_id: file }
  let state: string
  try {
    const found = await rest.ask(`GET ${WORKFLOW}`, values)
    state = isObject(found) ? String(found.state) : 'unknown'
  } catch (error) {
    if (!hasCode(error, 'not-found')) throw error
    return { file, state: 'missing', switchedOn: false }
  }
  const wasOff = state === 'disabled_inactivity'
  if (wasOff || state === 'active') await rest.ask(`PUT ${WORKFLOW}/enable`, values)
  const lastScheduled = await lastRun(rest, file, now)
  return {
    file,
    state: wasOff ? 'active' : state,
    switchedOn: wasOff,
    ...(lastScheduled === undefined ? {} : { lastScheduled }),
  }
}

async function lastRun(rest: Rest, file: string, now: Date): Promise<WatchedWorkflow['lastScheduled']> {
  const values = { workflow_id: file, event: 'schedule', per_page: RUNS }
  const answer = await rest.ask(`GET ${WORKFLOW}/runs`, values)
  const runs = isObject(answer) && Array.isArray(answer.workflow_runs) ? answer.workflow_runs : []
  const times = runs
    .flatMap(run => (isObject(run) ? [String(run.created_at)] : []))
    .sort()
    .reverse()
  const [last, ...before] = times
  if (last === undefined) return undefined
  const gaps = [last, ...before].slice(0, -1).map((time, index) => Date.parse(time) - Date.parse(before[index] ?? time))
  const usual = gaps.length === 0 ? undefined : Math.max(...gaps)
  return { time: last, late: usual !== undefined && now.getTime() - Date.parse(last) > 2 * usual }
}
