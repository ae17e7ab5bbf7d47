/** Questions on a terminal. They go to stderr, so that stdout holds the result alone. */
import { createInterface } from 'node:readline/promises'
import { ComebackError } from '../errors.ts'

export type Ask = (question: string) => Promise<string>

/** Undefined where nobody could answer. Aborting, and the end of the input, reject with `cancelled`. */
export function askOn(stdin: NodeJS.ReadStream, stderr: NodeJS.WriteStream, signal: AbortSignal): Ask | undefined {
  if (!stdin.isTTY || !stderr.isTTY) return undefined
  return async question => {
    // Not as a terminal: then the line is the terminal's own to edit, and Ctrl-C stays a signal.
    const lines = createInterface({ input: stdin, output: stderr, terminal: false })
    const ended = new Promise<never>((_, reject) => {
      lines.once('close', () => reject(new ComebackError('cancelled', 'The question was not answered.')))
    })
    try {
      return await Promise.race([lines.question(question, { signal }), ended])
    } catch (error) {
      throw signal.aborted ? signal.reason : error
    } finally {
      // What `close` rejects then has nobody waiting for it any more.
      ended.catch(() => undefined)
      lines.close()
    }
  }
}
