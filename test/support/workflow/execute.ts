/** What a single step does: a script, our built Action, or something in the place of somebody else's action. */
import { cpSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { NODE_FLAGS } from '../node-flags.ts'
import type { CommandFiles } from './command-file.ts'
import { type Action, readAction, type Step } from './definition.ts'
import { type Contexts, interpolate, interpolateAll } from './expression.ts'
import type { MaskedLog } from './masked-log.ts'
import { type Finished, runProcess } from './process.ts'

/** This repository: our Action is built there. */
export const ROOT = resolve(import.meta.dirname, '../../..')
const OUR_ACTION = /^(\.\/|comeback-backup\/comeback@.+)$/
const NOTHING: Finished = { code: 0, outputs: {}, environment: {}, state: {} }

/** Takes the place of somebody else's action: its inputs come as the runner would hand them over. */
export type StandIn = (inputs: Readonly<Record<string, string>>, workspace: string) => void | Promise<void>

export interface Place {
  /** Variables that the runner sets, `ACTIONS_RUNTIME_TOKEN` among them. */
  readonly variables: Readonly<Record<string, string>>
  readonly workspace: string
  readonly temporary: string
  /** What `actions/checkout` puts into the workspace. */
  readonly checkout: string | undefined
  /** By `owner/name`, without the version. */
  readonly standIns: Readonly<Record<string, StandIn>>
  readonly log: MaskedLog
}

/** What is the step's own. */
export interface StepContext {
  readonly env: Readonly<Record<string, string>>
  readonly contexts: Contexts
  readonly files: CommandFiles
}

export async function execute(step: Step, context: StepContext, place: Place): Promise<Finished> {
  if (step.run !== undefined) return runScript(step, context, place)
  const inputs = interpolateAll(step.with, context.contexts)
  if (OUR_ACTION.test(step.uses ?? '')) return runOurAction(inputs, context, place)
  return standIn(step.uses ?? '', inputs, place)
}

function runScript(step: Step, { env, contexts, files }: StepContext, place: Place): Promise<Finished> {
  const { workspace, temporary, variables, log } = place
  const script = join(temporary, 'script.sh')
  writeFileSync(script, interpolate(step.run, contexts))
  const flags = step.shell === undefined ? ['-e'] : ['--noprofile', '--norc', '-eo', 'pipefail']
  // `ACTIONS_*` are for actions: a script does not get them, so a program in it cannot upload.
  const visible = Object.fromEntries(Object.entries(variables).filter(([name]) => !name.startsWith('ACTIONS_')))
  return runProcess(['bash', ...flags, script], {
    cwd: workspace,
    env: { ...visible, ...env, ...foldersOf(place) },
    files,
    log,
  })
}

function runOurAction(
  given: Readonly<Record<string, string>>,
  { env, contexts, files }: StepContext,
  place: Place,
): Promise<Finished> {
  const action = readAction(join(ROOT, 'action.yml'))
  const inputs = inputsOf(action, given, contexts, place.log)
  return runProcess([process.execPath, ...NODE_FLAGS, join(ROOT, action.runs.main)], {
    cwd: place.workspace,
    env: { ...place.variables, ...env, ...inputs, ...foldersOf(place), GITHUB_ACTION_PATH: ROOT },
    files,
    log: place.log,
  })
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
    [...defaults, ...Object.entries(given)].map(([name = '', value = '']) => [
      `INPUT_${name.replaceAll(' ', '_').toUpperCase()}`,
      value,
    ]),
  )
}

async function standIn(uses: string, inputs: Readonly<Record<string, string>>, place: Place): Promise<Finished> {
  const { checkout, workspace, standIns } = place
  const name = uses.replace(/@.*$/, '')
  const other = standIns[name]
  if (other !== undefined) await other(inputs, workspace)
  else if (name === 'actions/checkout' && checkout !== undefined) cpSync(checkout, workspace, { recursive: true })
  else throw new Error(`Nothing stands in for ${uses}.`)
  return NOTHING
}

function foldersOf({ workspace, temporary }: Place): Record<string, string> {
  return { GITHUB_WORKSPACE: workspace, RUNNER_TEMP: temporary }
}
