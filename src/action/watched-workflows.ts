/**
 * Whether the workflows that make and prove backups still run by themselves. GitHub switches schedules off after 60 days without
 * activity in a public repository, and drops single runs when it is busy. Switching an active workflow on starts the 60
 * days anew, so each look keeps the next one from being the last.
 */
import * as v from 'valibot'
import { type GitHubApi, statusOf } from './github-api.ts'

export interface WatchedWorkflow {
  /** `backup.yml`. */
  readonly file: string
  /** GitHub's word, `active`, `disabled_inactivity`, `disabled_manually` …, or `missing`. */
  readonly state: string
  /** This look switched it on again. */
  readonly switchedOn: boolean
  /** What GitHub answered where it did not let itself be told to switch it on, or to leave it on. */
  readonly refused?: unknown
  /** The start of its last run by schedule, and whether that is longer ago than twice the time between the two before. */
  readonly lastScheduled?: { readonly time: string; readonly late: boolean }
}

const WORKFLOW = '/repos/{owner}/{repo}/actions/workflows/{workflow_id}'
/** Runs of which the rhythm is taken. */
const RUNS = 5
const STATE = v.object({ state: v.string() })
const LATEST = v.object({ workflow_runs: v.array(v.object({ created_at: v.string() })) })

/** Throws what `explained` understands. */
export async function lookAtWorkflow(api: GitHubApi, file: string, now: Date): Promise<WatchedWorkflow> {
  const values = { workflow_id: file }
  const state = await stateOf(api, values)
  if (state === undefined) return { file, state: 'missing', switchedOn: false }
  const isOff = state === 'disabled_inactivity'
  const refused = isOff || state === 'active' ? await enable(api, values) : undefined
  const switchedOn = isOff && refused === undefined
  const lastScheduled = await lastRun(api, values, now)
  return {
    file,
    state: switchedOn ? 'active' : state,
    switchedOn,
    ...(refused === undefined ? {} : { refused }),
    ...(lastScheduled === undefined ? {} : { lastScheduled }),
  }
}

async function stateOf(api: GitHubApi, values: WorkflowValues): Promise<string | undefined> {
  try {
    return v.parse(STATE, (await api.ask(`GET ${WORKFLOW}`, values)).data).state
  } catch (error) {
    if (statusOf(error) === 404) return undefined
    throw error
  }
}

/** Without the right to write, what there is to see can be told still. */
async function enable(api: GitHubApi, values: WorkflowValues): Promise<unknown> {
  try {
    await api.ask(`PUT ${WORKFLOW}/enable`, values)
    return undefined
  } catch (error) {
    if (statusOf(error) === 403) return error
    throw error
  }
}

type WorkflowValues = Readonly<Record<'workflow_id', string>>

async function lastRun(api: GitHubApi, values: WorkflowValues, now: Date): Promise<WatchedWorkflow['lastScheduled']> {
  const { data } = await api.ask(`GET ${WORKFLOW}/runs`, { ...values, event: 'schedule', per_page: RUNS })
  const times = v
    .parse(LATEST, data)
    .workflow_runs.map(run => run.created_at)
    .sort()
    .reverse()
  const [last, ...before] = times
  if (last === undefined) return undefined
  const gaps = [last, ...before].slice(0, -1).map((time, index) => Date.parse(time) - Date.parse(before[index] ?? time))
  const usual = gaps.length === 0 ? undefined : Math.max(...gaps)
  return { time: last, late: usual !== undefined && now.getTime() - Date.parse(last) > 2 * usual }
}
