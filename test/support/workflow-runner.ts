/**
 * Runs a workflow of this repository on this machine, as a runner of GitHub would: its scripts, our built Action, conditions,
 * outputs, masks. The services it talks to are whatever the variables point at. The jobs run one after the other; one that calls
 * one of our workflows runs that one's jobs. Not known: matrices, containers, post steps, time limits, permissions.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Job, readWorkflow, type Service } from './workflow/definition.ts'
import { type Event, eventPayload, getsSecrets, inputsFor, secretsFor } from './workflow/event.ts'
import { ROOT, type StandIn } from './workflow/execute.ts'
import { type Contexts, holds, interpolate, interpolateAll, typed, type Value } from './workflow/expression.ts'
import { createMaskedLog, type MaskedLog } from './workflow/masked-log.ts'
import { runSteps, type StepResult } from './workflow/steps.ts'

export type { Event } from './workflow/event.ts'
export type { StepResult } from './workflow/steps.ts'

const OUR_WORKFLOW = /^(?:\.|comeback-backup\/comeback)\/(\.github\/workflows\/[\w-]+\.yml)(?:@.+)?$/

export interface WorkflowRun {
  /** Path of the workflow. */
  readonly file: string
  readonly event: Event
  /** What a runner sets, from the stand-in for GitHub for example. `GITHUB_*` make up the context `github`, too. */
  readonly variables: Readonly<Record<string, string>>
  readonly token?: string
  readonly secrets?: Readonly<Record<string, string>>
  readonly vars?: Readonly<Record<string, string>>
  /** The folder that `actions/checkout` copies into the workspace. */
  readonly checkout?: string
  readonly standIns?: Readonly<Record<string, StandIn>>
  /** Makes a service ready and says at which port of this machine each of its ports answers. */
  readonly startService?: (service: Service) => Promise<Readonly<Record<string, string>>>
}

export interface WorkflowResult {
  readonly conclusion: Conclusion
  /** By id; of a workflow that is called, `caller / called`. */
  readonly jobs: Readonly<Record<string, Conclusion>>
  /** Of all jobs that ran. */
  readonly steps: readonly StepResult[]
  /** Everything that was printed, masked. */
  readonly log: string
}

export type Conclusion = 'success' | 'failure' | 'skipped'

interface Ran {
  readonly jobs: Readonly<Record<string, Conclusion>>
  readonly steps: readonly StepResult[]
}

interface RanJob {
  readonly steps: readonly StepResult[]
  /** For the jobs that need it. */
  readonly outputs: Readonly<Record<string, string>>
}

/** Workspaces and temporary folders are gone afterwards. */
export async function runWorkflow(run: WorkflowRun): Promise<WorkflowResult> {
  const log = createMaskedLog()
  const secrets = getsSecrets(run.event) ? (run.secrets ?? {}) : {}
  for (const secret of Object.values(secrets)) log.mask(secret)
  const { jobs, steps } = await runJobs({ ...run, secrets }, log)
  return { conclusion: together(Object.values(jobs)), jobs, steps, log: log.text }
}

async function runJobs(run: WorkflowRun, log: MaskedLog): Promise<Ran> {
  const workflow = readWorkflow(run.file)
  const secrets = secretsFor(workflow, run.event, run.secrets ?? {})
  const base: Contexts = {
    github: { ...githubContext(run.variables), ...eventContext(run), token: run.token },
    inputs: inputsFor(workflow, run.event),
    secrets,
    vars: run.vars ?? {},
    needs: {},
  }
  const jobs: Record<string, Conclusion> = {}
  const steps: StepResult[] = []
  const needs: Record<string, Contexts> = {}
  for (const [id, job] of Object.entries(workflow.jobs)) {
    const well = job.needs === undefined || jobs[job.needs] === 'success'
    const contexts = { ...base, needs }
    if (!holds(job.if, contexts, well)) {
      log.line(`- skipped: the job ${id}`)
      jobs[id] = 'skipped'
      needs[id] = { result: 'skipped', outputs: {} }
      continue
    }
    const called = job.uses === undefined ? undefined : await callWorkflow(job, contexts, run, log)
    const own = called === undefined ? await runJob(job, workflow.env, contexts, run, log) : undefined
    for (const [inner, conclusion] of Object.entries(called?.jobs ?? {})) jobs[`${id} / ${inner}`] = conclusion
    const ran = own?.steps ?? called?.steps ?? []
    jobs[id] = together(called === undefined ? ran.map(({ conclusion }) => conclusion) : Object.values(called.jobs))
    needs[id] = { result: jobs[id], outputs: own?.outputs ?? {} }
    steps.push(...ran)
  }
  return { jobs, steps }
}

