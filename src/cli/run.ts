/** The terminal edge as a function: arguments and surroundings in, text out, an exit code back. It never exits itself. */
import { tmpdir } from 'node:os'
import { resolve } from 'node:path'
import { ComebackError } from '../errors.ts'
import type { runJob } from '../job.ts'
import type { Command, JobContext } from '../job-context.ts'
import type { Options } from '../options.ts'
import { createPalette, type Palette } from '../report/palette.ts'
import { scrubber } from '../report/scrub.ts'
import { withDeadline } from '../run/deadline.ts'
import { type Display, type Output, quietDisplay } from '../run/display.ts'
import { type Environment, isCi } from '../run/environment.ts'
import { githubContext } from '../run/github.ts'
import { startNotices } from '../run/notices.ts'
import { plainDisplay } from '../run/plain-display.ts'
import { keyInFile, secretsGiven } from '../run/secrets.ts'
import { startLog } from '../run/start-log.ts'
import { VERSION } from '../version.ts'
import { type Invocation, parseInvocation } from './commands.ts'
import { mainHelp, verbHelp } from './help.ts'
import { liveDisplay } from './live-display.ts'
import { createVoice, sayError, sayJson, sayReport, type Voice } from './voice.ts'

export interface Surroundings {
  readonly argv: readonly string[]
  readonly environment: Environment
  readonly cwd: string
  readonly stdout: Output
  readonly stderr: Output
  readonly signal: AbortSignal
  readonly runJob: typeof runJob
  /** Absent where nobody can answer. */
  readonly ask?: JobContext['ask']
  readonly now?: () => Date
  /** Milliseconds, monotonic. */
  readonly clock?: () => number
}

/** Every failure becomes text and an exit code; nothing is thrown. */
export async function run(surroundings: Surroundings): Promise<number> {
  const { argv, environment } = surroundings
  const voice = createVoice(surroundings, scrubber(secretsGiven(argv, environment)))
  try {
    const invocation = parseInvocation(argv, environment)
    if (invocation.kind === 'job') return await runCommand(invocation.command, invocation.options, surroundings, voice)
    return answer(invocation, voice)
  } catch (error) {
    return sayError(error, voice)
  }
}

function answer(invocation: Exclude<Invocation, { kind: 'job' }>, voice: Voice): number {
  if (invocation.kind === 'version') {
    if (voice.json) sayJson({ command: 'version', version: VERSION, node: process.version }, voice)
    else voice.stdout.write(`comeback ${VERSION}\n`)
    return 0
  }
  const { verb, asked } = invocation
  const page = (palette: Palette) => (verb === undefined ? mainHelp(palette) : verbHelp(verb, palette))
  if (!asked) {
    const error = new ComebackError('usage', 'No verb was given.', { hint: 'comeback --help' })
    if (voice.json) return sayError(error, voice)
    voice.stderr.write(page(voice.err))
    return error.exitCode
  }
  if (voice.json) sayJson({ command: 'help', text: page(createPalette(false)) }, voice)
  else voice.stdout.write(page(voice.out))
  return 0
}

async function runCommand(
  command: Command,
  options: Options,
  surroundings: Surroundings,
  first: Voice,
): Promise<number> {
  const { argv, environment, cwd, signal, now = () => new Date() } = surroundings
  const keyFile = resolve(cwd, options.keyFile)
  /** Looked for anew each time: the run may make the key. */
  const voice = (): Voice => {
    const key = keyInFile(keyFile)
    return { ...first, scrub: scrubber([...secretsGiven(argv, environment), ...(key === undefined ? [] : [key])]) }
  }
  const { scrub } = voice()
  const display = displayFor(options, surroundings, { ...first, scrub })
  const warn = (message: string) => display.report({ type: 'warning', component: undefined, message })
  const log = startLog(command, options, { cwd, now, scrub, warn })
  const github = githubContext(environment, undefined)
  const notices = startNotices(command, options, { github, now, scrub, warn })
  const stopping = () => display.line('Stopping; once more to stop at once.')
  signal.addEventListener('abort', stopping, { once: true })
  try {
    const report = await withDeadline(options.timeout, signal, limited =>
      surroundings.runJob(command, options, {
        cwd,
        key: environment.COMEBACK_KEY,
        ci: isCi(environment),
        environment,
        github,
        temporary: environment.RUNNER_TEMP ?? tmpdir(),
        progress: event => {
          log?.event(event)
          display.report(event)
        },
        ...(surroundings.ask === undefined ? {} : { ask: surroundings.ask }),
        signal: limited,
      } satisfies JobContext),
    )
    display.stop()
    const exitCode = sayReport(report, now(), voice(), log)
    await notices.ended({ exitCode, report })
    return exitCode
  } catch (error) {
    display.stop()
    const exitCode = sayError(error, voice(), log)
    await notices.ended({ exitCode, error })
    return exitCode
  } finally {
    signal.removeEventListener('abort', stopping)
    log?.close()
  }
}

function displayFor(options: Options, surroundings: Surroundings, { scrub, err, stderr }: Voice): Display {
  const now = surroundings.clock ?? (() => performance.now())
  const common = { output: stderr, palette: err, scrub, now }
  if (options.quiet) return quietDisplay(common)
  if (!stderr.isTTY || options.json || isCi(surroundings.environment)) return plainDisplay(common)
  const every = (interval: number, tick: () => void) => {
    const timer = setInterval(tick, interval).unref()
    return () => clearInterval(timer)
  }
  return liveDisplay({ ...common, every })
}
