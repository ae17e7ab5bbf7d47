/** Questions on a terminal. They go to stderr, so that stdout holds the result alone. */
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { ComebackError } from '../errors.ts'
import type { JobContext } from '../job-context.ts'
import type { Output } from '../run/display.ts'

/** A terminal's input; while nobody is asked it must not keep the process alive. */
export type Input = Readable & { readonly isTTY?: boolean; ref?(): unknown; unref?(): unknown }

/** Undefined where nobody could answer. Aborting, and the end of the input, reject with `cancelled`. */
export function askOn(stdin: Input, stderr: Output, signal: AbortSignal): JobContext['ask'] {
  if (stdin.isTTY !== true || stderr.isTTY !== true) return undefined
  // One reader for all questions, so that lines that were pasted at once are not lost. Not as a terminal: then the line is
  // the terminal's own to edit, and Ctrl-C stays a signal.
  let lines: AsyncIterator<string> | undefined
  return async question => {
    signal.throwIfAborted()
    stderr.write(question)
    lines ??= createInterface({ input: stdin, terminal: false })[Symbol.asyncIterator]()
    stdin.ref?.()
    try {
      const { value, done } = await orAborted(lines.next(), signal)
      if (done !== true) return value
      throw new ComebackError('cancelled', 'The question was not answered: the input ended.')
    } finally {
      stdin.unref?.()
    }
  }
}

async function orAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = () => reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
