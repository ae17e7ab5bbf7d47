/**
 * GitHub's REST API, as far as comments, checks and the alarm need it. A request is made once: what may be tried again is a whole errand,
 * as nobody knows whether a comment was written whose answer was lost.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import * as v from 'valibot'
import { ComebackError } from '../errors.ts'

/** Milliseconds for one request, and between two attempts at an errand. */
const PATIENCE = 15_000
const PAUSE = 2_000
const ATTEMPTS = 3
const PER_PAGE = 100
/** More than there are comments on any issue that people still read. */
const MOST_PAGES = 100
/** Seconds that GitHub may ask to wait. */
const LONGEST_WAIT = 30
const VERSION = { 'x-github-api-version': '2022-11-28' }
const VIEWER = v.object({ viewer: v.object({ login: v.string() }) })

export interface GitHubApi {
  /** Values fill the braces of the route; the rest is the query or the body. Throws what `explained` understands. */
  ask(route: string, values?: Readonly<Record<string, unknown>>): Promise<ApiAnswer>
  /** Whose token it is: `github-actions[bot]`. Undefined if GitHub does not tell. */
  whoAmI(): Promise<string | undefined>
}

export interface ApiAnswer {
  readonly data: unknown
  /** Whether there is another page. */
  readonly more: boolean
}

export interface ApiPlace {
  /** `owner/name`. */
  readonly repository: string
  readonly token: string
  /** `https://api.github.com`. */
  readonly apiUrl: string
  readonly signal: AbortSignal
}

/** The client is loaded late: most runs do without it. */
export async function openGitHubApi({ repository, token, apiUrl, signal }: ApiPlace): Promise<GitHubApi> {
  const { getOctokit } = await import('@actions/github')
  const [owner = '', repo = ''] = repository.split('/')
  // It would write notices of GitHub's to the console.
  const log = { debug: silent, info: silent, warn: silent, error: silent }
  const octokit = getOctokit(token, { baseUrl: apiUrl, userAgent: 'comeback', log })
  const request = () => ({ signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]) })
  let asked: Promise<string | undefined> | undefined
  return {
    async ask(route, values = {}) {
      const answer = await octokit.request(route, { owner, repo, headers: VERSION, ...values, request: request() })
      return { data: answer.data, more: /rel="next"/.test(answer.headers.link ?? '') }
    },
    whoAmI() {
      // Only GraphQL tells it to the token of a workflow.
      asked ??= octokit.graphql('query{viewer{login}}', { request: request() }).then(
        data => {
          const known = v.safeParse(VIEWER, data)
          return known.success ? known.output.viewer.login : undefined
        },
        () => undefined,
      )
      return asked
    },
  }
}

/** All items of a list, page after page. */
export async function* allOf(
  api: GitHubApi,
  route: string,
  values: Readonly<Record<string, unknown>> = {},
): AsyncGenerator<unknown> {
  for (let page = 1; page <= MOST_PAGES; page++) {
    const { data, more } = await api.ask(route, { ...values, per_page: PER_PAGE, page })
    yield* v.parse(v.array(v.unknown()), data)
    if (!more) return
  }
}

/** Again, from its beginning, if it failed for something that may pass. */
export async function withPatience<T>(errand: () => Promise<T>, signal: AbortSignal, pause = PAUSE): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await errand()
    } catch (error) {
      const wait = waitAfter(error, pause)
      if (signal.aborted || wait === undefined || attempt === ATTEMPTS) throw error
      await sleep(wait, undefined, { signal })
    }
  }
}

/** The status of an answer; octokit gives 500 to a request that got none. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : undefined
}

/** In words for a person. `what` is what could not be done: `write the comment`; `right` what it takes. */
export function explained(error: unknown, what: string, right: string, fromFork: boolean): ComebackError {
  const status = statusOf(error)
  const message = (error instanceof Error ? error.message : String(error)).replace(/ - https?:\S+$/, '').slice(0, 300)
  if (status === 401) {
    return new ComebackError('authentication', `Could not ${what}: GitHub does not accept the token.`, {
      hint: 'Leave the input github-token out, or set it to a token that is valid.',
      cause: error,
    })
  }
  if (status === 403 || status === 404) {
    return new ComebackError('permission', `Could not ${what}: the token lacks the right ${right} (${message}).`, {
      hint: fromFork
        ? 'Pull requests from forks and from Dependabot get a token that may only read. The result stands in the summary of the run.'
        : `Write "${right}" under permissions: of the workflow's job.`,
      cause: error,
    })
  }
  return new ComebackError('failed', `Could not ${what}: ${message}.`, {
    hint: 'The result stands in the summary of the run.',
    cause: error,
  })
}

/** Milliseconds; undefined if it will not pass, or not soon. */
function waitAfter(error: unknown, pause: number): number | undefined {
  const status = statusOf(error)
  if (status === undefined) return undefined
  const after = Number(headerOf(error, 'retry-after') ?? Number.NaN)
  if (Number.isFinite(after)) return after <= LONGEST_WAIT ? after * 1000 : undefined
  return status >= 500 || status === 408 || status === 429 ? pause : undefined
}

function headerOf(error: unknown, name: string): string | undefined {
  if (!(error instanceof Error) || !('response' in error)) return undefined
  const { response } = error
  if (typeof response !== 'object' || response === null || !('headers' in response)) return undefined
  const value = (response.headers as Readonly<Record<string, unknown>>)[name]
  return value === undefined || value === null ? undefined : String(value)
}

function silent(): void {}
