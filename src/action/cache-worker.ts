/**
 * Restores or saves one folder with GitHub's own cache client, in a thread. The client cannot be cancelled, writes errors to the
 * job's log that are none, and may throw where nobody can catch it: out here all of that ends with the thread.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { isFeatureAvailable, restoreCache, saveCache } from '@actions/cache'

export interface CacheRequest {
  readonly action: 'restore' | 'save'
  readonly folder: string
  readonly key: string
  /** What keys of earlier runs begin with. */
  readonly prefix: string
  /** Milliseconds. */
  readonly limit: number
}

/** Text for the debug log. */
export type CacheAnswer = string

const { action, folder, key, prefix, limit }: CacheRequest = workerData

parentPort?.postMessage(await answer())

async function answer(): Promise<CacheAnswer> {
  if (!isFeatureAvailable()) return 'There is no cache service.'
  try {
    if (action === 'save') {
      const id = await saveCache([folder], key)
      return id > 0 ? `${key} was saved.` : `${key} was not saved.`
    }
    const found = await restoreCache([folder], key, [prefix], { timeoutInMs: limit, segmentTimeoutInMs: limit })
    return found === undefined ? 'Nothing was restored.' : `${found} was restored.`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
