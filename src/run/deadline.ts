/** When a run is over though it hasn't ended: cancelled, out of time, or deaf to both. */
import { ComebackError } from '../errors.ts'
import { durationText } from '../report/quantities.ts'

/** Milliseconds that an aborted run gets to close what is open: a person waits, a time-out doesn't. */
const GRACE = { cancelled: 3_000, timeout: 15_000 } as const

/**
 * Runs with a signal that aborts when `signal` does or when the time is up, with the reason as a `ComebackError`. Whatever
 * comes of an aborted run then is thrown as that reason; a run that doesn't heed the signal is left behind.
 */
export async function withDeadline<Result>(
  timeout: number | undefined,
  signal: AbortSignal,
  run: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const time = new AbortController()
  const timer = timeout === undefined ? undefined : setTimeout(() => time.abort(timeoutError(timeout)), timeout)
  const either = AbortSignal.any([signal, time.signal])
  const patience = new AbortController()
  try {
    return await Promise.race([run(either), graceOver(either, patience.signal)])
  } catch (error) {
    if (!either.aborted || error === either.reason) throw error
    const { code, message, hint } = reasonOf(either)
    throw new ComebackError(code, message, { hint, cause: error })
  } finally {
    clearTimeout(timer)
    patience.abort()
  }
}

function timeoutError(timeout: number): ComebackError {
  return new ComebackError(
    'timeout',
    `The run was stopped: --timeout of ${durationText(timeout / 1000)} was reached.`,
    {
      hint: 'Give it more time, more connections (--lanes), or less to do (--exclude-table-data, --schema-only).',
    },
  )
}

function graceOver(signal: AbortSignal, done: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const begin = (): void => {
      const reason = reasonOf(signal)
      const timer = setTimeout(() => reject(reason), reason.code === 'timeout' ? GRACE.timeout : GRACE.cancelled)
      done.addEventListener('abort', () => clearTimeout(timer), { once: true })
    }
    if (signal.aborted) begin()
    else signal.addEventListener('abort', begin, { once: true })
  })
}

function reasonOf(signal: AbortSignal): ComebackError {
  const reason: unknown = signal.reason
  return reason instanceof ComebackError
    ? reason
    : new ComebackError('cancelled', 'The run was cancelled.', { cause: reason })
}
