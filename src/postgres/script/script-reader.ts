/**
 * A pg_dump script as a stream of pieces, in the order of the text. Statements are held in memory, each by itself; the rows of a
 * COPY and the parts of large objects never are.
 *
 * The lexer needs the whole of a statement. Text that ends inside one says nothing about what comes next, but everything before
 * its last complete statement is certain: a token that was cut is the last of the text, so no semicolon follows it.
 */
import { ComebackError, hasCode } from '../../errors.ts'
import { MiB } from '../../format/sizes.ts'
import { pieces } from '../schema/sql-lexer.ts'

/** Bytes of one statement. A quote that was damaged would otherwise take in all the rest of the file. */
const STATEMENT_LIMIT = 64 * MiB

const NEWLINE = 0x0a
const LINE_OF_DOT = Buffer.from('\n\\.')
const ROWS_END = Buffer.from('\n\\.\n')

export interface ScriptPiece {
  readonly type: 'statement' | 'line-comment' | 'block-comment' | 'command'
  /** Without semicolon. */
  readonly text: string
  /** Every byte since the piece before it, semicolon and all. */
  readonly raw: Buffer
  /** Of the script, counted from 1, where the piece begins. */
  readonly line: number
}

export class ScriptReader {
  /** The line that is read now. */
  line = 1
  readonly #bytes: AsyncIterator<Uint8Array>
  #pending: Buffer = Buffer.alloc(0)
  #ended = false

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.#bytes = bytes[Symbol.asyncIterator]()
  }

  /** The first characters, white space aside; fewer if there are no more. To be asked before anything else. */
  async beginning(length: number): Promise<string> {
    const begun = () => this.#pending.toString('latin1').trimStart()
    while (!this.#ended && begun().length < length) await this.#fill()
    return begun().slice(0, length)
  }

  /** The next piece; undefined at the end of the script. Throws `damaged` if it ends inside a statement. */
  async next(): Promise<ScriptPiece | undefined> {
    for (;;) {
      const piece = this.#firstPiece()
      if (piece !== undefined) return piece
      if (this.#ended) {
        if (this.#pending.toString('latin1').trim() === '') return undefined
        throw new ComebackError('damaged', `The dump ends in the middle of a statement, in line ${this.line}.`, {
          hint: 'It was cut short when it was made. Use another backup.',
        })
      }
      if (this.#pending.length > STATEMENT_LIMIT) {
        throw new ComebackError('damaged', `Line ${this.line} of the dump begins a statement without an end.`, {
          hint: 'It was altered or damaged. Use another backup.',
        })
      }
      // At least as much again: a long statement is looked through a few times, not once for each read.
      for (let wanted = Math.max(1, this.#pending.length); wanted > 0 && !this.#ended; ) wanted -= await this.#fill()
    }
  }

  /**
   * To be read to its end, after the statement `COPY … FROM stdin`: the bytes of its rows. Returns their number. Throws `damaged`
   * if the script ends before `\.`.
   */
  async *rows(): AsyncGenerator<Uint8Array, number> {
    let rows = 0
    // From the line break that ends the statement: it may be the one before the end, too.
    while (this.#pending.length === 0 && !this.#ended) await this.#fill()
    if (this.#pending[0] !== NEWLINE) throw this.#strange('a COPY whose rows do not begin in the next line')
    let sent = 1
    for (;;) {
      const end = this.#pending.indexOf(ROWS_END)
      this.#checkDots()
      const until = end < 0 ? this.#pending.length - (ROWS_END.length - 1) : end + 1
      if (until > sent) {
        const part = this.#pending.subarray(sent, until)
        rows += countLines(part)
        yield part
      }
      if (end >= 0) {
        this.line += rows + 2
        this.#pending = this.#pending.subarray(end + ROWS_END.length)
        return rows
      }
      if (this.#ended) {
        throw new ComebackError('damaged', `The dump ends among the rows of a table, after line ${this.line + rows}.`, {
          hint: 'It was cut short when it was made. Use another backup.',
        })
      }
      const kept = Math.max(0, until)
      this.#pending = this.#pending.subarray(kept)
      sent = Math.max(0, sent - kept)
      await this.#fill()
    }
  }

  /** Ends the stream that it reads from. */
  async close(): Promise<void> {
    await this.#bytes.return?.()
  }

  #firstPiece(): ScriptPiece | undefined {
    const text = this.#pending
    try {
      for (const { type, start, end, next } of pieces(text)) {
        const after = type === 'statement' ? next : end
        // What the text ends in may go on; only a comment may also end with it.
        const isOpen = type !== 'statement' && after === text.length && (type === 'command' || !this.#ended)
        if (after === undefined || isOpen) return undefined
        const raw = text.subarray(0, after)
        const line = this.line + countLines(raw.subarray(0, start))
        this.line += countLines(raw)
        this.#pending = text.subarray(after)
        return { type, text: text.toString('utf8', start, end), raw, line }
      }
    } catch (error) {
      // It ends inside a quote.
      if (!hasCode(error, 'damaged')) throw error
    }
    return undefined
  }

  /** Returns how many bytes came. */
  async #fill(): Promise<number> {
    const next = await this.#bytes.next()
    if (next.done) {
      this.#ended = true
      return 0
    }
    const { value } = next
    this.#pending =
      this.#pending.length === 0
        ? Buffer.from(value.buffer, value.byteOffset, value.length)
        : Buffer.concat([this.#pending, value])
    return value.length
  }

  /** In rows every backslash is doubled. psql takes one with a dot, and a carriage return behind it, for the end of the rows, too. */
  #checkDots(): void {
    const dot = this.#pending.indexOf(LINE_OF_DOT)
    const after = dot < 0 ? undefined : this.#pending[dot + LINE_OF_DOT.length]
    if (after === undefined || after === NEWLINE) return
    throw new ComebackError(
      'unsafe-archive',
      `The dump holds a row that psql takes for the end of the rows, after line ${this.line}.`,
      {
        hint: 'pg_dump writes no such script. Find out who changed it; use another backup.',
      },
    )
  }

  #strange(what: string): ComebackError {
    return new ComebackError('damaged', `Line ${this.line} of the dump holds ${what}.`, { hint: 'Use another backup.' })
  }
}

function countLines(bytes: Uint8Array): number {
  let count = 0
  for (let at = 0; at < bytes.length; at++) if (bytes[at] === NEWLINE) count++
  return count
}
