/** The Action's edge as a function: the runner's variables in, workflow commands and files out, an exit code back. */
import { tmpdir } from 'node:os'
import { resolve } from 'node:path'
import { asComebackError } from '../errors.ts'
import type { runJob } from '../job.ts'
import type { GitHubRun, JobContext } from '../job-context.ts'
import { createPalette } from '../report/palette.ts'
import { scrubbed, scrubber } from '../report/scrub.ts'
import { createVeil } from '../report/veil.ts'
import { withDeadline } from '../run/deadline.ts'
import { isRemark, type Output } from '../run/display.ts'
import { type Environment, isSet } from '../run/environment.ts'
import { githubContext } from '../run/github.ts'
import { type Ending, startNotices } from '../run/notices.ts'
import { plainDisplay } from '../run/plain-display.ts'
import { keyInFile } from '../run/secrets.ts'
import { startLog } from '../run/start-log.ts'
import { remarkAnnotation } from './annotations.ts'
import { restoreCache } from './cache.ts'
import { leaveProgram } from './gate-program.ts'
import { parseInputs, type Request } from './inputs.ts'
import { masksFor, secretsOfAction } from './masks.ts'
import { ringAlarm } from './ring-alarm.ts'
import { type Files, type Speech, sayError, sayReport } from './say.ts'
import { toldResults } from './told-results.ts'
import { postVerdict } from './verify-posts.ts'
import { createVoice, type Voice } from './voice.ts'
import { debugLine, maskLine } from './workflow-commands.ts'

export interface Surroundings {
  readonly environment: Environment
  readonly cwd: string
  readonly stdout: Output
  readonly signal: AbortSignal
  readonly runJob: typeof runJob
  /** The file that runs, beside whose folder that of the terminal's program lies. */
  readonly program?: string
  readonly now?: () => Date
  /** Milliseconds, monotonic. */
  readonly clock?: () => number
}

/** Every failure becomes an annotation and an exit code; nothing is thrown. */
export async function run(surroundings: Surroundings): Promise<number> {
  const { environment, cwd, stdout, now = () => new Date() } = surroundings
  const secrets = secretsOfAction(environment)
  mask(secrets, stdout)
  const speech = (voice: Voice): Speech => ({
    voice,
    files: filesOf(environment),
    now: now(),
    details: false,
    // As it is written, until the inputs are understood: a check whose inputs are wrong has not verified anything.
    verb: environment.INPUT_COMMAND?.trim(),
    debug: isSet(environment.COMEBACK_DEBUG) || isSet(environment.RUNNER_DEBUG),
  })
  try {
    const request = parseInputs(environment)
    const key = keyInFile(resolve(cwd, request.options.keyFile))
    if (key !== undefined) mask([key], stdout)
    const { command, summaryDetails, options } = request
    const veil = summaryDetails ? undefined : createVeil()
    for (const url of [options.databaseUrl, options.targetUrl]) if (url !== undefined) veil?.learnUrl(url)
    const voice = createVoice(stdout, scrubber(key === undefined ? secrets : [...secrets, key]), veil)
    return await perform(request, surroundings, () => ({
      ...speech(voice),
      details: summaryDetails,
      verb: command.verb,
    }))
  } catch (error) {
    return sayError(error, speech(createVoice(stdout, scrubber(secrets), createVeil())))
  }
}

async function perform(request: Request, surroundings: Surroundings, speech: () => Speech): Promise<number> {
  const { command, options, alarm, watch } = request
  const { cwd, environment, stdout, signal, program = '' } = surroundings
  const { now = () => new Date(), clock = () => performance.now() } = surroundings
  const { voice } = speech()
  const { scrub } = voice
  const display = plainDisplay({ output: voice.log, palette: createPalette(false), scrub, now: clock })
  const warn = (text: string) => voice.annotate({ level: 'warning', title: 'Comeback', text })
  const log = startLog(command, options, { cwd, now, scrub, warn })
  const github = githubContext(environment, runOf(environment))
  const notices = startNotices(command, options, { github, now, scrub, warn })
  const alarming = { watch, token: options.githubToken, github, warn, say: display.line, signal }
  const stopping = () => display.line('Stopping.')
  signal.addEventListener('abort', stopping, { once: true })
  const debug = (text: string) => {
    if (isSet(environment.RUNNER_DEBUG)) stdout.write(debugLine(scrub(text)))
  }
  const post = (ending: Ending) => postVerdict(ending, { request, environment, cwd, voice, now: now(), signal, debug })
  const cache = await restoreCache({ verb: command.verb, options, wanted: request.cache, environment, signal, debug })
  try {
    const job: typeof runJob =
      request.results.length === 0 ? surroundings.runJob : async () => toldResults(request.results)
    const report = await withDeadline(options.timeout, signal, limited =>
      job(command, options, {
        ...contextOf(request, surroundings),
        ...(cache === undefined ? {} : { memory: cache.folder }),
        progress: event => {
          if (event.type === 'names') return voice.veil?.learn(event.names)
          log?.event(event)
          if (isRemark(event)) voice.annotate(remarkAnnotation(event))
          else display.report(event)
        },
        signal: limited,
      }),
    )
    if (report.command === 'verify' && report.left !== undefined) leaveProgram(options.gateInto, cwd, program)
    const exitCode = sayReport(report, { ...speech(), log })
    await notices.ended({ exitCode, report })
    await post({ exitCode, report })
    if (alarm && report.command === 'status')
      await ringAlarm({ ...alarming, now: now(), report: scrubbed(report, scrub) })
    return exitCode
  } catch (error) {
    const exitCode = sayError(error, { ...speech(), log })
    await notices.ended({ exitCode, error })
    await post({ exitCode, error })
    if (alarm) {
      const { code, message, hint } = asComebackError(error)
      await ringAlarm({ ...alarming, now: now(), error: scrubbed({ code, message, hint }, scrub) })
    }
    return exitCode
  } finally {
    signal.removeEventListener('abort', stopping)
    log?.close()
    await cache?.save()
  }
}

function contextOf(
  { key, configuration }: Request,
  { environment, cwd }: Surroundings,
): Omit<JobContext, 'progress' | 'signal'> {
  return {
    cwd,
    key,
    ci: true,
    environment,
    ...(configuration === undefined ? {} : { configuration }),
    github: githubContext(environment, runOf(environment)),
    temporary: temporaryOf(environment),
  }
}

/** Only with the token that the runner gives to an Action, and to nothing else, can a program upload artifacts. */
function runOf(environment: Environment): GitHubRun | undefined {
  const { GITHUB_RUN_ID: id = '', GITHUB_RUN_ATTEMPT: attempt, ACTIONS_RUNTIME_TOKEN: token = '' } = environment
  if (id === '' || token === '') return undefined
  const days = Number(environment.GITHUB_RETENTION_DAYS)
  return {
    id,
    attempt: attempt || '1',
    retentionDays: Number.isInteger(days) && days > 0 ? days : undefined,
    ...(environment.GITHUB_REF_NAME ? { branch: environment.GITHUB_REF_NAME } : {}),
  }
}

function filesOf(environment: Environment): Files {
  return {
    outputs: environment.GITHUB_OUTPUT || undefined,
    summary: environment.GITHUB_STEP_SUMMARY || undefined,
    temporary: temporaryOf(environment),
  }
}

function temporaryOf(environment: Environment): string {
  return environment.RUNNER_TEMP || tmpdir()
}

function mask(secrets: readonly string[], stdout: Output): void {
  for (const text of masksFor(secrets)) stdout.write(maskLine(text))
}
