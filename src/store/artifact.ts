/**
 * Objects as artifacts of a GitHub repository, across all its runs. Reading, listing and deleting go by the REST API, from
 * anywhere, with a token; storing goes by GitHub's own client, which works in a step of the Action alone.
 *
 * Limits of GitHub's: 500 artifacts a job, each of one object here, so 500 packs of 16 MiB are the 7.8 GiB of new data that
 * one job can store. Memory is bounded by the packs in flight, two for each lane, and the blocks that the client holds of
 * those being uploaded.
 */
import { createHash } from 'node:crypto'
import { ComebackError } from '../errors.ts'
import { MiB } from '../format/sizes.ts'
import { type ApiOptions, type ArtifactApi, artifactApi, type StoredArtifact } from './artifact-api.ts'
import { Catalogue } from './artifact-catalogue.ts'
import { artifactContest, type Vouching } from './artifact-contest.ts'
import { artifactDownload, sleepFor } from './artifact-download.ts'
import { Retention, type RetentionWish } from './artifact-retention.ts'
import { artifactUploader, type Put } from './artifact-upload.ts'
import { ELSEWHERE } from './artifact-upload-error.ts'
import { uploadThread } from './artifact-upload-thread.ts'
import { checkCancelled } from './local-error.ts'
import { checkObjectName } from './object-name.ts'
import type { ByteRange, ObjectInfo, Store } from './store.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const PACK_SIZE = 16 * MiB
/** GitHub's client itself gives up after five minutes without progress. */
const LIMITS: Limits = { request: 30 * SECOND, stall: 30 * SECOND, upload: 20 * MINUTE }

export interface ArtifactStoreOptions {
  /** `owner/name`. */
  readonly repository: string
  /** Only what its runs made counts; undefined for runs of any branch. */
  readonly branch?: string | undefined
  readonly token: string | undefined
  readonly github: GitHub
  /** Folder for the files that are uploaded. */
  readonly temporary: string
  readonly retention: RetentionWish
  /** Store in a public repository, too. */
  readonly allowPublic: boolean
  readonly warn: (message: string, hint: string) => void
  /** Tells which of several artifacts is the backup's own. */
  readonly vouching?: Vouching
  /** Bytes. */
  readonly packSize?: number
  readonly now?: () => number
  readonly sleep?: (milliseconds: number, signal: AbortSignal | undefined) => Promise<unknown>
  readonly limits?: Partial<Limits>
}

/** Where GitHub is, and which run this is, if it is one of the Action. */
export interface GitHub {
  readonly apiUrl: string
  readonly serverUrl: string
  /** The repository of the run. */
  readonly repository: string | undefined
  readonly run:
    | {
        readonly id: string
        readonly attempt: string
        readonly retentionDays: number | undefined
        readonly branch?: string
      }
    | undefined
}

/** Milliseconds. */
export interface Limits {
  /** For one request to the API. */
  readonly request: number
  /** Without a byte, in a download. */
  readonly stall: number
  /** For one upload. */
  readonly upload: number
}

