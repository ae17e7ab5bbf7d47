/** Statements, one a line, that a server wrote itself: each must be to psql what it is to a server. */
import { asPsqlReads } from '../schema/psql-text.ts'
import type { Watch } from './lanes.ts'

const LINE_FEED = 0x0a

/** Throws what `asPsqlReads` does. No such line has a colon outside of quotes, so none is changed. */
export class LinesForPsql implements Watch {
  #rest: Uint8Array = new Uint8Array()

  begin(): void {
    this.#rest = new Uint8Array()
  }

  push(piece: Uint8Array): void {
    const end = piece.lastIndexOf(LINE_FEED) + 1
    if (end > 0) asPsqlReads(Buffer.concat([this.#rest, piece.subarray(0, end)]))
    // The piece is the reader's again when it is asked for the next one.
    const left = Uint8Array.from(piece.subarray(end))
    this.#rest = end > 0 ? left : Buffer.concat([this.#rest, left])
  }
}
