/**
 * `COPY … TO STDOUT` as a stream of large buffers.
 *
 * The server sends a message a row, and parsing each into an object, as pg does, costs more than all else that a backup
 * does. So for as long as the COPY lasts, the socket's data is read here: the five header bytes of each message are cut out of
 * the socket's buffer in place (one memory move a row is all that happens for it) and what remains is gathered into
 * buffers big enough for whoever hashes them. Everything else on the wire is pg's again.
 *
 *   'H' length format…        CopyOutResponse: the COPY has begun
 *   'd' length row            CopyData, any number of them, each one row with the line break that ends it; length counts itself
 *   'c' length                CopyDone, then CommandComplete and ReadyForQuery, which pg reads
 *   'E' length fields         ErrorResponse, at any time, which pg reads
 */
import type { Duplex } from 'node:stream'
import type pg from 'pg'
import { ComebackError } from '../../errors.ts'
import { KiB } from '../../format/sizes.ts'

/** Bytes of each buffer that is handed out; the last one is shorter. They are used again and again: garbage of this size piles up. */
const BUFFER_SIZE = 256 * KiB
/** Full buffers that may wait for the consumer before the socket is paused. */
const READ_AHEAD = 2

const HEADER = 5
const COPY_DATA = 0x64
const COPY_OUT_RESPONSE = 0x48
/** Messages that a server may send at any time: notice, parameter status, notification. */
const ASYNCHRONOUS: readonly number[] = [0x4e, 0x53, 0x41]
const COPY_DONE = 0x63

/** Characters of a statement that a message repeats. */
const SQL_SHOWN = 100

const NEWLINE = 0x0a
const RETURN = 0x0d
const BACKSLASH = 0x5c
const DOT = 0x2e
/** Bytes of `\\.` with its line break, and a carriage return before that, which psql takes for the end of the rows, too. */
const END_LENGTHS: readonly number[] = [3, 4]

export interface CopyOut {
  /**
   * To be iterated once. Throws `damaged` for a message that is not one line, or is `\.`: psql would take what follows for SQL and for
   * commands of its own, and no server writes it. A buffer is the consumer's until it asks for the next one. A consumer that stops before the end breaks the connection, as
   * does an error; only a server's refusal leaves it usable.
   */
  readonly bytes: AsyncGenerator<Uint8Array, void>
  /** From the command's tag; known when `bytes` has ended. */
  rows(): number
}

/** Resolves when the server has begun to answer; rejects with pg's `DatabaseError` if it refuses, before any bytes. */
export async function copyOut(client: pg.Client, sql: string): Promise<CopyOut> {
  const reader = new CopyReader(sql)
  client.query(reader)
  await reader.begun
  return { bytes: reader.read(), rows: () => reader.rows }
}

/** One COPY, as pg's Client wants a query to be. */
class CopyReader implements pg.Submittable {
  readonly begun: Promise<void>
  rows = 0
  readonly #sql: string
  readonly #begin: PromiseWithResolvers<void>
  #stream: Duplex | undefined
  #parse: ((data: Buffer) => void) | undefined
  /** A header cut in two by the end of the socket's buffer. */
  #partial = Buffer.alloc(0)
  /** Bytes of the current message that are still to come, and whether they are a row's. */
  #left = 0
  #isData = false
  #full: { readonly buffer: Buffer<ArrayBuffer>; readonly length: number }[] = []
  #filling = Buffer.alloc(0)
  readonly #free: Buffer<ArrayBuffer>[] = []
  #filled = 0
  #state: 'running' | 'ended' | 'failed' = 'running'
  #error: unknown
  #wake: (() => void) | undefined

  constructor(sql: string) {
    this.#sql = sql
    this.#begin = Promise.withResolvers()
    this.begun = this.#begin.promise
  }

