/**
 * GitHub's REST API, as far as artifacts need it. Answers are checked here. Not repeated here but by the decorator in
 * retry.ts, with one exception: a limit on requests that ends within a minute is waited for.
 */
import * as v from 'valibot'
import { ComebackError } from '../errors.ts'
import { type Errand, rateLimitWait, restError, statusOf } from './artifact-error.ts'
import { parseArtifactName } from './artifact-names.ts'
import { type Origin, originOf, WORKFLOW_RUN } from './artifact-origin.ts'
import { checkCancelled } from './local-error.ts'

const SECOND = 1000
const PER_PAGE = 100
const LONGEST_WAIT = 60 * SECOND
const WAITS = 2
/** Listings begun anew because artifacts vanished meanwhile. */
const ROUNDS = 3
const VERSION = { 'x-github-api-version': '2022-11-28' }

/** An artifact that holds an object of ours, made by a run of this repository. */
export interface StoredArtifact {
  readonly id: number
  /** Id of the run that made it, as GitHub says. */
  readonly run: string
  readonly object: string
  /** Bytes. */
  readonly size: number
  /** SHA-256 in hex; absent where GitHub has none. */
  readonly digest: string | undefined
  readonly createdAt: Date | undefined
  readonly expiresAt: Date | undefined
  /** GitHub has dropped its bytes; the record remains a while. */
  readonly expired: boolean
}

export interface ArtifactApi {
  /** All that hold objects, newest first. */
  list(signal?: AbortSignal): Promise<readonly StoredArtifact[]>
  /** Those of just this name, which are one or none but for other runs' that chose the same. */
  named(name: string, signal?: AbortSignal): Promise<readonly StoredArtifact[]>
  byId(id: number, signal?: AbortSignal): Promise<StoredArtifact | undefined>
  /** A URL that anyone can read the bytes from for about a minute; undefined if they are gone. */
  sign(id: number, signal?: AbortSignal): Promise<string | undefined>
  /** Deleting what is not there is fine. */
  remove(id: number, signal?: AbortSignal): Promise<void>
  isPublic(signal?: AbortSignal): Promise<boolean>
}

export interface ApiOptions {
  /** `owner/name`. */
  readonly repository: string
  /** Only what its runs made counts; undefined for runs of any branch. */
  readonly branch?: string | undefined
  readonly token: string
  readonly apiUrl: string
  readonly now: () => number
  readonly sleep: (milliseconds: number, signal: AbortSignal | undefined) => Promise<unknown>
  /** Milliseconds for one request. */
  readonly patience: number
  /** Told by each listing: how many artifacts are named as ours are, and do not count. */
  readonly strangers: (counts: Readonly<Record<Exclude<Origin, 'ours'>, number>>) => void
}

const RECORD = v.object({
  id: v.pipe(v.number(), v.integer()),
  name: v.string(),
  size_in_bytes: v.pipe(v.number(), v.integer(), v.minValue(0)),
  expired: v.boolean(),
  created_at: v.nullish(v.pipe(v.string(), v.isoTimestamp())),
  expires_at: v.nullish(v.pipe(v.string(), v.isoTimestamp())),
  digest: v.nullish(v.string()),
  workflow_run: WORKFLOW_RUN,
})
const PAGE = v.object({ total_count: v.number(), artifacts: v.array(RECORD) })
const REPOSITORY = v.object({ private: v.optional(v.boolean()), visibility: v.optional(v.string()) })

