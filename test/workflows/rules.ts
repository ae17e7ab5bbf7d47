/** What a linter does not know, and an auditor asks first. */
import { parse } from 'yaml'

/** The parts of a workflow that the rules look at. */
interface Workflow {
  /** Of a mapping what it says of schedules; it may be a name or a list of names, too. */
  readonly on: { readonly schedule?: readonly { readonly cron: string }[] }
  readonly permissions?: unknown
  readonly concurrency?: Concurrency
  readonly jobs: Readonly<Record<string, Job>>
}

interface Job {
  readonly if?: string
  readonly uses?: string
  readonly permissions?: Readonly<Record<string, string>>
  readonly 'timeout-minutes'?: unknown
  readonly 'cache-mode'?: unknown
  readonly concurrency?: Concurrency
  readonly steps?: readonly { readonly uses?: string; readonly run?: string; readonly with?: Record<string, unknown> }[]
}

interface Concurrency {
  readonly 'cancel-in-progress'?: unknown
}

/**
 * Our Action, in our own and in others' workflows, goes by its tag: within a workflow that is called, `./` would be the
 * caller's checkout, and no commit can name its own hash.
 */
const OURS = /^comeback-backup\/comeback(\/\.github\/workflows\/(backup|restore|verify|comment|watch)\.yml)?@v\d+$/
const PINNED = /^[\w.-]+\/[\w./-]+@[0-9a-f]{40}$/
const VERSION_COMMENT = /uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/
/** Whatever somebody else can choose becomes code there. */
const UNSAFE_IN_RUN = /\$\{\{/

/** Every rule that the text breaks, in words. */
export function ruleProblems(text: string): readonly string[] {
  const workflow: Workflow = parse(text)
  return [
    ...(JSON.stringify(workflow.permissions) === '{}' ? [] : ['the workflow does not begin with permissions: {}']),
    ...(workflow.on.schedule ?? []).flatMap(({ cron }) => cronProblems(cron)),
    ...(startsOn(workflow, 'pull_request_target') ? ['pull_request_target runs with secrets for code of others'] : []),
    ...Object.entries(workflow.jobs).flatMap(([id, job]) => jobProblems(id, job, workflow)),
    ...text
      .split('\n')
      .filter(line => PINNED.test(line.trim().split(' ').at(-1) ?? '') && !VERSION_COMMENT.test(line))
      .map(line => `no version stands beside the hash: ${line.trim()}`),
  ]
}

function startsOn({ on }: Workflow, event: string): boolean {
  return [on].flat().some(part => part === event) || event in Object(on)
}

function mayWriteForOthers({ permissions = {}, steps = [], if: condition = '' }: Job, workflow: Workflow): boolean {
  const writes = Object.values(permissions).includes('write')
  const checksOut = steps.some(({ uses }) => uses?.startsWith('actions/checkout@'))
  return startsOn(workflow, 'workflow_run') && writes && checksOut && !/event_name == 'pull_request'/.test(condition)
}

/** The name by which a workflow_run is chosen is anybody's: a fork's pull request may bring a workflow that is called so. */
function trustsNames(job: Job, workflow: Workflow): boolean {
  const text = JSON.stringify(job)
  return (
    startsOn(workflow, 'workflow_run') &&
    text.includes('secrets.') &&
    !/head_repository|event_name == 'pull_request'/.test(job.if ?? '')
  )
}

/**
 * Once code of a pull request is on the machine, nothing that opens anything comes there any more: no secret, no action, since the
 * runner puts tokens into the environment of each, and no right to write.
 */
function standsBeside({ if: condition = '', steps = [], permissions = {} }: Job): boolean {
  const at = steps.findIndex(({ uses }) => uses?.startsWith('actions/checkout@'))
  if (at < 0 || !/event_name == 'pull_request'/.test(condition)) return false
  const after = steps.slice(at + 1)
  const holds = after.some(step => step.uses !== undefined || /secrets\.|github\.token/.test(JSON.stringify(step)))
  return holds || Object.values(permissions).includes('write')
}

/** What a pull request's job may write to the cache, a later run of its branch, or of a reopened one, would take for its own. */
function mayFillCache(job: Job, workflow: Workflow): boolean {
  const others = /event_name != 'pull_request'|event_name == '(?!pull_request)/.test(job.if ?? '')
  const isSafe = job.uses !== undefined || job['cache-mode'] === 'read' || job['cache-mode'] === 'none'
  return startsOn(workflow, 'pull_request') && !others && !isSafe
}

/** Full hours are crowded: GitHub runs what is due then late, or not at all. */
function cronProblems(cron: string): readonly string[] {
  const minute = Number(cron.split(' ')[0])
  return minute % 2 === 1 ? [] : [`the cron ${cron} is due at an even minute`]
}

function jobProblems(id: string, job: Job, workflow: Workflow): readonly string[] {
  const steps = job.steps ?? []
  const actions = [job, ...steps].flatMap(({ uses }) => (uses === undefined ? [] : [uses]))
  const cancels = [workflow.concurrency, job.concurrency].some(group => group?.['cancel-in-progress'] === true)
  const limited = job.uses !== undefined || job['timeout-minutes'] !== undefined
  return [
    ...actions
      .filter(uses => !OURS.test(uses) && !PINNED.test(uses) && !uses.startsWith('./.github/workflows/'))
      .map(uses => `${id}: ${uses} is not pinned by its hash`),
    ...(limited ? [] : [`${id} has no timeout-minutes`]),
    ...(job.permissions === undefined ? [`${id} names no permissions`] : []),
    ...(cancels ? [`${id} can be cancelled by the next run`] : []),
    ...steps.flatMap(({ run }) => (UNSAFE_IN_RUN.test(run ?? '') ? [`${id}: a script has an expression in it`] : [])),
    ...steps
      .filter(step => step.uses?.startsWith('actions/checkout@') && step.with?.['persist-credentials'] !== false)
      .map(() => `${id}: the checkout keeps the token`),
    // What started a workflow_run, which has the secrets, may be a pull request from anywhere.
    ...steps
      .filter(
        step =>
          step.uses?.startsWith('actions/checkout@') &&
          /github\.(event|head)/.test(`${step.with?.ref} ${step.with?.repository}`),
      )
      .map(() => `${id}: the checkout takes what the event names`),
    ...(job.uses === undefined && trustsNames(job, workflow) ? [`${id}: a workflow of a fork starts it`] : []),
    ...(standsBeside(job) ? [`${id}: code of a pull request stands beside a secret, a token or a right`] : []),
    ...(mayFillCache(job, workflow) ? [`${id}: a pull request may write to the cache`] : []),
    ...(mayWriteForOthers(job, workflow) ? [`${id}: a checkout stands beside rights of a workflow_run`] : []),
  ]
}
