/** Ctrl+C and `kill`: the first asks the run to stop, the second doesn't ask, and five seconds are the end in any case. */
import { ComebackError } from '../errors.ts'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const
/** Milliseconds from the first signal to the end, whatever still hangs. */
const LAST_MOMENT = 4_500
export const EXIT_CANCELLED = 130

export interface Process {
  on(event: 'SIGINT' | 'SIGTERM', listener: (signal: NodeJS.Signals) => void): unknown
  exit(code: number): unknown
}

/** Aborts with a `cancelled` error as its reason. */
export function cancelledBySignals(process: Process): AbortSignal {
  const controller = new AbortController()
  const cancel = (signal: NodeJS.Signals): void => {
    if (controller.signal.aborted) {
      process.exit(EXIT_CANCELLED)
      return
    }
    setTimeout(() => process.exit(EXIT_CANCELLED), LAST_MOMENT).unref()
    controller.abort(new ComebackError('cancelled', `The run was cancelled by ${signal}.`))
  }
  for (const signal of SIGNALS) process.on(signal, cancel)
  return controller.signal
}
