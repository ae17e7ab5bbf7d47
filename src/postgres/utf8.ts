/**
 * COPY text that is no UTF-8. A server gives out what it holds as it is, and takes in only what it can read: rows that came in by an
 * old version, or by a cast, are not taken again. Line feeds end rows and nothing else, since those inside of values are escaped.
 */
import { isUtf8 } from 'node:buffer'

const LINE_FEED = 0x0a

export interface BadText {
  /** Rows that hold bytes which are no UTF-8. */
  rows: number
}

/** Counts the bad rows of what passes by. The pieces may be used again by whoever gave them. */
export class TextWatch {
  rows = 0
  #rest: Uint8Array = new Uint8Array()

  /** What passed so far did not count. */
  begin(): void {
    this.rows = 0
    this.#rest = new Uint8Array()
  }

  push(piece: Uint8Array): void {
    const end = piece.lastIndexOf(LINE_FEED) + 1
    if (end === 0) {
      this.#rest = Buffer.concat([this.#rest, piece])
      return
    }
    const first = this.#rest.length === 0 ? 0 : piece.indexOf(LINE_FEED) + 1
    if (first > 0) this.#look(Buffer.concat([this.#rest, piece.subarray(0, first)]))
    this.#look(piece.subarray(first, end))
    this.#rest = Uint8Array.from(piece.subarray(end))
  }

  #look(rows: Uint8Array): void {
    if (!isUtf8(rows)) this.rows += badRows(rows)
  }
}

/** Each run of bad bytes becomes U+FFFD; `found` counts the rows that were changed. */
export async function* repairText(rows: AsyncIterable<Uint8Array>, found: BadText): AsyncGenerator<Uint8Array> {
  let rest: Uint8Array = new Uint8Array()
  for await (const piece of rows) {
    const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece])
    const end = bytes.lastIndexOf(LINE_FEED) + 1
    // The piece is the reader's again when it is asked for the next one.
    rest = Uint8Array.from(bytes.subarray(end))
    if (end > 0) yield repaired(bytes.subarray(0, end), found)
  }
  if (rest.length > 0) yield repaired(rest, found)
}

function repaired(rows: Uint8Array, found: BadText): Uint8Array {
  if (isUtf8(rows)) return rows
  found.rows += badRows(rows)
  return Buffer.from(new TextDecoder('utf-8', { ignoreBOM: true }).decode(rows), 'utf8')
}

function badRows(rows: Uint8Array): number {
  let bad = 0
  for (let start = 0; start < rows.length; ) {
    const end = rows.indexOf(LINE_FEED, start) + 1 || rows.length
    if (!isUtf8(rows.subarray(start, end))) bad++
    start = end
  }
  return bad
}
