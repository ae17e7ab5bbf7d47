/**
 * One thread for all uploads of a store: loading GitHub's client takes most of a second of CPU time, and uploads side by side
 * share it well. What ends the thread interrupts all that are on their way in it; each is tried again, in a new thread.
 */
import { Worker } from 'node:worker_threads'
import { asComebackError } from '../errors.ts'
import type { UploadAnswer, UploadRequest } from './artifact-upload-worker.ts'

const SECOND = 1000

/** `interrupted` if the thread ended without an answer: what became of the artifact is unknown. */
export type UploadOutcome = UploadAnswer | { readonly type: 'interrupted'; readonly message: string }

export type Upload = (request: UploadRequest, signal: AbortSignal | undefined) => Promise<UploadOutcome>

interface Thread {
  readonly worker: Worker
  /** By number of the request. */
  readonly waiting: Map<number, (outcome: UploadOutcome) => void>
}

/** `limit`: milliseconds for one upload. Throws only what the signal says, after the upload has been stopped. */
export function uploadThread(limit: number): Upload {
  let running: Thread | undefined
  let requests = 0

  /** The client can't be told to stop one upload: the whole thread goes. */
  async function stop(thread: Thread, message: string): Promise<void> {
    if (running === thread) running = undefined
    for (const answer of thread.waiting.values()) answer({ type: 'interrupted', message })
    thread.waiting.clear()
    await thread.worker.terminate()
  }

  function start(): Thread {
    const worker = new Worker(workerFile(), { stdout: true, stderr: true })
    const thread: Thread = { worker, waiting: new Map() }
    worker.on('message', ({ request, ...answer }: UploadAnswer & { readonly request: number }) => {
      thread.waiting.get(request)?.(answer)
    })
    worker.on('error', error => void stop(thread, error instanceof Error ? error.message : String(error)))
    worker.on('exit', () => void stop(thread, 'the thread that uploads ended'))
    return thread
  }

  return async (request, signal) => {
    if (signal?.aborted) throw asComebackError(signal.reason)
    running ??= start()
    const thread = running
    const { worker, waiting } = thread
    const number = requests++
    const { promise, resolve, reject } = Promise.withResolvers<UploadOutcome>()
    waiting.set(number, resolve)
    worker.ref()
    const late = () => void stop(thread, `it took longer than ${Math.round(limit / SECOND)} s`)
    const timer = setTimeout(late, limit)
    const onAbort = (): void => {
      waiting.delete(number)
      void stop(thread, 'another upload was cancelled').then(() => reject(asComebackError(signal?.reason)))
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    worker.postMessage({ request: number, ...request })
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      waiting.delete(number)
      // An idle thread must not keep the job from ending.
      if (waiting.size === 0) worker.unref()
    }
  }
}

/** The worker lies beside this file: as TypeScript in the sources, as a bundle of its own in a build. */
function workerFile(): URL {
  return new URL(`./artifact-upload-worker.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url)
}