  submit(connection: pg.Connection): void {
    const { stream } = connection
    const [parse] = stream.listeners('data')
    this.#stream = stream
    this.#parse = parse as (data: Buffer) => void
    stream.removeListener('data', this.#parse)
    stream.on('data', this.#onData)
    connection.query(this.#sql)
  }

  /** Called by pg for the server's refusal and for a lost connection alike. */
  handleError(error: unknown): void {
    this.#handBack()
    this.#settle('failed', error)
  }

  handleCommandComplete(message: { readonly text: string }): void {
    this.rows = Number(/^COPY (\d+)$/.exec(message.text)?.[1] ?? 0)
  }

  handleReadyForQuery(): void {
    this.#settle('ended')
  }

  async *read(): AsyncGenerator<Uint8Array, void> {
    try {
      for (;;) {
        const full = this.#full.shift()
        if (full !== undefined) {
          if (this.#full.length < READ_AHEAD) this.#stream?.resume()
          yield full.buffer.subarray(0, full.length)
          this.#free.push(full.buffer)
        } else if (this.#state === 'failed') {
          throw this.#error
        } else if (this.#state === 'ended') {
          return
        } else {
          await new Promise<void>(resolve => {
            this.#wake = resolve
          })
        }
      }
    } finally {
      // Whoever stops early leaves rows on the wire that nobody will read.
      if (this.#state === 'running') this.#stream?.destroy()
    }
  }

  readonly #onData = (data: Buffer): void => {
    let bytes = data
    if (this.#partial.length > 0) {
      bytes = Buffer.concat([this.#partial, data])
      this.#partial = Buffer.alloc(0)
    }
    let at = 0
    let kept = 0
    for (;;) {
      const part = Math.min(this.#left, bytes.length - at)
      if (this.#isData) {
        if (this.#breaksLine(bytes, at, part)) {
          this.#refuse()
          return
        }
        if (kept !== at) bytes.copyWithin(kept, at, at + part)
        kept += part
      }
      at += part
      this.#left -= part
      if (bytes.length - at < HEADER) break
      const type = bytes[at]
      if (type === COPY_DATA) {
        const length = bytes.readUInt32BE(at + 1) - (HEADER - 1)
        // What may be the end of the rows is looked at whole.
        if (END_LENGTHS.includes(length) && bytes.length - at < HEADER + length) break
        if (length === 0 || isEnd(bytes, at + HEADER, length)) {
          this.#refuse()
          return
        }
        this.#isData = true
      } else if (type === COPY_OUT_RESPONSE || (type !== undefined && ASYNCHRONOUS.includes(type))) {
        this.#isData = false
        if (type === COPY_OUT_RESPONSE) this.#begin.resolve()
      } else {
        this.#gather(bytes.subarray(0, kept))
        this.#flush()
        this.#handBack()
        this.#parse?.(bytes.subarray(type === COPY_DONE ? at + HEADER : at))
        return
      }
      this.#left = bytes.readUInt32BE(at + 1) - (HEADER - 1)
      at += HEADER
      if (this.#left < 0) {
        this.#stream?.destroy(new Error('Connection terminated: a message of impossible length'))
        return
      }
    }
    if (at < bytes.length) this.#partial = Buffer.from(bytes.subarray(at))
    this.#gather(bytes.subarray(0, kept))
    if (this.#full.length >= READ_AHEAD) this.#stream?.pause()
  }

  /** Of a row, or of what has come of it: its one line break is its last byte. */
  #breaksLine(bytes: Buffer, at: number, part: number): boolean {
    if (part === 0) return false
    const found = bytes.indexOf(NEWLINE, at)
    const end = at + part
    const isLast = part === this.#left
    return isLast ? found !== end - 1 : found >= 0
  }

  #refuse(): void {
    const what = this.#sql.slice(0, SQL_SHOWN)
    const error = new ComebackError('damaged', `The server's answer to "${what}" holds a row that is not one line.`, {
      hint: NO_ROW,
    })
    this.#settle('failed', error)
    this.#stream?.destroy(error)
  }

  #gather(bytes: Buffer): void {
    // psql reads a line no further than that.
    if (bytes.includes(0)) {
      this.#refuse()
      return
    }
    for (let at = 0; at < bytes.length; ) {
      if (this.#filled === this.#filling.length) {
        this.#flush()
        this.#filling = this.#free.pop() ?? Buffer.allocUnsafeSlow(BUFFER_SIZE)
      }
      const part = bytes.copy(this.#filling, this.#filled, at)
      this.#filled += part
      at += part
    }
  }

  #flush(): void {
    if (this.#filled > 0) this.#full.push({ buffer: this.#filling, length: this.#filled })
    this.#filling = Buffer.alloc(0)
    this.#filled = 0
    this.#wake?.()
  }

  #handBack(): void {
    const stream = this.#stream
    if (stream === undefined || this.#parse === undefined) return
    if (!stream.listeners('data').includes(this.#onData)) return
    stream.removeListener('data', this.#onData)
    stream.on('data', this.#parse)
    // pg's parser must see the rest, however slow the consumer of the rows is.
    stream.resume()
  }

  #settle(state: 'ended' | 'failed', error?: unknown): void {
    if (this.#state !== 'running') return
    this.#state = state
    this.#error = error
    if (state === 'ended') this.#begin.resolve()
    else this.#begin.reject(error)
    // Nobody may be waiting for the beginning any more; the error then comes out of `read`.
    this.#begin.promise.catch(() => {})
    this.#wake?.()
  }
}

const NO_ROW =
  'PostgreSQL writes none: something between here and the server, or the server itself, has altered it. psql would run what follows it.'

function isEnd(bytes: Buffer, at: number, length: number): boolean {
  if (!END_LENGTHS.includes(length) || bytes[at] !== BACKSLASH || bytes[at + 1] !== DOT) return false
  return bytes[at + 2] === (length === 3 ? NEWLINE : RETURN)
}
