/**
 * Rows into one table by `COPY … FROM stdin`. One table is always loaded by one connection in one transaction, its ranges in
 * order: so its rows lie afterwards in the order in which they were read, on which the proof rests. That holds only where the
 * table was created or truncated in the same transaction, for otherwise the server fills holes by the free space map.
 */
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import type { SinkProgress, StoredBackup } from '../../engine/ports.ts'
import { ComebackError } from '../../errors.ts'
import { KiB } from '../../format/sizes.ts'
import type { Connection } from '../connection/connection.ts'
import { serverError } from '../connection/server-error.ts'
import type { DatabaseDetail, Relation } from '../detail.ts'
import { qualified } from '../sql-text.ts'
import { type BadText, repairText } from '../utf8.ts'
import type { RangeSegment, TableLoad } from './restore-plan.ts'

/** Bytes that go to the server in one message at least; smaller pieces are gathered. */
const WRITE_SIZE = 64 * KiB

export interface LoadContext {
  readonly backup: StoredBackup
  readonly progress: SinkProgress
  readonly signal: AbortSignal
  /** Of the backup's text, as the server names it. */
  readonly encoding: string
  /** Bytes that are no UTF-8 are replaced, and the rows that held some counted here. */
  readonly repaired?: BadText
  /** What a statement of a script becomes, where only some are wanted. */
  readonly rewrite?: (statement: string) => readonly string[]
}

/** For what is read again. */
export function uncounted(load: LoadContext): LoadContext {
  return { ...load, progress: { ...load.progress, advance: () => {} } }
}

export interface LoadOptions {
  /**
   * Rows are stored as frozen, which spares the server from writing each page again later. Allowed only where the table
   * was created or truncated in this transaction.
   */
  readonly freeze: boolean
}

/** The Source reads text as UTF-8, but for a database without an encoding, whose bytes it takes as they are. */
export function textEncoding({ encoding }: DatabaseDetail): string {
  return encoding === 'SQL_ASCII' ? 'SQL_ASCII' : 'UTF8'
}

/** Loads all segments of a table, inside the caller's transaction. Throws `mismatch` if the server counted other rows. */
export async function loadTable(
  connection: Connection,
  load: TableLoad,
  context: LoadContext,
  options: LoadOptions,
): Promise<void> {
  for (const range of load.ranges) {
    const sql = copyStatement(load.into, range, context.encoding, options.freeze)
    const bytes = rowBytes(range, context)
    const rows = context.repaired === undefined ? bytes : repairText(bytes, context.repaired)
    const count = await copyRows(connection, sql, rows, `Loading ${range.segment.name}`, context)
    if (range.rows !== undefined && load.own && count !== range.rows) {
      throw new ComebackError(
        'mismatch',
        `Loading ${range.segment.name}: the backup holds ${range.rows} rows, the server counted ${count}.`,
      )
    }
  }
}

function copyStatement(into: Relation, range: RangeSegment, encoding: string, freeze: boolean): string {
  const { columns } = range.detail
  const list = columns.length === 0 ? '' : ` (${columns.map(pg.escapeIdentifier).join(', ')})`
  const options = [`ENCODING ${pg.escapeLiteral(encoding)}`, ...(freeze ? ['FREEZE'] : [])]
  return `COPY ${qualified(into)}${list} FROM STDIN WITH (${options.join(', ')})`
}

/** The COPY data proper: the segment without the SQL around it. */
export async function* rowBytes(range: RangeSegment, context: LoadContext): AsyncGenerator<Uint8Array> {
  const { segment, detail } = range
  const end = segment.bytes - detail.tail
  let position = 0
  for await (const piece of context.backup.read(segment, context.signal)) {
    const start = Math.max(detail.head - position, 0)
    const stop = Math.min(end - position, piece.length)
    if (start < stop) yield piece.subarray(start, stop)
    position += piece.length
    context.progress.advance(piece.length)
  }
}

/** Returns how many rows the server says it took. */
async function copyRows(
  connection: Connection,
  sql: string,
  bytes: AsyncIterable<Uint8Array>,
  what: string,
  { signal }: LoadContext,
): Promise<number> {
  const stream = copyFrom(sql)
  let refused: Error | undefined
  let wake: (error: Error) => void = () => {}
  // The stream tells of the server's refusal by an event, whether or not a write is under way.
  stream.on('error', error => {
    refused ??= error
    wake(error)
  })
  const step = (start: (done: (error?: Error | null) => void) => void) =>
    new Promise<void>((resolve, reject) => {
      if (refused !== undefined) return reject(refused)
      wake = reject
      start(error => (error ? reject(error) : resolve()))
    })

  connection.client.query(stream)
  try {
    const pieces = gathered(bytes)
    for (;;) {
      // However long the store takes: the server waits for us, and that is no silence of its own.
      const next = await connection.silence.ours(() => pieces.next())
      if (next.done === true) break
      await step(done => stream.write(next.value, done))
    }
    await step(done => stream.end(done))
    return stream.rowCount
  } catch (error) {
    signal.throwIfAborted()
    if (refused !== undefined) throw serverError(refused, what)
    // The bytes could not be read: the server must hear that no more will come, before anything else can be said to it.
    await new Promise<void>(resolve => {
      stream.once('close', resolve)
      stream.destroy(new Error('the backup could not be read further'))
    })
    throw error
  }
}

async function* gathered(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let pending: Uint8Array[] = []
  let size = 0
  for await (const piece of bytes) {
    pending.push(piece)
    size += piece.length
    if (size < WRITE_SIZE) continue
    yield pending.length === 1 ? piece : Buffer.concat(pending, size)
    pending = []
    size = 0
  }
  if (size > 0) yield Buffer.concat(pending, size)
}
