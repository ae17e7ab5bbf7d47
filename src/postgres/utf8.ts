/** COPY text that is no UTF-8: a server that once took it does not take it again. */
import { isUtf8 } from 'node:buffer'

const LINE_FEED = 0x0a

export interface BadText {
  /** Rows that hold bytes which are no UTF-8. */
  rows: number
}

/** Rows pass whole, and as they are; `found` counts the bad ones. */
export async function* countBadText(rows: AsyncIterable<Uint8Array>, found: BadText): AsyncGenerator<Uint8Array> {
  let rest: Uint8Array = new Uint8Array()
  for await (const piece of rows) {
    rest = look(rest, piece, found)
    yield piece
  }
  if (rest.length > 0 && !isUtf8(rest)) found.rows++
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

/** Returns the beginning of a row that the piece ends with. */
function look(rest: Uint8Array, piece: Uint8Array, found: BadText): Uint8Array {
  const end = piece.lastIndexOf(LINE_FEED) + 1
  if (end === 0) return Buffer.concat([rest, piece])
  const first = rest.length === 0 ? 0 : piece.indexOf(LINE_FEED) + 1
  if (first > 0) found.rows += isUtf8(Buffer.concat([rest, piece.subarray(0, first)])) ? 0 : 1
  const whole = piece.subarray(first, end)
  if (!isUtf8(whole)) found.rows += badRows(whole)
  return Uint8Array.from(piece.subarray(end))
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