/** Throws `usage` without a token, `unsupported` where GitHub has no such artifacts. */
export function openArtifactStore(options: ArtifactStoreOptions): Store {
  const { repository, github, now = Date.now, sleep = sleepFor } = options
  const limits = { ...LIMITS, ...options.limits }
  checkServer(github.serverUrl)
  const token = needToken(options.token, repository)
  const api = artifactApi({
    repository,
    branch: options.branch,
    token,
    apiUrl: github.apiUrl,
    now,
    sleep,
    patience: limits.request,
    strangers: warnOfStrangers(repository, options.warn),
  })
  const catalogue = new Catalogue(api, now)
  const download = artifactDownload({ api, now, sleep, stall: limits.stall })
  const settle = artifactContest({ catalogue, download, vouching: options.vouching })
  const put = putter(options, api, catalogue, limits, now)
  /** By object: puts of one name take turns. */
  const putting = new Map<string, Promise<void>>()

  async function find(name: string, signal: AbortSignal | undefined): Promise<StoredArtifact> {
    checkCancelled(signal)
    checkObjectName(name)
    const found = await catalogue.find(name, signal)
    if (found !== undefined) await settle(name, signal)
    const artifact = found && catalogue.live(name)
    if (artifact !== undefined) return artifact
    throw notFound(name, repository, catalogue.expiry(name))
  }

  return {
    location: `artifact:${repository}`,
    place: `${github.apiUrl} ${repository.toLowerCase()}`,
    packSize: options.packSize ?? PACK_SIZE,

    async *list(prefix, signal) {
      checkCancelled(signal)
      await catalogue.refresh(signal)
      for (const artifact of catalogue.objects()) {
        checkCancelled(signal)
        if (artifact.object.startsWith(prefix)) yield infoOf(artifact)
      }
    },

    async put(name, body, signal) {
      checkCancelled(signal)
      checkObjectName(name)
      for (let other = putting.get(name); other !== undefined; other = putting.get(name)) {
        await other.catch(() => undefined /* Its own caller hears of it. */)
        checkCancelled(signal)
      }
      const mine = put(name, body, signal)
      putting.set(name, mine)
      try {
        await mine
      } finally {
        putting.delete(name)
      }
    },

    async get(name, { range, limit, signal } = {}) {
      for (;;) {
        const artifact = await find(name, signal)
        checkSize(artifact, range, limit)
        const bytes = await download(artifact, range ?? { offset: 0, length: artifact.size }, signal)
        const damage = bytes === undefined || range !== undefined ? undefined : digestError(artifact, bytes)
        if (damage !== undefined && catalogue.candidates(name).length === 1) throw damage
        if (bytes !== undefined && damage === undefined) return bytes
        // There may be another one, or word of its end.
        catalogue.lose(artifact.id)
      }
    },

    async stat(name, signal) {
      return infoOf(await find(name, signal))
    },

    async delete(name, signal) {
      checkCancelled(signal)
      checkObjectName(name)
      await catalogue.find(name, signal)
      for (const { id } of catalogue.all(name)) {
        await api.remove(id, signal)
        catalogue.forget(id)
      }
    },
  }
}

/** Everything that a put must know beforehand is looked up at the first one; what does not hold refuses all of them. */
function putter(
  { repository, branch, github, temporary, allowPublic, retention: wish, warn }: ArtifactStoreOptions,
  api: ArtifactApi,
  catalogue: Catalogue,
  limits: Limits,
  now: () => number,
): Put {
  const { run } = github
  if (run === undefined) {
    return async object => {
      throw new ComebackError(
        'unsupported',
        `Could not upload ${object}: only a step of the Action can store artifacts.`,
        {
          hint: ELSEWHERE,
        },
      )
    }
  }
  if (github.repository?.toLowerCase() !== repository.toLowerCase()) {
    return async object => {
      throw new ComebackError(
        'unsupported',
        `Could not upload ${object}: a run of ${github.repository ?? 'another repository'} cannot store artifacts in ${repository}.`,
        { hint: 'Use --store artifact: without a repository, or a bucket: --store s3://BUCKET/PREFIX.' },
      )
    }
  }
  if (branch !== undefined && run.branch !== undefined && run.branch !== branch) {
    return async object => {
      throw new ComebackError(
        'unsupported',
        `Could not upload ${object}: this run is of ${run.branch}, and only artifacts of ${branch} count.`,
        { hint: 'Run it on that branch, or leave out --artifact-branch everywhere.' },
      )
    }
  }
  const retention = new Retention({ wish, most: run.retentionDays, repository, warn })
  const upload = uploadThread(limits.upload)
  const put = artifactUploader({ api, catalogue, retention, upload, run, temporary, now })
  let allowed: Promise<void> | undefined

  async function checkVisibility(signal: AbortSignal | undefined): Promise<void> {
    if (!allowPublic && (await api.isPublic(signal))) throw openToAll(repository)
  }

  return async (object, parts, signal) => {
    // Several lanes begin at once, and share the question; one that got no answer is asked again.
    allowed ??= checkVisibility(signal).catch((error: unknown) => {
      allowed = undefined
      throw error
    })
    await allowed
    retention.checkLimit()
    await put(object, parts, signal)
  }
}

