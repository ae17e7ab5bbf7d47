/**
 * Reads ranges of artifacts. GitHub gives a URL that lives for a minute; what is behind it serves ranges. So a read that breaks
 * off, for whatever reason, asks for a new URL and goes on at the byte it had reached, as long as that gets it further.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { asComebackError, ComebackError } from '../errors.ts'
import type { ArtifactApi, StoredArtifact } from './artifact-api.ts'
import { checkCancelled } from './local-error.ts'
import type { ByteRange } from './store.ts'

const SECOND = 1000
/** A URL is signed for a minute; it must still be good when the request arrives. */
const URL_LIFE = 45 * SECOND
/** In a row, without one byte more. */
const ATTEMPTS = 4
const FIRST_WAIT = 0.5 * SECOND

export interface DownloadOptions {
  readonly api: ArtifactApi
  readonly now: () => number
  readonly sleep: (milliseconds: number, signal: AbortSignal | undefined) => Promise<unknown>
  /** Milliseconds without a byte after which a connection counts as dead. */
  readonly stall: number
}

/** Undefined if the artifact's bytes are gone. */
export type Download = (
  artifact: StoredArtifact,
  range: ByteRange,
  signal: AbortSignal | undefined,
) => Promise<Uint8Array | undefined>

type Fetch = typeof globalThis.fetch

export function artifactDownload({ api, now, sleep, stall }: DownloadOptions): Download {
  const urls = new Map<number, { readonly url: string; readonly until: number }>()

  async function signedUrl(id: number, signal: AbortSignal | undefined): Promise<string | undefined> {
    for (const [other, { until }] of urls) if (until <= now()) urls.delete(other)
    const known = urls.get(id)
    if (known !== undefined) return known.url
    const until = now() + URL_LIFE
    const url = await api.sign(id, signal)
    if (url !== undefined) urls.set(id, { url, until })
    return url
  }

  return async (artifact, { offset, length }, signal) => {
    const fetch = await proxiedFetch()
    const bytes = Buffer.allocUnsafe(length)
    let filled = 0
    for (let attempt = 1; filled < length; attempt++) {
      checkCancelled(signal)
      const before = filled
      let problem: unknown
      try {
        const url = await signedUrl(artifact.id, signal)
        if (url === undefined) return undefined
        const rest = { offset: offset + filled, length: length - filled }
        for await (const part of blobRange({ fetch, url, artifact, range: rest, stall, signal })) {
          // Never more than was asked for, whatever the server sends.
          filled += Buffer.from(part.buffer, part.byteOffset, part.length).copy(bytes, filled)
        }
        problem = new Error('the connection ended early')
      } catch (error) {
        if (signal?.aborted) throw asComebackError(signal.reason)
        if (error instanceof ComebackError) throw error
        problem = error
      }
      if (filled === length) break
      // A URL that has expired fails like anything else; a new one costs one request.
      urls.delete(artifact.id)
      if (filled > before) attempt = 0
      if (attempt >= ATTEMPTS) throw unreadable(artifact, problem)
      if (attempt > 0) await pause(FIRST_WAIT * 2 ** (attempt - 1), signal)
    }
    return bytes
  }

  async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
    try {
      await sleep(milliseconds, signal)
    } catch (interruption) {
      throw signal?.aborted ? asComebackError(signal.reason) : asComebackError(interruption)
    }
  }
}

/** Rejects when the signal aborts. */
export function sleepFor(milliseconds: number, signal: AbortSignal | undefined): Promise<unknown> {
  return wait(milliseconds, undefined, signal === undefined ? {} : { signal })
}

interface BlobRead {
  readonly fetch: Fetch
  readonly url: string
  readonly artifact: StoredArtifact
  readonly range: ByteRange
  readonly stall: number
  readonly signal: AbortSignal | undefined
}

/** The bytes of one answer, which may break off. `damaged` if the server says that there are fewer than GitHub lists. */
async function* blobRange({ fetch, url, artifact, range, stall, signal }: BlobRead): AsyncGenerator<Uint8Array> {
  const stalled = new AbortController()
  const timer = setTimeout(() => stalled.abort(new Error(`no byte came for ${stall / SECOND} s`)), stall)
  try {
    const response = await fetch(url, {
      headers: { range: `bytes=${range.offset}-${range.offset + range.length - 1}` },
      signal: signal === undefined ? stalled.signal : AbortSignal.any([signal, stalled.signal]),
    })
    checkAnswer(response, artifact, range)
    for await (const part of response.body ?? []) {
      timer.refresh()
      yield part
    }
  } finally {
    clearTimeout(timer)
    // Ends the connection of an answer that was not read to its end.
    stalled.abort()
  }
}

function checkAnswer(response: Response, artifact: StoredArtifact, { offset }: ByteRange): void {
  if (response.status === 416) throw shorter(artifact)
  if (response.status === 200 && offset === 0) return
  if (response.status !== 206) throw new Error(`its server answered ${response.status}`)
  const [, start, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get('content-range') ?? '') ?? []
  if (Number(start ?? Number.NaN) !== offset) throw new Error('its server gave another range')
  if (Number(total) < artifact.size) throw shorter(artifact)
}

function shorter({ object, size }: StoredArtifact): ComebackError {
  return new ComebackError('damaged', `${object} is shorter than the ${size} bytes that GitHub lists for it.`, {
    hint: 'Restore from another backup; comeback check tells which are whole.',
  })
}

function unreadable({ object }: StoredArtifact, problem: unknown): ComebackError {
  const cause = problem instanceof Error && problem.cause instanceof Error ? problem.cause : problem
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new ComebackError('store-unavailable', `Could not download ${object}: ${reason}.`, {
    hint: 'Try again; githubstatus.com tells whether GitHub has trouble.',
    cause: problem,
  })
}

/** Node's own `fetch` knows no proxies; the one of GitHub's library takes them from the environment. */
async function proxiedFetch(): Promise<Fetch> {
  const { defaults } = await import('@actions/github/lib/utils')
  return defaults.request?.fetch ?? globalThis.fetch
}
