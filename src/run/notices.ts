/**
 * Tells the outside how a run went: a ping in the manner of healthchecks.io (URL/start, URL, URL/fail), which rings when pings
 * stop, and a webhook that gets JSON. Neither may change how the run ends: whatever goes wrong with them is a warning.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { asComebackError } from '../errors.ts'
import type { Command, GitHubContext } from '../job-context.ts'
import type { Options } from '../options.ts'
import type { ErrorValue, Report } from '../report/report.ts'
import { decoded, type Scrub, scrubbed } from '../report/scrub.ts'
import { VERSION } from '../version.ts'

/** Milliseconds for one request, and between two attempts. */
const PATIENCE = 10_000
const PAUSE = 1_000
const ATTEMPTS = 3
/** Statuses that may be others the next time. */
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504])

/** What the webhook gets. Names of tables and files never stand in it. */
export interface Notice {
  readonly schema: 1
  readonly program: string
  readonly command: Command['verb']
  readonly result: 'success' | 'failure'
  readonly exitCode: number
  /** ISO 8601. */
  readonly started: string
  readonly seconds: number
  readonly repository?: string
  /** Where the run of the workflow can be looked at. */
  readonly run?: string
  readonly error?: ErrorValue
  readonly backups?: readonly NoticeBackup[]
  /** Of verify. */
  readonly verdict?: string
}

interface NoticeBackup {
  readonly component: string
  readonly status: string
  readonly id?: string
  /** Plain bytes. */
  readonly bytes?: number
  readonly error?: ErrorValue
}

export type Ending = { readonly exitCode: number } & (
  | { readonly report: Report; readonly error?: undefined }
  | { readonly error: unknown; readonly report?: undefined }
)

export interface Notices {
  /** Resolves when everybody was told, or could not be; never rejects. */
  ended(ending: Ending): Promise<void>
}

export interface NoticesContext {
  readonly github: GitHubContext
  readonly now: () => Date
  readonly scrub: Scrub
  readonly warn: (message: string) => void
  /** Instead of `PAUSE`. */
  readonly pause?: number
}

type Destination = Pick<Options, 'pingUrl' | 'webhook'>

/** Says at once that the run has begun, without keeping it waiting. */
export function startNotices({ verb }: Command, { pingUrl, webhook }: Destination, context: NoticesContext): Notices {
  const { now, scrub, warn, github } = context
  const started = now()
  const tell = async (what: string, url: string, request: { readonly type: string; readonly body: string }) => {
    try {
      await post(url, request, context.pause ?? PAUSE)
    } catch (error) {
      warn(`${what} could not be reached: ${scrub(asComebackError(error).message)}`)
    }
  }
  const ping = (end: '' | 'start' | 'fail', text: string) =>
    pingUrl === undefined ? undefined : tell('The ping', withEnd(pingUrl, end), { type: 'text/plain', body: text })
  // In its turn: a start that is late must not look like another run.
  const begun = ping('start', `comeback ${verb}`)
  return {
    async ended(ending) {
      const notice = scrubbed(noticeOf(verb, ending, started, now(), github), scrub)
      const { result, exitCode, error } = notice
      await begun
      await Promise.all([
        ping(
          result === 'success' ? '' : 'fail',
          `comeback ${verb}: exit code ${exitCode}${error === undefined ? '' : `\n${error.message}`}`,
        ),
        webhook === undefined
          ? undefined
          : tell('The webhook', webhook, { type: 'application/json', body: JSON.stringify(notice) }),
      ])
    },
  }
}

function noticeOf(
  command: Command['verb'],
  { exitCode, report, error }: Ending,
  started: Date,
  ended: Date,
  { repository, serverUrl, run }: GitHubContext,
): Notice {
  return {
    schema: 1,
    program: `comeback ${VERSION}`,
    command,
    result: exitCode === 0 ? 'success' : 'failure',
    exitCode,
    started: started.toISOString(),
    seconds: (ended.getTime() - started.getTime()) / 1000,
    ...(repository === undefined ? {} : { repository }),
    ...(repository === undefined || run === undefined
      ? {}
      : { run: `${serverUrl}/${repository}/actions/runs/${run.id}` }),
    ...(report === undefined ? { error: errorValueOf(error) } : {}),
    ...(report?.command === 'backup' ? { backups: report.backups.map(backupOf) } : {}),
    ...(report?.command === 'verify' ? { verdict: report.verdict } : {}),
  }
}

function backupOf(outcome: Extract<Report, { command: 'backup' }>['backups'][number]): NoticeBackup {
  const { component, status } = outcome
  if (outcome.status === 'failed') return { component, status, error: outcome.error }
  return { component, status, id: outcome.id, bytes: outcome.bytes.read }
}

function errorValueOf(error: unknown): ErrorValue {
  const { code, message, hint } = asComebackError(error)
  return { code, message, hint }
}

/** `https://hc-ping.com/UUID/start`; a query stays behind the path. */
function withEnd(url: string, end: string): string {
  if (end === '' || !URL.canParse(url)) return url
  const whole = new URL(url)
  whole.pathname = `${whole.pathname.replace(/\/$/, '')}/${end}`
  return whole.href
}

/** Messages name no URL: it is a secret, whoever knows it can silence the alarm. */
async function post(
  url: string,
  { type, body }: { readonly type: string; readonly body: string },
  pause: number,
): Promise<void> {
  if (!/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : '')) throw new Error('it is no http or https URL.')
  for (let attempt = 1; ; attempt++) {
    const failure = await once(url, type, body)
    if (failure === undefined) return
    if (!failure.mayPass || attempt === ATTEMPTS) throw new Error(failure.reason)
    await sleep(pause)
  }
}

/** fetch refuses a URL with a user in it. */
function withoutUser(url: string) {
  const whole = new URL(url)
  const { username, password } = whole
  whole.username = ''
  whole.password = ''
  if (username === '' && password === '') return { href: whole.href, authorization: {} }
  const pair = Buffer.from(`${decoded(username)}:${decoded(password)}`)
  return { href: whole.href, authorization: { authorization: `Basic ${pair.toString('base64')}` } }
}

async function once(url: string, type: string, body: string) {
  try {
    const { href, authorization } = withoutUser(url)
    const headers = { 'content-type': type, 'user-agent': `comeback/${VERSION}`, ...authorization }
    const signal = AbortSignal.timeout(PATIENCE)
    // What is told is for the place that was named, and for none that it points at.
    const answer = await fetch(href, { method: 'POST', headers, body, redirect: 'manual', signal })
    await answer.body?.cancel()
    if (answer.status >= 300 && answer.status < 400) {
      return { reason: `it points elsewhere (status ${answer.status}), which is not followed.`, mayPass: false }
    }
    if (answer.ok) return undefined
    return { reason: `it answered with status ${answer.status}.`, mayPass: PASSING.has(answer.status) }
  } catch (error) {
    const timedOut = error instanceof Error && error.name === 'TimeoutError'
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : undefined
    const code = cause !== undefined && 'code' in cause ? ` (${String(cause.code)})` : ''
    return { reason: timedOut ? 'it did not answer.' : `the connection failed${code}.`, mayPass: true }
  }
}
