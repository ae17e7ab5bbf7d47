/** GitHub's REST API for what an Action says about a run: comments, checks, issues. Requests are few, and none decides a run. */
import { ComebackError } from '../errors.ts'

/** Milliseconds for one request. */
const PATIENCE = 20_000
const PER_PAGE = 100
/** Pages that a search walks through. */
const MOST_PAGES = 20
const VERSION = { 'x-github-api-version': '2022-11-28' }

export type Values = Readonly<Record<string, unknown>>

export interface Rest {
  /** The answer's data. `not-found` and `permission` are told apart; anything else is `failed`. */
  ask(route: string, values?: Values): Promise<unknown>
  /** All items of a list, page after page. */
  all(route: string, values?: Values): AsyncGenerator<Values>
}

export interface RestOptions {
  readonly apiUrl: string
  /** `owner/name`. */
  readonly repository: string
  readonly token: string
}

/** Loaded late: most runs do without it. */
export async function openRest({ apiUrl, repository, token }: RestOptions): Promise<Rest> {
  const { getOctokit } = await import('@actions/github')
  const silent = () => undefined
  const log = { debug: silent, info: silent, warn: silent, error: silent }
  const octokit = getOctokit(token, { baseUrl: apiUrl, userAgent: 'comeback', log })
  const [owner = '', repo = ''] = repository.split('/')
  async function request(route: string, values: Values = {}) {
    const common = { owner, repo, headers: VERSION, request: { signal: AbortSignal.timeout(PATIENCE) } }
    try {
      return await octokit.request(route, { ...common, ...values })
    } catch (error) {
      throw asRestError(error, route)
    }
  }
  return {
    ask: async (route, values) => (await request(route, values)).data,
    async *all(route, values) {
      for (let page = 1; page <= MOST_PAGES; page++) {
        const { data, headers } = await request(route, { per_page: PER_PAGE, page, ...values })
        const items = Array.isArray(data) ? data : listIn(data)
        for (const item of items) if (isObject(item)) yield item
        if (!/rel="next"/.test(headers.link ?? '')) return
      }
    },
  }
}

/** Some answers wrap their list: `{ total_count, check_runs: [] }`. */
function listIn(data: unknown): readonly unknown[] {
  return isObject(data) ? (Object.values(data).find(value => Array.isArray(value)) ?? []) : []
}

export function isObject(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function asRestError(error: unknown, route: string): ComebackError {
  const status = error instanceof Error && 'status' in error ? Number(error.status) : 0
  const code =
    status === 404 || status === 410 ? 'not-found' : status === 401 || status === 403 ? 'permission' : 'failed'
  const message = error instanceof Error ? error.message : String(error)
  return new ComebackError(code, `GitHub did not do it (${route}): ${message}`, { cause: error })
}