/** Once a store. No name is told: whoever made them chose it. */
function warnOfStrangers(repository: string, warn: ArtifactStoreOptions['warn']): ApiOptions['strangers'] {
  let warned = false
  return ({ foreign, 'other-branch': otherBranch, unknown }) => {
    if (warned || foreign + otherBranch + unknown === 0) return
    warned = true
    if (foreign > 0) {
      warn(
        `${foreign} artifacts of ${repository} are named as backups are, and were made by runs of other repositories' code, such as pull requests from forks. They do not count.`,
        'Look into the pull requests of that time: somebody may have tried to get in the way of the backups.',
      )
    }
    if (otherBranch > 0) {
      warn(
        `${otherBranch} artifacts of ${repository} that are named as backups are were made by runs of other branches. They do not count.`,
        'If backups are made on other branches, too, leave out --artifact-branch.',
      )
    }
    if (unknown > 0) {
      warn(
        `Of ${unknown} artifacts of ${repository} that are named as backups are, GitHub does not say which run made them. They do not count: a fork's pull request could have.`,
        'Use a bucket where GitHub does not say it: --store s3://BUCKET/PREFIX.',
      )
    }
  }
}

function checkServer(serverUrl: string): void {
  const host = URL.canParse(serverUrl) ? new URL(serverUrl).hostname.toLowerCase() : serverUrl
  if (host === 'github.com' || host.endsWith('.ghe.com') || host.endsWith('.localhost')) return
  throw new ComebackError(
    'unsupported',
    `${host} is a GitHub Enterprise Server, which has no artifacts of the kind that backups need.`,
    { hint: 'Use a bucket: --store s3://BUCKET/PREFIX.' },
  )
}

function needToken(token: string | undefined, repository: string): string {
  if (token !== undefined && token !== '') return token
  throw new ComebackError('usage', `The artifacts of ${repository} need a token.`, {
    hint: 'Set GITHUB_TOKEN to one with the right actions: read, or actions: write to prune.',
  })
}

function openToAll(repository: string): ComebackError {
  return new ComebackError(
    'usage',
    `${repository} is public: anyone who is signed in to GitHub could download its backups.`,
    {
      hint: 'They would be encrypted, but only the key would protect them, for good. Use a bucket (--store s3://BUCKET/PREFIX) or a private repository, or accept it with allow-public-artifacts: true.',
    },
  )
}

function notFound(name: string, repository: string, expiredAt: Date | undefined): ComebackError {
  if (expiredAt === undefined) return new ComebackError('not-found', `No artifact of ${repository} holds ${name}.`)
  return new ComebackError(
    'not-found',
    `${name} expired on ${expiredAt.toISOString().slice(0, 10)}: GitHub keeps no artifact of ${repository} that holds it.`,
    { hint: 'How long artifacts are kept is asked for with --retention-days, and limited by the repository.' },
  )
}

function infoOf({ object: name, size, createdAt, expiresAt }: StoredArtifact): ObjectInfo {
  return {
    ...{ name, size },
    ...(createdAt === undefined ? {} : { writtenAt: createdAt }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  }
}

function checkSize({ object, size }: StoredArtifact, range: ByteRange | undefined, limit: number | undefined): void {
  if (limit !== undefined && size > limit) {
    throw new ComebackError('damaged', `${object} has ${size} bytes, more than the ${limit} that it may have.`)
  }
  if (range !== undefined && range.offset + range.length > size) {
    const end = range.offset + range.length
    throw new ComebackError('damaged', `${object} has ${size} bytes, and ends before byte ${end}.`)
  }
}

function digestError({ object, digest }: StoredArtifact, bytes: Uint8Array): ComebackError | undefined {
  if (digest === undefined || createHash('sha256').update(bytes).digest('hex') === digest) return undefined
  return new ComebackError('damaged', `The bytes of ${object} are not those that were uploaded: their SHA-256 differs.`)
}
