/** What GitHub's REST API refuses, in the terms of the store's contract. */
import { asComebackError, ComebackError } from '../errors.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND

/** A request, for the message when it fails. */
export interface Errand {
  /** `list the artifacts of acme/app`. */
  readonly action: string
  readonly repository: string
  /** What the token must be allowed: `actions: read`. */
  readonly right: string
}

/** How long until a limit on requests ends, in milliseconds; undefined if none was hit. */
export function rateLimitWait(error: unknown, now: number): number | undefined {
  const status = statusOf(error)
  if (status !== 403 && status !== 429) return undefined
  const after = Number(header(error, 'retry-after') ?? Number.NaN)
  if (Number.isFinite(after)) return Math.max(0, after * SECOND)
  if (header(error, 'x-ratelimit-remaining') === '0') {
    const reset = Number(header(error, 'x-ratelimit-reset') ?? Number.NaN) * SECOND
    return Number.isFinite(reset) ? Math.max(0, reset - now) : MINUTE
  }
  return status === 429 ? MINUTE : undefined
}

/** The status of an answer; octokit gives 500 to a request that got none. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : undefined
}

/** Throws nothing itself; an abort becomes what the signal says. */
export function restError(error: unknown, errand: Errand, signal: AbortSignal | undefined, now: number): ComebackError {
  if (signal?.aborted) return asComebackError(signal.reason)
  const status = statusOf(error)
  if (error instanceof ComebackError || status === undefined) return asComebackError(error)
  const { action, repository, right } = errand
  const wait = rateLimitWait(error, now)
  if (wait !== undefined) return limited(action, wait, error, now)
  const because = (code: ConstructorParameters<typeof ComebackError>[0], reason: string, hint: string) =>
    new ComebackError(code, `Could not ${action}: ${reason}.`, { hint, cause: error })
  if (status >= 500) {
    return because(
      'store-unavailable',
      `GitHub did not answer as it should (${briefly(error)})`,
      'Try again; githubstatus.com tells whether GitHub has trouble.',
    )
  }
  switch (status) {
    case 401:
      return because(
        'authentication',
        'GitHub does not accept the token',
        'Set GITHUB_TOKEN to a token that is valid; in a workflow that is github.token.',
      )
    case 403:
      return because(
        'permission',
        `the token lacks the right ${right} (${briefly(error)})`,
        `Write "${right}" under permissions: of the workflow's job, or use a token that has this right.`,
      )
    case 404:
      return because(
        'permission',
        `GitHub knows no repository ${repository}, or the token may not see it`,
        `Check the name, and that the token has the right ${right} there.`,
      )
    default:
      return because('failed', `GitHub answered ${status}: ${briefly(error)}`, 'See githubstatus.com, then try again.')
  }
}

function limited(action: string, wait: number, cause: unknown, now: number): ComebackError {
  const end = new Date(now + wait)
  const far = wait > MINUTE
  return new ComebackError(
    'store-unavailable',
    `Could not ${action}: this token has used up the requests that GitHub allows it, until ${clock(end)} UTC.`,
    {
      hint: far
        ? `That is in ${Math.ceil(wait / MINUTE)} minutes: run it again then, or use a token of its own for backups.`
        : 'Try again in a minute.',
      cause,
    },
  )
}

function clock(time: Date): string {
  return time.toISOString().slice(11, 16)
}

/** GitHub's words without the link to its documentation. */
function briefly(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.replace(/ - https?:\S+$/, '').slice(0, 300)
}

function header(error: unknown, name: string): string | undefined {
  if (!(error instanceof Error) || !('response' in error)) return undefined
  const { response } = error
  if (typeof response !== 'object' || response === null || !('headers' in response)) return undefined
  const value = (response.headers as Readonly<Record<string, unknown>>)[name]
  return value === undefined || value === null ? undefined : String(value)
}