/** A step that was skipped takes nothing from the success of the others. */
function together(parts: readonly Conclusion[]): Conclusion {
  if (parts.includes('failure')) return 'failure'
  return parts.includes('success') ? 'success' : 'skipped'
}

async function runJob(
  job: Job,
  workflowEnvironment: Readonly<Record<string, unknown>> | undefined,
  base: Contexts,
  run: WorkflowRun,
  log: MaskedLog,
): Promise<RanJob> {
  const folder = mkdtempSync(join(tmpdir(), 'comeback-job-'))
  const workspace = join(folder, 'workspace')
  const temporary = join(folder, 'temp')
  for (const path of [workspace, temporary]) mkdirSync(path)
  try {
    const contexts: Contexts = {
      ...base,
      runner: { os: 'Linux', arch: 'X64', temp: temporary },
      job: { services: await startServices(job, base, run) },
    }
    const workflowEnv = interpolateAll(workflowEnvironment, contexts)
    const environment = { ...workflowEnv, ...interpolateAll(job.env, { ...contexts, env: workflowEnv }) }
    const { checkout, standIns = {} } = run
    const eventFile = join(folder, 'event.json')
    writeFileSync(eventFile, JSON.stringify(Object(base.github).event))
    const variables = { ...run.variables, GITHUB_EVENT_PATH: eventFile }
    const place = { variables, workspace, temporary, checkout, standIns, log }
    const { results, steps } = await runSteps(job.steps ?? [], { contexts, environment }, place)
    return { steps: results, outputs: interpolateAll(job.outputs, { ...contexts, steps }) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What the runner knows of the repository, and what the event itself says. */
function eventContext({ event, variables }: WorkflowRun): Contexts {
  const file = variables.GITHUB_EVENT_PATH
  const known = file !== undefined && existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
  const first = event.name === 'workflow_call' ? event.caller : event
  const actor = first.name === 'pull_request' && first.actor !== undefined ? { actor: first.actor } : {}
  const payload = { ...known, ...eventPayload(event, variables.GITHUB_REPOSITORY ?? '') }
  return { event_name: first.name, event: payload, ...actor }
}

/** A secret that is not set is not passed on. */
async function callWorkflow(job: Job, contexts: Contexts, run: WorkflowRun, log: MaskedLog): Promise<Ran> {
  const [, file] = OUR_WORKFLOW.exec(job.uses ?? '') ?? []
  if (file === undefined) throw new Error(`Nothing stands in for ${job.uses}.`)
  const caller = run.event
  if (caller.name === 'workflow_call') throw new Error('A workflow that is called does not call another here.')
  const inputs = Object.fromEntries(Object.entries(job.with ?? {}).map(([key, value]) => [key, typed(value, contexts)]))
  const passed = Object.entries(interpolateAll(job.secrets, contexts)).filter(([, secret]) => secret !== '')
  const event: Event = { name: 'workflow_call', inputs, caller }
  return runJobs({ ...run, file: join(ROOT, file), event, secrets: Object.fromEntries(passed) }, log)
}

async function startServices(job: Job, contexts: Contexts, { startService }: WorkflowRun): Promise<Contexts> {
  const started: Record<string, Value> = {}
  for (const [name, service] of Object.entries(job.services ?? {})) {
    if (startService === undefined) throw new Error(`Nothing stands in for the service ${name}.`)
    const image = interpolate(service.image, contexts)
    started[name] = { ports: await startService({ ...service, image, env: interpolateAll(service.env, contexts) }) }
  }
  return started
}

/** `GITHUB_RUN_ID` is `github.run_id`. */
function githubContext(variables: Readonly<Record<string, string>>): Contexts {
  return Object.fromEntries(
    Object.entries(variables)
      .filter(([name]) => name.startsWith('GITHUB_'))
      .map(([name, value]) => [name.slice('GITHUB_'.length).toLowerCase(), value]),
  )
}
