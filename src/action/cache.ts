/**
 * What is remembered of a store goes from run to run in GitHub's cache, which may lose it at any time. It is never the only
 * copy of anything and nothing waits long for it: whatever goes wrong with it is a line in the debug log.
 *
 * A cache is an archive that the client unpacks before anyone can look at it; GitHub lets only runs of the same branch, or
 * of the default branch, write what this run restores. What is unpacked is believed no further than the store itself.
 */
import { createHash } from 'node:crypto'
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { asComebackError } from '../errors.ts'
import type { Options, Verb } from '../options.ts'
import type { Environment } from '../run/environment.ts'
import type { CacheAnswer, CacheRequest } from './cache-worker.ts'

/** Milliseconds for each way. */
const LIMIT = 20_000
/** Bytes of the folder beyond which it is not worth its way. */
const FOLDER_LIMIT = 256 * 1024 * 1024
/** `check` and `prune` must see the store itself, a restore reads little, and a list is asked for by a person now and then. */
const VERBS: readonly Verb[] = ['backup', 'status', 'report']
const REMOTE = /^(artifact:|s3:\/\/)/

export interface CacheOptions {
  readonly verb: Verb
  readonly options: Pick<Options, 'store' | 's3Endpoint'>
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
  const { verb, options, environment, signal, debug } = request
  const { RUNNER_TEMP: temporary = '', ACTIONS_RUNTIME_TOKEN: token = '', GITHUB_RUN_ID: id = '' } = environment
  if (!VERBS.includes(verb) || !REMOTE.test(options.store) || [temporary, token, id].includes('')) return undefined
  const place = createHash('sha256')
    .update(JSON.stringify([options.store, options.s3Endpoint ?? '', environment.GITHUB_REPOSITORY ?? '']))
    .digest('hex')
    .slice(0, 16)
  const prefix = `comeback-${place}-`
  const call = {
    folder: join(temporary, `comeback-memory-${place}`),
    key: `${prefix}${id}-${environment.GITHUB_RUN_ATTEMPT || '1'}`,
    prefix,
    limit: request.limit ?? LIMIT,
  }
  const { folder } = call
  await attempt(debug, async () => debug(`Cache: ${await ask({ ...call, action: 'restore' }, request)}`))
  const before = await attempt(debug, () => contents(folder))
  return {
    folder,
    async save() {
      await attempt(debug, async () => {
        const after = await contents(folder)
        if (signal.aborted || after === before || after === '') return
        debug(`Cache: ${await ask({ ...call, action: 'save' }, request)}`)
      })
    },
  }
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
    const { size, mtimeMs } = await stat(join(folder, name))
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

/** Rejects with what ended the thread early, be it the time limit or the signal. */
async function ask(workerData: CacheRequest, { environment, signal }: CacheOptions): Promise<CacheAnswer> {
  const env = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined))
  const worker = new Worker(workerFile(), { workerData, env, stdout: true, stderr: true })
  // The client's own words: errors that are none, and addresses that are secret.
  worker.stdout.resume()
  worker.stderr.resume()
  const limited = AbortSignal.any([signal, AbortSignal.timeout(workerData.limit)])
  const { promise, resolve, reject } = Promise.withResolvers<CacheAnswer>()
  const stop = () => reject(limited.reason)
  limited.addEventListener('abort', stop, { once: true })
  worker.once('message', resolve)
  worker.on('error', reject)
  worker.once('exit', code => reject(new Error(`The thread that asks for it ended with ${code}.`)))
  try {
    if (limited.aborted) stop()
    return await promise
  } finally {
    limited.removeEventListener('abort', stop)
    await worker.terminate()
  }
}

/** The worker lies beside this file: as TypeScript in the sources, as a bundle of its own in a build. */
function workerFile(): URL {
  return new URL(`./cache-worker.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url)
}
