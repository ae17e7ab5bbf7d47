/** Runs a script segment: complete SQL statements, one a line. */
import type { Segment } from '../../engine/ports.ts'
import { KiB } from '../../format/sizes.ts'
import type { Connection } from '../connection/connection.ts'
import { serverError } from '../connection/server-error.ts'
import { runBatch } from './batch.ts'
import type { EntryFilter } from './entry-filter.ts'
import type { LoadContext } from './load.ts'

const LINE_FEED = 0x0a
/** Bytes of statements that are sent at once; one that is longer goes alone. */
const BATCH_SIZE = 256 * KiB
/** Statements at once: each large object is a lock until its transaction ends. */
const BATCH_STATEMENTS = 256

export async function runScript(
  connection: Connection,
  segment: Segment,
  filter: EntryFilter,
  context: LoadContext,
): Promise<void> {
  let batch: string[] = []
  let size = 0
  const flush = async () => {
    const statements = batch
    batch = []
    size = 0
    context.signal.throwIfAborted()
    const failure = await runBatch(connection, statements)
    if (failure === undefined) return
    context.signal.throwIfAborted()
    throw serverError(failure.error, `Statement ${failure.index + 1} of a batch of ${segment.name}`)
  }
  for await (const line of lines(context.backup.read(segment, context.signal), context)) {
    const statement = line.trim().replace(/;$/, '')
    if (statement === '' || statement.startsWith('--')) continue
    // Only these name roles; the others are long.
    const adapted = /^(?:ALTER|GRANT|REVOKE) /.test(statement) ? filter.adaptStatement(statement) : statement
    if (adapted === undefined) continue
    for (const sql of context.rewrite?.(adapted) ?? [adapted]) {
      batch.push(sql)
      size += sql.length
    }
    if (size >= BATCH_SIZE || batch.length >= BATCH_STATEMENTS) await flush()
  }
  await flush()
}

async function* lines(bytes: AsyncIterable<Uint8Array>, { progress }: LoadContext): AsyncGenerator<string> {
  let rest: Uint8Array[] = []
  for await (const piece of bytes) {
    let start = 0
    for (let end = piece.indexOf(LINE_FEED); end >= 0; end = piece.indexOf(LINE_FEED, start)) {
      yield Buffer.concat([...rest, piece.subarray(start, end)]).toString('utf8')
      rest = []
      start = end + 1
    }
    if (start < piece.length) rest.push(piece.subarray(start))
    progress.advance(piece.length)
  }
  if (rest.length > 0) yield Buffer.concat(rest).toString('utf8')
}
