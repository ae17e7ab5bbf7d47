/** The steps of a job, one after the other, in one workspace. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createCommandFiles } from './command-file.ts'
import { type Action, readAction, type Step } from './definition.ts'
import { type Contexts, holds, interpolate, interpolateAll } from './expression.ts'
import type { MaskedLog } from './masked-log.ts'
import { type Finished, runProcess } from './process.ts'

/** This repository: our Action is built there. */
export const ROOT = resolve(import.meta.dirname, '../../..')
const OUR_ACTION = /^(\.\/|comeback-backup\/comeback@.+)$/

export type Outcome = 'success' | 'failure' | 'skipped'

export interface StepResult {
  readonly name: string
  readonly outcome: Outcome
  readonly outputs: Readonly<Record<string, string>>
  /** What it wrote for the job summary. */
  readonly summary: string
}

/** Takes the place of somebody else's action: its inputs come as the runner would hand them over. */
export type StandIn = (inputs: Readonly<Record<string, string>>, workspace: string) => void | Promise<void>

export interface Surroundings {
  readonly contexts: Contexts
  /** Variables that the runner sets, `ACTIONS_RUNTIME_TOKEN` among them. */
  readonly variables: Readonly<Record<string, string>>
  /** `env:` of workflow and job. */
  readonly environment: Readonly<Record<string, string>>
  readonly workspace: string
  readonly temporary: string
  /** What `actions/checkout` puts into the workspace. */
  readonly checkout: string | undefined
  /** By `owner/name`, without the version. */
  readonly standIns: Readonly<Record<string, StandIn>>
  readonly log: MaskedLog
}

interface Post {
  readonly action: Action
  readonly env: Record<string, string>
}

export async function runSteps(steps: readonly Step[], surroundings: Surroundings): Promise<readonly StepResult[]> {
  const { log, workspace, temporary, variables } = surroundings
  const results: StepResult[] = []
  const known: Record<string, { outcome: Outcome; conclusion: Outcome; outputs: Readonly<Record<string, string>> }> = {}
  const posts: Post[] = []
  let fromFiles: Readonly<Record<string, string>> = {}
  let well = true

  /** `ACTIONS_*` are for actions: a script does not get them, so a program in it cannot upload. */
  const envFor = (kind: 'action' | 'script', own: Record<string, string>): Record<string, string> => ({
    ...Object.fromEntries(
      Object.entries(variables).filter(([name]) => kind === 'action' || !name.startsWith('ACTIONS_')),
    ),
    ...own,
    GITHUB_WORKSPACE: workspace,
    RUNNER_TEMP: temporary,
  })

  for (const [index, step] of steps.entries()) {
    const outer = { ...surroundings.environment, ...fromFiles }
    const before = contextsWith(surroundings.contexts, outer, known, well)
    const env = { ...outer, ...interpolateAll(step.env, before) }
    const contexts = contextsWith(surroundings.contexts, env, known, well)
    const name = interpolate(step.name ?? step.uses ?? step.run?.split('\n')[0], contexts)
    if (!holds(step.if, before, well)) {
      log.line(`- skipped: ${name}`)
      record(step, { name, outcome: 'skipped', outputs: {}, summary: '' })
      continue
    }
    log.line(`- ${name}`)
    const files = createCommandFiles(temporary, index)
    const context = { cwd: workspace, files, log }
    let finished: Finished
    if (step.run !== undefined) {
      const script = join(temporary, `script-${index}.sh`)
      writeFileSync(script, interpolate(step.run, contexts))
      const shell = step.shell === undefined ? ['-e'] : ['--noprofile', '--norc', '-eo', 'pipefail']
      finished = await runProcess(['bash', ...shell, script], { ...context, env: envFor('script', env) })
    } else if (OUR_ACTION.test(step.uses ?? '')) {
      const action = readAction(join(ROOT, 'action.yml'))
      const inputs = inputsOf(action, interpolateAll(step.with, contexts), contexts, log)
      const main = join(ROOT, action.runs.main)
      const own = envFor('action', { ...env, ...inputs, GITHUB_ACTION_PATH: ROOT })
      finished = await runProcess([process.execPath, main], { ...context, env: own })
      const state = Object.entries(finished.state).map(([key, value]) => [`STATE_${key}`, value])
      posts.unshift({ action, env: { ...own, ...Object.fromEntries(state) } })
    } else {
      finished = await standIn(step, interpolateAll(step.with, contexts), surroundings)
    }
    fromFiles = { ...fromFiles, ...finished.environment }
    const outcome = finished.code === 0 ? 'success' : 'failure'
    record(step, { name, outcome, outputs: finished.outputs, summary: readFileSync(files.STEP_SUMMARY, 'utf8') })
    if (outcome === 'failure' && step['continue-on-error'] !== true) well = false
  }
  for (const [index, { action, env }] of posts.entries()) {
    if (action.runs.post === undefined) continue
    const files = createCommandFiles(temporary, steps.length + index)
    await runProcess([process.execPath, join(ROOT, action.runs.post)], { cwd: workspace, env, files, log })
  }
  return results

  function record(step: Step, result: StepResult): void {
    results.push(result)
    const { outcome, outputs } = result
    const conclusion = step['continue-on-error'] === true && outcome === 'failure' ? 'success' : outcome
    if (step.id !== undefined) known[step.id] = { outcome, conclusion, outputs }
  }
}

function contextsWith(contexts: Contexts, env: Contexts, steps: Contexts, well: boolean): Contexts {
  return { ...contexts, env, steps, job: { ...Object(contexts.job), status: well ? 'success' : 'failure' } }
}

/** Every input that the action declares reaches it, with its default; others too, with a warning, as on GitHub. */
function inputsOf(
  { inputs = {} }: Action,
  given: Readonly<Record<string, string>>,
  contexts: Contexts,
  log: MaskedLog,
): Record<string, string> {
  const strange = Object.keys(given).filter(name => !(name in inputs))
  if (strange.length > 0) log.line(`::warning::Unexpected input(s) ${strange.join(', ')}`)
  const defaults = Object.entries(inputs).map(([name, { default: value }]) => [name, interpolate(value, contexts)])
  return Object.fromEntries(
    [...defaults, ...Object.entries(given)].map(([name = '', value]) => [
      `INPUT_${name.replaceAll(' ', '_').toUpperCase()}`,
      value ?? '',
    ]),
  )
}

async function standIn(
  { uses = '' }: Step,
  inputs: Readonly<Record<string, string>>,
  { checkout, workspace, standIns }: Surroundings,
): Promise<Finished> {
  const name = uses.replace(/@.*$/, '')
  const other = standIns[name]
  if (other !== undefined) await other(inputs, workspace)
  else if (name === 'actions/checkout' && checkout !== undefined) cpSync(checkout, workspace, { recursive: true })
  else throw new Error(`Nothing stands in for ${uses}.`)
  return { code: 0, outputs: {}, environment: {}, state: {} }
}
