/**
 * What is remembered of a store goes from run to run in GitHub's cache, which may lose it at any time. It is never the only
 * copy of anything and nothing waits long for it: whatever goes wrong with it is a line in the debug log.
 *
 * GitHub lets only runs of the same branch, or of the default branch, write what this run reads; code of others may run in
 * those. So what comes is one piece of bytes that is read here (`cache-blob.ts`), nothing is unpacked, and what it says
 * is believed no further than the store itself.
 */
import { createHash } from 'node:crypto'
import { lstat, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { asComebackError } from '../errors.ts'
import { MiB } from '../format/sizes.ts'
import type { Options, Verb } from '../options.ts'
import type { Environment } from '../run/environment.ts'
import { decodeMemory, encodeMemory } from './cache-blob.ts'
import { cacheService } from './cache-service.ts'

/** Milliseconds for each way. */
const LIMIT = 20_000
/** Bytes of the folder beyond which it is not worth its way. */
const FOLDER_LIMIT = 128 * MiB
/** Names and lengths come on top. */
const BLOB_LIMIT = FOLDER_LIMIT + 8 * MiB
/** `check` and `prune` must see the store itself, a restore reads little, and a list is asked for by a person now and then. */
const VERBS: readonly Verb[] = ['backup', 'status', 'report']
const REMOTE = /^(artifact:|s3:\/\/)/

export interface CacheOptions {
  readonly verb: Verb
  readonly options: Pick<Options, 'store' | 's3Endpoint'>
  /** False where the workflow does without. */
  readonly wanted: boolean
  readonly environment: Environment
  readonly signal: AbortSignal
  /** A line for the debug log. */
  readonly debug: (text: string) => void
  /** Milliseconds for each way. */
  readonly limit?: number
}

export interface Cache {
  /** For `JobContext.memory`. */
  readonly folder: string
  /** If the run has changed it. */
  save(): Promise<void>
}

/** Restores what an earlier run has saved. Undefined where there is nothing to gain, or no cache. Never throws. */
export async function restoreCache(request: CacheOptions): Promise<Cache | undefined> {
  const { verb, options, wanted, environment, signal, debug } = request
  const { RUNNER_TEMP: temporary = '', ACTIONS_RUNTIME_TOKEN: token = '', GITHUB_RUN_ID: id = '' } = environment
  if (!wanted || !VERBS.includes(verb) || !REMOTE.test(options.store)) return undefined
  if ([temporary, token, id].includes('')) return undefined
  const place = createHash('sha256')
    .update(JSON.stringify([options.store, options.s3Endpoint ?? '', environment.GITHUB_REPOSITORY ?? '']))
    .digest('hex')
    .slice(0, 16)
  const prefix = `comeback-${place}-`
  const key = `${prefix}${id}-${environment.GITHUB_RUN_ATTEMPT || '1'}`
  const folder = join(temporary, `comeback-memory-${place}`)
  const service = cacheService(environment)
  const limited = () => AbortSignal.any([signal, AbortSignal.timeout(request.limit ?? LIMIT)])
  if (service === undefined) debug('Cache: There is no cache service.')
  await attempt(debug, async () => {
    const blob = await service?.read(prefix, BLOB_LIMIT, limited())
    if (blob !== undefined) await unpack(blob, folder)
    debug(`Cache: ${blob === undefined ? 'Nothing' : `${blob.length} bytes`} came from an earlier run.`)
  })
  const before = await attempt(debug, () => contents(folder))
  return {
    folder,
    async save() {
      await attempt(debug, async () => {
        const after = await contents(folder)
        if (service === undefined || signal.aborted || after === before || after === '') return
        const saved = await service.write(key, await pack(folder), limited())
        debug(`Cache: ${key} was ${saved ? '' : 'not '}saved.`)
      })
    },
  }
}

async function unpack(blob: Uint8Array, folder: string): Promise<void> {
  const files = decodeMemory(blob)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  for (const [name, bytes] of files) {
    const file = join(folder, name)
    // Never through a link that lies there.
    await rm(file, { recursive: true, force: true })
    await writeFile(file, bytes, { mode: 0o600, flag: 'wx' })
  }
}

async function pack(folder: string): Promise<Uint8Array> {
  const files = new Map<string, Uint8Array>()
  for (const name of await readdir(folder)) {
    const file = join(folder, name)
    if ((await lstat(file)).isFile()) files.set(name, await readFile(file))
  }
  return encodeMemory(files)
}

/** What the folder holds, as a text that changes with it. One that has grown too large begins anew. */
async function contents(folder: string): Promise<string> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  })
  let bytes = 0
  const files = []
  for (const name of names.sort()) {
    const { size, mtimeMs } = await lstat(join(folder, name))
    bytes += size
    files.push(`${name} ${size} ${mtimeMs}`)
  }
  if (bytes <= FOLDER_LIMIT) return files.join('\n')
  await rm(folder, { recursive: true, force: true })
  return ''
}

async function attempt<T>(debug: CacheOptions['debug'], run: () => Promise<T>): Promise<T | undefined> {
  try {
    return await run()
  } catch (error) {
    debug(`Cache: ${asComebackError(error).message}`)
    return undefined
  }
}
