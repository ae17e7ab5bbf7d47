/**
 * Whether a table that stays as it is holds just the rows that the backup has for it: then nothing is lost. Rows are compared as
 * the text in which they were backed up, in whatever order they lie: the sums of their hashes are equal only if the rows are.
 */
import { createHash } from 'node:crypto'
import pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { MiB } from '../../format/sizes.ts'
import type { Connection } from '../connection/connection.ts'
import { qualified } from '../sql-text.ts'
import { type LoadContext, rowBytes } from './load.ts'
import type { TableLoad } from './restore-plan.ts'

/** Bytes of a table's rows that are worth the time; larger ones pass for different. */
const LIMIT = 64 * MiB
const LINE_FEED = 0x0a
const MODULUS = 1n << 256n

/** `condition`: of an extension's table, which rows are people's: `WHERE …`. The table must be readable, and have the columns. */
export async function holdsSameRows(
  connection: Connection,
  { into, ranges, bytes }: TableLoad,
  condition: string,
  context: LoadContext,
): Promise<boolean> {
  const [first] = ranges
  if (first === undefined || bytes > LIMIT || first.detail.columns.length === 0) return false
  const columns = first.detail.columns.map(pg.escapeIdentifier).join(', ')
  const sql = `COPY (SELECT ${columns} FROM ONLY ${qualified(into)} ${condition}) TO STDOUT WITH (ENCODING ${pg.escapeLiteral(context.encoding)})`
  const there = await sumOf([connection.client.query(copyTo(sql))])
  return there === (await sumOf(ranges.map(range => rowBytes(range, context))))
}

async function sumOf(parts: readonly AsyncIterable<Uint8Array>[]): Promise<bigint> {
  let sum = 0n
  const add = (line: Uint8Array) => {
    sum = (sum + BigInt(`0x${createHash('sha256').update(line).digest('hex')}`)) % MODULUS
  }
  for (const part of parts) {
    let rest = Buffer.alloc(0)
    for await (const piece of part) {
      const text = Buffer.concat([rest, piece])
      let start = 0
      for (let end = text.indexOf(LINE_FEED); end >= 0; end = text.indexOf(LINE_FEED, start)) {
        add(text.subarray(start, end))
        start = end + 1
      }
      rest = Buffer.from(text.subarray(start))
    }
    if (rest.length > 0) add(rest)
  }
  return sum
}
