/**
 * The contents of large objects, which pg_dump writes through an open file descriptor, inside of a transaction of its own:
 *
 *     BEGIN;
 *     SELECT pg_catalog.lo_open('16401', 131072);
 *     SELECT pg_catalog.lowrite(0, '\x0123…');
 *     SELECT pg_catalog.lo_close(0);
 *     COMMIT;
 *
 * Here each part becomes a statement that needs neither: its COMMIT would end the transaction of the restore.
 */
import { ComebackError } from '../../errors.ts'
import type { ScriptPiece, ScriptReader } from './script-reader.ts'

const OPEN = /^SELECT pg_catalog\.lo_open\('(\d+)', 131072\)$/
const WRITE = /^SELECT pg_catalog\.lowrite\(0, '\\x((?:[0-9a-f]{2})*)'\)$/
const CLOSE = 'SELECT pg_catalog.lo_close(0)'

/** From behind `BEGIN` to `COMMIT`: statements, one a line. */
export async function* largeObjectLines(reader: ScriptReader): AsyncGenerator<Uint8Array> {
  let oid: string | undefined
  let offset = 0
  for (let piece = await reader.next(); ; piece = await reader.next()) {
    if (piece?.type === 'line-comment') continue
    const sql = piece?.type === 'statement' ? piece.text : ''
    const opened = OPEN.exec(sql)?.[1]
    const hex = WRITE.exec(sql)?.[1]
    if (opened !== undefined && oid === undefined) {
      oid = opened
      offset = 0
    } else if (hex !== undefined && oid !== undefined) {
      yield Buffer.from(`SELECT pg_catalog.lo_put(${oid}, ${offset}, '\\x${hex}');\n`)
      offset += hex.length / 2
    } else if (sql === CLOSE && oid !== undefined) oid = undefined
    else if (sql === 'COMMIT' && oid === undefined) return
    else throw strange(piece, reader)
  }
}

function strange(piece: ScriptPiece | undefined, { line }: ScriptReader): ComebackError {
  if (piece === undefined) {
    return new ComebackError('damaged', `The dump ends among its large objects, in line ${line}.`, {
      hint: 'It was cut short when it was made. Use another backup.',
    })
  }
  return new ComebackError(
    'unsafe-archive',
    `Line ${piece.line} of the dump begins or ends a transaction, or is no part of a large object inside of one.`,
    { hint: 'pg_dump writes no such script. Find out who changed it; use another backup.' },
  )
}
