/** A thread for each upload that runs at the time, kept for the next one: loading GitHub's client takes a while. */
import { Worker } from 'node:worker_threads'
import { asComebackError } from '../errors.ts'
import type { UploadAnswer, UploadRequest } from './artifact-upload-worker.ts'

const SECOND = 1000

/** `interrupted` if the thread ended without an answer: what became of the artifact is unknown. */
export type UploadOutcome = UploadAnswer | { readonly type: 'interrupted'; readonly message: string }

export type Upload = (request: UploadRequest, signal: AbortSignal | undefined) => Promise<UploadOutcome>

/** `limit`: milliseconds for one upload. Throws only what the signal says, after the upload has been stopped. */
export function uploadThreads(limit: number): Upload {
  const idle: Worker[] = []

  function start(): Worker {
    const worker = new Worker(workerFile(), { stdout: true, stderr: true })
    // One that ends while it is idle must not crash the job, nor be used again.
    worker.on('error', () => remove(idle, worker))
    worker.on('exit', () => remove(idle, worker))
    return worker
  }

  return async (request, signal) => {
    if (signal?.aborted) throw asComebackError(signal.reason)
    const worker = idle.pop() ?? start()
    worker.ref()
    const { promise, resolve, reject } = Promise.withResolvers<UploadOutcome>()
    const interrupted = (message: string) => resolve({ type: 'interrupted', message })
    const onAbort = () => reject(asComebackError(signal?.reason))
    const onError = (error: unknown) => interrupted(error instanceof Error ? error.message : String(error))
    const onExit = () => interrupted('the thread that uploads ended')
    const timer = setTimeout(() => interrupted(`it took longer than ${Math.round(limit / SECOND)} s`), limit)
    signal?.addEventListener('abort', onAbort, { once: true })
    worker.on('message', resolve)
    worker.on('error', onError)
    worker.on('exit', onExit)
    worker.postMessage(request)
    let answered = false
    try {
      const outcome = await promise
      answered = outcome.type !== 'interrupted'
      return outcome
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      worker.off('message', resolve).off('error', onError).off('exit', onExit)
      if (answered) {
        // An idle thread must not keep the job from ending.
        worker.unref()
        idle.push(worker)
      } else await worker.terminate()
    }
  }
}

function remove(workers: Worker[], worker: Worker): void {
  const index = workers.indexOf(worker)
  if (index >= 0) workers.splice(index, 1)
}

/** The worker lies beside this file: as TypeScript in the sources, as a bundle of its own in a build. */
function workerFile(): URL {
  return new URL(`./artifact-upload-worker.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url)
}
