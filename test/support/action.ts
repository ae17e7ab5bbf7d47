/** The built Action as a child process, as a runner starts it: inputs, files and variables in, outputs and annotations out. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { parse } from 'yaml'
import { TEST_KEY } from './cli.ts'
import type { GitHub, Run } from './github/github.ts'
import { NODE_FLAGS } from './node-flags.ts'
import { createCommandFiles, readPairs, variablesFor } from './workflow/command-file.ts'

const ROOT = resolve(import.meta.dirname, '../..')
export const ACTION = join(ROOT, 'dist/action/index.js')

const CLOCK = new URL('./shifted-clock.ts', import.meta.url).href
const DAY = 86_400_000

export type Inputs = Readonly<Record<string, string>>

export interface Annotation {
  readonly level: string
  readonly title: string
  readonly text: string
}

export interface StepResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  readonly outputs: Readonly<Record<string, string>>
  /** Markdown. */
  readonly summary: string
  readonly annotations: readonly Annotation[]
  /** What the runner was told to mask. */
  readonly masks: readonly string[]
}

export interface Step {
  readonly child: ChildProcess
  readonly finished: Promise<StepResult>
}

export interface StepOptions {
  readonly run?: Run
  /** Goes before what the runner sets; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** How far the step's clock is behind. */
  readonly daysAgo?: number
}

/** A runner with one workspace, where each step gets a run of its own unless it is told otherwise. */
export interface Runner extends Disposable {
  readonly workspace: string
  readonly temporary: string
  start(inputs: Inputs, options?: StepOptions): Step
  run(inputs: Inputs, options?: StepOptions): Promise<StepResult>
  /** Runs and returns the report that the output `report` leads to; throws if the exit code is another. */
  report<Report>(inputs: Inputs, options?: StepOptions & { readonly code?: number }): Promise<Report>
}

export function startRunner(github: GitHub, environment: Readonly<Record<string, string>> = {}): Runner {
  const folder = mkdtempSync(join(tmpdir(), 'comeback-runner-'))
  const [workspace, temporary, home] = ['work', 'temp', 'home'].map(name => join(folder, name)) as [
    string,
    string,
    string,
  ]
  for (const path of [workspace, temporary, home]) mkdirSync(path)
  let steps = 0

  function start(inputs: Inputs, { run = github.newRun(), env = {}, daysAgo = 0 }: StepOptions = {}): Step {
    const files = createCommandFiles(folder, steps++)
    const child = spawn(process.execPath, [...NODE_FLAGS, ACTION], {
      cwd: workspace,
      env: {
        // Nothing of the machine: no client tools, no variables of whoever runs the tests.
        PATH: dirname(process.execPath),
        HOME: home,
        ...github.environment(run),
        ...variablesFor(files),
        GITHUB_WORKSPACE: workspace,
        GITHUB_ACTION_PATH: ROOT,
        RUNNER_TEMP: temporary,
        ...variablesOf({ key: TEST_KEY, ...inputs }, github.token),
        ...environment,
        ...(daysAgo === 0 ? {} : { NODE_OPTIONS: `--import ${CLOCK}`, TEST_CLOCK_BEHIND: String(daysAgo * DAY) }),
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const finished = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]).then(
      ([stdout, stderr, [code]]) => ({
        code,
        stdout,
        stderr,
        outputs: readPairs(files.OUTPUT),
        summary: readFileSync(files.STEP_SUMMARY, 'utf8'),
        annotations: annotationsIn(stdout),
        masks: [...stdout.matchAll(/^::add-mask::(.*)$/gm)].map(([, value = '']) => unescaped(value)),
      }),
    )
    return { child, finished }
  }

  const run: Runner['run'] = (inputs, options) => start(inputs, options).finished

  return {
    workspace,
    temporary,
    start,
    run,
    async report(inputs, { code = 0, ...options } = {}) {
      const result = await run(inputs, options)
      if (result.code !== code) throw new Error(`exit code ${result.code}:\n${result.stdout}\n${result.stderr}`)
      return JSON.parse(readFileSync(result.outputs.report ?? '', 'utf8'))
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Every input that action.yml declares, with its default or empty, and those that it doesn't. */
function variablesOf(given: Inputs, token: string): Record<string, string> {
  const { inputs }: { inputs: Record<string, { default?: string }> } = parse(
    readFileSync(join(ROOT, 'action.yml'), 'utf8'),
  )
  const defaults = Object.entries(inputs).map(([name, input]) => [
    name,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: GitHub's own syntax
    (input.default ?? '').replace('${{ github.token }}', token),
  ])
  const all: Inputs = { ...Object.fromEntries(defaults), ...given }
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]))
}

function annotationsIn(stdout: string): readonly Annotation[] {
  return [...stdout.matchAll(/^::(error|warning|notice) title=(.*?)::(.*)$/gm)].map(
    ([, level = '', title = '', message = '']) => ({ level, title: unescaped(title), text: unescaped(message) }),
  )
}

function unescaped(data: string): string {
  const written: Readonly<Record<string, string>> = { '%0D': '\r', '%0A': '\n', '%3A': ':', '%2C': ',', '%25': '%' }
  return data.replace(/%(?:0D|0A|3A|2C|25)/g, code => written[code] ?? code)
}