export function artifactApi(options: ApiOptions): ArtifactApi {
  const { repository, now, sleep } = options
  const [owner = '', repo = ''] = repository.split('/')
  const artifacts = `the artifacts of ${repository}`
  const listing: Errand = { action: `list ${artifacts}`, repository, right: 'actions: read' }
  const reading: Errand = { action: `read ${artifacts}`, repository, right: 'actions: read' }
  const deleting: Errand = { action: `delete ${artifacts}`, repository, right: 'actions: write' }
  const looking: Errand = { action: `look whether ${repository} is public`, repository, right: 'metadata: read' }
  const client = once(() => openClient(options))

  /** One request. `absent` are the statuses that mean there is no such thing: then undefined. */
  async function ask(route: string, values: Values, errand: Errand, signal: AbortSignal | undefined, absent: number[]) {
    for (let waits = 0; ; waits++) {
      checkCancelled(signal)
      const limit = AbortSignal.timeout(options.patience)
      const request = { redirect: 'manual', signal: signal === undefined ? limit : AbortSignal.any([signal, limit]) }
      try {
        const octokit = await client()
        const answer = await octokit.request(route, { owner, repo, headers: VERSION, ...values, request })
        // An answer whose body was cut off by the signal looks like an empty one.
        checkCancelled(signal)
        return answer
      } catch (error) {
        if (!signal?.aborted && absent.includes(statusOf(error) ?? 0)) return undefined
        const wait = rateLimitWait(error, now())
        if (signal?.aborted || wait === undefined || wait > LONGEST_WAIT || waits >= WAITS) {
          throw restError(error, errand, signal, now())
        }
        await sleep(wait, signal).catch((interruption: unknown) => {
          throw restError(interruption, errand, signal, now())
        })
      }
    }
  }

  const ROUTE = '/repos/{owner}/{repo}/actions/artifacts'

  async function page(values: Values, signal: AbortSignal | undefined) {
    const answer = await ask(`GET ${ROUTE}`, { per_page: PER_PAGE, ...values }, listing, signal, [])
    const { total_count: total, artifacts } = parsed(PAGE, answer?.data, listing)
    return { total, artifacts, more: /rel="next"/.test(answer?.headers.link ?? '') }
  }

  return {
    async list(signal) {
      for (let round = 1; round <= ROUNDS; round++) {
        // Uploads meanwhile push artifacts to later pages, where they are seen twice; deletions pull them to earlier
        // ones, where they would be missed: then the count has fallen, and the listing begins anew.
        const found = new Map<number, StoredArtifact>()
        const strange = new Map<number, Exclude<Origin, 'ours'>>()
        let shrunk = false
        let last: number | undefined
        for (let number = 1, more = true; more && !shrunk; number++) {
          const { total, artifacts, more: further } = await page({ page: number }, signal)
          shrunk = last !== undefined && total < last
          last = total
          more = further
          for (const record of artifacts) {
            const origin = originOfRecord(record, options.branch)
            if (origin !== undefined && origin !== 'ours') strange.set(record.id, origin)
            for (const artifact of stored(record, options.branch)) found.set(artifact.id, artifact)
          }
        }
        if (shrunk) continue
        const count = (origin: Origin) => [...strange.values()].filter(other => other === origin).length
        options.strangers({
          foreign: count('foreign'),
          'other-branch': count('other-branch'),
          unknown: count('unknown'),
        })
        return [...found.values()]
      }
      throw new ComebackError(
        'store-unavailable',
        `Could not list ${artifacts}: artifacts are being deleted all the while.`,
        {
          hint: 'Try again when the run that deletes them has ended.',
        },
      )
    },

    async named(name, signal) {
      return (await page({ name }, signal)).artifacts
        .filter(record => record.name === name)
        .flatMap(record => stored(record, options.branch))
    },

    async byId(id, signal) {
      const answer = await ask(`GET ${ROUTE}/{artifact_id}`, { artifact_id: id }, reading, signal, [404, 410])
      return answer === undefined ? undefined : stored(parsed(RECORD, answer.data, reading), options.branch)[0]
    },

    async sign(id, signal) {
      const values = { artifact_id: id, archive_format: 'zip' }
      const answer = await ask(`GET ${ROUTE}/{artifact_id}/{archive_format}`, values, reading, signal, [404, 410])
      if (answer === undefined) return undefined
      const { location } = answer.headers
      if (location !== undefined && URL.canParse(location)) return location
      throw unintelligible(reading, `GitHub named no place to read from (status ${answer.status})`)
    },

    async remove(id, signal) {
      await ask(`DELETE ${ROUTE}/{artifact_id}`, { artifact_id: id }, deleting, signal, [404, 410])
    },

    async isPublic(signal) {
      const answer = await ask('GET /repos/{owner}/{repo}', {}, looking, signal, [])
      const { visibility, private: hidden } = parsed(REPOSITORY, answer?.data, looking)
      // Internal repositories count as private.
      if (visibility !== undefined) return visibility === 'public'
      if (hidden !== undefined) return !hidden
      throw unintelligible(looking, 'GitHub does not say it')
    },
  }
}

type Values = Readonly<Record<string, unknown>>

interface Client {
  request(
    route: string,
    values: Values,
  ): Promise<{
    readonly status: number
    readonly headers: { readonly link?: string | undefined; readonly location?: string | undefined }
    readonly data: unknown
  }>
}

/** Loaded late: a job that uses another store does without it. */
async function openClient({ token, apiUrl }: ApiOptions): Promise<Client> {
  const { getOctokit } = await import('@actions/github')
  // It would write notices of GitHub's to the console.
  const log = { debug: silent, info: silent, warn: silent, error: silent }
  return getOctokit(token, { baseUrl: apiUrl, userAgent: 'comeback', log })
}

function silent(): void {}

/** Undefined if it isn't named as ours are. */
function originOfRecord(record: v.InferOutput<typeof RECORD>, branch: string | undefined): Origin | undefined {
  const name = parseArtifactName(record.name)
  return name === undefined ? undefined : originOf(record.workflow_run, name.run, branch)
}

/** The records that are ours, as artifacts: one or none. */
function stored(record: v.InferOutput<typeof RECORD>, branch: string | undefined): readonly StoredArtifact[] {
  const name = parseArtifactName(record.name)
  if (name === undefined || originOf(record.workflow_run, name.run, branch) !== 'ours') return []
  return [
    {
      id: record.id,
      run: name.run,
      object: name.object,
      size: record.size_in_bytes,
      digest: /^sha256:([0-9a-f]{64})$/.exec(record.digest ?? '')?.[1],
      createdAt: record.created_at ? new Date(record.created_at) : undefined,
      expiresAt: record.expires_at ? new Date(record.expires_at) : undefined,
      expired: record.expired,
    },
  ]
}

function parsed<Schema extends v.GenericSchema>(schema: Schema, data: unknown, errand: Errand): v.InferOutput<Schema> {
  const result = v.safeParse(schema, data)
  if (result.success) return result.output
  throw unintelligible(errand, `GitHub's answer is not what its documentation says (${result.issues[0].message})`)
}

/** Half an answer, or a proxy's page: it may pass. */
function unintelligible({ action }: Errand, reason: string): ComebackError {
  return new ComebackError('store-unavailable', `Could not ${action}: ${reason}.`, {
    hint: 'Try again; githubstatus.com tells whether GitHub has trouble.',
  })
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}
