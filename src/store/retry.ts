/**
 * Retrying, in one place. Only `store-unavailable` is repeated: a store says by its codes what may pass. Waits grow
 * exponentially and are jittered, so that lanes that failed together don't come back together.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { asComebackError, type ComebackError, hasCode } from '../errors.ts'
import type { ObjectInfo, Store } from './store.ts'

const ATTEMPTS = 6
/** Milliseconds; each further wait is twice as long, up to the longest. */
const FIRST_WAIT = 500
const LONGEST_WAIT = 20_000

export interface RetryOptions {
  /** Tries in all, the first one among them. */
  readonly attempts?: number
  /** Rejects when the signal aborts. */
  readonly sleep?: (milliseconds: number, signal: AbortSignal | undefined) => Promise<unknown>
  /** From [0, 1). */
  readonly random?: () => number
  /** Told before each wait. */
  readonly onRetry?: (event: RetryEvent) => void
}

export interface RetryEvent {
  readonly error: ComebackError
  /** The try that failed, from 1. */
  readonly attempt: number
  /** Milliseconds until the next. */
  readonly wait: number
}

/** The same store, patient. Throws what the last try threw; `cancelled` when the signal aborts during a wait. */
export function withRetry(store: Store, options: RetryOptions = {}): Store {
  const { attempts = ATTEMPTS, sleep = sleepFor, random = Math.random, onRetry } = options

  /** Waits after a failed try, or throws on. */
  async function pause(error: unknown, attempt: number, signal: AbortSignal | undefined): Promise<void> {
    if (!hasCode(error, 'store-unavailable') || attempt >= attempts) throw error
    const longest = Math.min(FIRST_WAIT * 2 ** (attempt - 1), LONGEST_WAIT)
    const milliseconds = Math.round(longest * (0.5 + random() / 2))
    onRetry?.({ error, attempt, wait: milliseconds })
    if (signal?.aborted) throw asComebackError(signal.reason)
    try {
      await sleep(milliseconds, signal)
    } catch (interruption) {
      throw asComebackError(interruption)
    }
  }

  async function repeating<T>(signal: AbortSignal | undefined, run: (attempt: number) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await run(attempt)
      } catch (error) {
        await pause(error, attempt, signal)
      }
    }
  }

  return {
    location: store.location,
    ...(store.place === undefined ? {} : { place: store.place }),
    packSize: store.packSize,
    ...(store.tidy === undefined ? {} : { tidy: signal => store.tidy?.(signal) ?? Promise.resolve() }),

    async *list(prefix, signal) {
      // A listing that breaks off is begun again; what was yielded before is not yielded twice.
      const yielded = new Set<string>()
      for (let attempt = 1; ; attempt++) {
        const before = yielded.size
        try {
          yield* unlisted(store.list(prefix, signal), yielded)
          return
        } catch (error) {
          // A long listing that gets further each time has not failed so often in a row.
          if (yielded.size > before) attempt = 1
          await pause(error, attempt, signal)
        }
      }
    },

    put: (name, body, signal) =>
      repeating(signal, async attempt => {
        try {
          await store.put(name, body, signal)
        } catch (error) {
          // The try before may have stored the object and lost only the answer.
          const mine = attempt > 1 && hasCode(error, 'already-exists') && (await holds(store, name, body, signal))
          if (!mine) throw error
        }
      }),

    get: (name, get = {}) => repeating(get.signal, () => store.get(name, get)),
    stat: (name, signal) => repeating(signal, () => store.stat(name, signal)),
    delete: (name, signal) => repeating(signal, () => store.delete(name, signal)),
  }
}

async function* unlisted(objects: AsyncIterable<ObjectInfo>, yielded: Set<string>): AsyncGenerator<ObjectInfo> {
  for await (const object of objects) {
    if (yielded.has(object.name)) continue
    yielded.add(object.name)
    yield object
  }
}

async function holds(
  store: Store,
  name: string,
  body: readonly Uint8Array[],
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const length = body.reduce((sum, part) => sum + part.length, 0)
  const { size } = await store.stat(name, signal)
  if (size !== length) return false
  const there = await store.get(name, { limit: length, ...(signal === undefined ? {} : { signal }) })
  let offset = 0
  for (const part of body) {
    if (Buffer.compare(there.subarray(offset, offset + part.length), part) !== 0) return false
    offset += part.length
  }
  return true
}

function sleepFor(milliseconds: number, signal: AbortSignal | undefined): Promise<unknown> {
  return wait(milliseconds, undefined, signal === undefined ? {} : { signal })
}
