/**
 * GitHub's cache service, as far as one blob needs it. Its own client packs folders with tar, and unpacks whatever it gets with
 * absolute paths and all, anywhere; any job of the default branch can put such an archive there. Here bytes come and go,
 * and what they are is for us to judge. Nothing is tried twice: a cache is not worth waiting for.
 */
import * as v from 'valibot'
import type { Environment } from '../run/environment.ts'

const SERVICE = 'twirp/github.actions.results.api.v1.CacheService'
/** What an entry is found by besides its key; GitHub's client has a hash of the paths there. */
const VERSION = 'comeback-memory-1'
/** From this version on Azure takes blobs of any size of ours in one request. */
const AZURE_VERSION = '2020-04-08'

const FOUND = v.object({ ok: v.optional(v.boolean()), signed_download_url: v.optional(v.string()) })
const CREATED = v.object({ ok: v.optional(v.boolean()), signed_upload_url: v.optional(v.string()) })
const FINISHED = v.object({ ok: v.optional(v.boolean()) })

export interface CacheService {
  /** The newest entry whose key begins with the prefix; undefined if there is none. Throws if it is larger than `limit` bytes. */
  read(prefix: string, limit: number, signal: AbortSignal): Promise<Uint8Array | undefined>
  /** False if the service does not take it. */
  write(key: string, bytes: Uint8Array, signal: AbortSignal): Promise<boolean>
}

/** Undefined where there is no such service. */
export function cacheService(environment: Environment): CacheService | undefined {
  const {
    ACTIONS_RESULTS_URL: url = '',
    ACTIONS_RUNTIME_TOKEN: token = '',
    ACTIONS_CACHE_SERVICE_V2: second = '',
    ACTIONS_CACHE_MODE: mode = '',
  } = environment
  if (!URL.canParse(url) || token === '' || second === '') return undefined

  async function call<Schema extends v.GenericSchema>(
    method: string,
    body: object,
    schema: Schema,
    signal: AbortSignal,
  ): Promise<v.InferOutput<Schema>> {
    const response = await fetch(new URL(`/${SERVICE}/${method}`, url), {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ version: VERSION, ...body }),
      signal,
    })
    checkStatus(method, response)
    return v.parse(schema, await response.json())
  }

  return {
    async read(prefix, limit, signal) {
      // A run that may not is told so by the runner, and need not ask.
      if (mode === 'none' || mode === 'write-only') return undefined
      const keys = { key: prefix, restore_keys: [prefix] }
      const { ok, signed_download_url: from } = await call('GetCacheEntryDownloadURL', keys, FOUND, signal)
      if (ok !== true || from === undefined) return undefined
      const response = await fetch(from, { signal })
      checkStatus('The download', response)
      return await bounded(response, limit)
    },

    async write(key, bytes, signal) {
      if (mode === 'none' || mode === 'read') return false
      const { ok, signed_upload_url: to } = await call('CreateCacheEntry', { key }, CREATED, signal)
      if (ok !== true || to === undefined) return false
      const response = await fetch(to, {
        method: 'PUT',
        headers: { 'x-ms-blob-type': 'BlockBlob', 'x-ms-version': AZURE_VERSION },
        body: new Uint8Array(bytes),
        signal,
      })
      checkStatus('The upload', response)
      const size = { key, size_bytes: String(bytes.length) }
      return (await call('FinalizeCacheEntryUpload', size, FINISHED, signal)).ok === true
    },
  }
}

async function bounded({ body }: Response, limit: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of body ?? []) {
    size += part.length
    if (size > limit) throw new Error(`The entry has more than ${limit} bytes.`)
    parts.push(part)
  }
  return Buffer.concat(parts)
}

/** The address is a secret, and is not told. */
function checkStatus(what: string, { ok, status }: Response): void {
  if (!ok) throw new Error(`${what} was answered with ${status}.`)
}
