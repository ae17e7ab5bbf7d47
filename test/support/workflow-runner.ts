/**
 * Runs a workflow of this repository on this machine, as a runner of GitHub would: its scripts, our built Action, conditions,
 * outputs, masks. The services it talks to are whatever the variables point at. A job that calls one of our workflows runs
 * that one's jobs. Not known: matrices, containers, post steps, time limits, permissions.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Job, readWorkflow, type Service, type Workflow } from './workflow/definition.ts'
import { type Event, eventContext, inputsFor, secretsFor } from './workflow/event.ts'
import { ROOT, type StandIn } from './workflow/execute.ts'
import { type Contexts, interpolate, interpolateAll, typed, type Value } from './workflow/expression.ts'
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
  readonly conclusion: 'success' | 'failure'
  readonly steps: readonly StepResult[]
  /** Everything that was printed, masked. */
  readonly log: string
}

/** Runs the only job of the workflow, or the one named. Its workspace and temporary folder are gone afterwards. */
export async function runWorkflow(run: WorkflowRun, id?: string): Promise<WorkflowResult> {
  const log = createMaskedLog()
  for (const secret of Object.values(run.secrets ?? {})) log.mask(secret)
  const steps = await runJob(run, id, log)
  return {
    conclusion: steps.some(({ outcome }) => outcome === 'failure') ? 'failure' : 'success',
    steps,
    log: log.text,
  }
}

async function runJob(run: WorkflowRun, id: string | undefined, log: MaskedLog): Promise<readonly StepResult[]> {
  const workflow = readWorkflow(run.file)
  const job = jobNamed(workflow, id)
  const secrets = secretsFor(workflow, run.event, run.secrets ?? {})
  const base: Contexts = {
    github: { ...githubContext(run.variables), ...eventContext(run.event), token: run.token },
    inputs: inputsFor(workflow, run.event),
    secrets,
    vars: run.vars ?? {},
    needs: {},
  }
  if (job.uses !== undefined) return callWorkflow(job, base, run, log)

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
    const workflowEnv = interpolateAll(workflow.env, contexts)
    const environment = { ...workflowEnv, ...interpolateAll(job.env, { ...contexts, env: workflowEnv }) }
    const { variables, checkout, standIns = {} } = run
    const place = { variables, workspace, temporary, checkout, standIns, log }
    return await runSteps(job.steps ?? [], { contexts, environment }, place)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A secret that is not set is not passed on. */
async function callWorkflow(job: Job, contexts: Contexts, run: WorkflowRun, log: MaskedLog) {
  const [, file] = OUR_WORKFLOW.exec(job.uses ?? '') ?? []
  if (file === undefined) throw new Error(`Nothing stands in for ${job.uses}.`)
  const caller = run.event
  if (caller.name === 'workflow_call') throw new Error('A workflow that is called does not call another here.')
  const inputs = Object.fromEntries(Object.entries(job.with ?? {}).map(([key, value]) => [key, typed(value, contexts)]))
  const passed = Object.entries(interpolateAll(job.secrets, contexts)).filter(([, secret]) => secret !== '')
  const event: Event = { name: 'workflow_call', inputs, caller }
  return runJob({ ...run, file: join(ROOT, file), event, secrets: Object.fromEntries(passed) }, undefined, log)
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

function jobNamed({ jobs }: Workflow, id: string | undefined): Job {
  const [only, ...more] = id === undefined ? Object.values(jobs) : [jobs[id]]
  if (only === undefined || more.length > 0) throw new Error(`Which job? There are ${Object.keys(jobs).join(', ')}.`)
  return only
}

/** `GITHUB_RUN_ID` is `github.run_id`. */
function githubContext(variables: Readonly<Record<string, string>>): Contexts {
  return Object.fromEntries(
    Object.entries(variables)
      .filter(([name]) => name.startsWith('GITHUB_'))
      .map(([name, value]) => [name.slice('GITHUB_'.length).toLowerCase(), value]),
  )
}
