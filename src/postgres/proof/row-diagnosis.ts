/**
 * What is wrong with a table whose rows are not those of the backup: both sides are read once more, row by row, and told apart
 * by place, number and column, never by value. Memory holds a few rows, whatever the table has.
 *
 * Where only the order differs nothing is wrong. To know that, rows are counted as a multiset: the sum of a keyed hash of each,
 * under a key drawn for this one comparison, so that no rows could have been made to cancel each other out.
 */
import { createHmac, randomBytes } from 'node:crypto'
import type { StoredBackup } from '../../engine/ports.ts'
import type { ProofFinding } from '../../engine/proof.ts'
import type { Connection } from '../connection/connection.ts'
import type { Relation } from '../detail.ts'
import { copyOut } from '../dump/copy-out.ts'
import { copyQuery, type Table } from '../dump/plan.ts'
import { displayName } from '../sql-text.ts'
import type { RowsSegment } from './row-cuts.ts'
import { fieldsOf, inner, rowBatches } from './row-stream.ts'

/** Columns that a message names. */
const NAMED = 5
const MODULUS = 1n << 256n

/** Rows that are loaded into one table: its own, or those of all partitions that only their root can tell apart. */
export interface RowsGroup {
  readonly into: Relation
  readonly segments: readonly RowsSegment[]
  /** Of the restored database. */
  readonly tables: readonly Table[]
  /** Whether their order is promised: one table, loaded whole. */
  readonly ordered: boolean
}

/** One finding, a note where the rows are the same in another order. */
export async function diagnoseRows(
  backup: StoredBackup,
  connection: Connection,
  group: RowsGroup,
  signal: AbortSignal,
): Promise<ProofFinding> {
  const subject = displayName(group.into)
  const stored = new Side(storedRows(backup, group, signal))
  const restored = new Side(restoredRows(connection, group))
  const key = randomBytes(32)
  let first: Difference | undefined
  for (;;) {
    const [before, after] = [await stored.next(), await restored.next()]
    if (before === undefined && after === undefined) break
    if (before !== undefined) stored.count(key, before)
    if (after !== undefined) restored.count(key, after)
    if (first === undefined && !isSame(before, after))
      first = { row: Math.max(stored.rows, restored.rows), columns: differing(before, after) }
  }
  return findingOf(subject, stored, restored, group.ordered ? first : undefined)
}

interface Row {
  readonly columns: readonly string[]
  readonly line: Buffer
}

interface Difference {
  /** From 1. */
  readonly row: number
  readonly columns: readonly string[]
}

class Side {
  rows = 0
  sum = 0n
  readonly #batches: AsyncGenerator<{ readonly columns: readonly string[]; readonly lines: readonly Buffer[] }>
  #columns: readonly string[] = []
  #lines: readonly Buffer[] = []
  #at = 0

  constructor(batches: AsyncGenerator<{ readonly columns: readonly string[]; readonly lines: readonly Buffer[] }>) {
    this.#batches = batches
  }

  async next(): Promise<Row | undefined> {
    while (this.#at === this.#lines.length) {
      const { done, value } = await this.#batches.next()
      if (done) return undefined
      this.#columns = value.columns
      this.#lines = value.lines
      this.#at = 0
    }
    const line = this.#lines[this.#at++]
    return line === undefined ? undefined : { columns: this.#columns, line }
  }

  count(key: Buffer, row: Row): void {
    this.rows++
    const hash = createHmac('sha256', key)
    // By column, since two partitions may have theirs in different orders.
    for (const field of byColumn(row)) hash.update(field).update('\n')
    this.sum = (this.sum + BigInt(`0x${hash.digest('hex')}`)) % MODULUS
  }
}

function byColumn({ columns, line }: Row): Buffer[] {
  const fields = fieldsOf(line)
  const order = columns.map((name, index) => ({ name, index })).sort((a, b) => (a.name < b.name ? -1 : 1))
  return columns.length === fields.length ? order.map(({ index }) => fields[index] ?? Buffer.alloc(0)) : fields
}

async function* storedRows(backup: StoredBackup, { segments }: RowsGroup, signal: AbortSignal) {
  for (const { name, bytes, detail } of segments) {
    const segment = backup.segments.find(one => one.name === name)
    if (segment === undefined) continue
    const { head, tail, columns } = detail
    const rows = inner(backup.read(segment, signal), { size: bytes, head, tail })
    for await (const lines of rowBatches(rows)) yield { columns, lines }
  }
}

async function* restoredRows(connection: Connection, { tables }: RowsGroup) {
  for (const { schema, name, into, columns, rows, condition } of tables) {
    const query = copyQuery({ table: { schema, name }, into, columns, rows, condition, from: 0, to: null, bytes: 0 })
    const copy = await copyOut(connection.client, query)
    for await (const lines of rowBatches(copy.bytes)) yield { columns, lines }
  }
}

function isSame(a: Row | undefined, b: Row | undefined): boolean {
  return a !== undefined && b !== undefined && a.line.equals(b.line)
}

function differing(a: Row | undefined, b: Row | undefined): readonly string[] {
  if (a === undefined || b === undefined || a.columns.join('\n') !== b.columns.join('\n')) return []
  const [before, after] = [fieldsOf(a.line), fieldsOf(b.line)]
  return a.columns.filter((_, index) => !(before[index] ?? Buffer.alloc(0)).equals(after[index] ?? Buffer.alloc(0)))
}

function findingOf(subject: string, stored: Side, restored: Side, first: Difference | undefined): ProofFinding {
  const place = first === undefined ? '' : ` The first difference is at row ${number(first.row)}`
  const missing = stored.rows - restored.rows
  if (missing > 0) {
    const message = `${number(missing)} of ${rowsText(stored.rows)} of ${subject} did not come back.${ended(place)}`
    return { code: 'rows-missing', subject, message }
  }
  if (missing < 0) {
    const message = `${subject} has ${rowsText(-missing)} more than were backed up (${number(stored.rows)}).${ended(place)}`
    return { code: 'rows-extra', subject, message }
  }
  if (stored.sum === restored.sum) {
    const message = `The ${rowsText(stored.rows)} of ${subject} came back in another order, and are the same.`
    return { code: 'rows-reordered', subject, message }
  }
  const message = `The ${rowsText(stored.rows)} of ${subject} are not those that were backed up.${ended(place + columnsText(first))}`
  return { code: 'rows-differ', subject, message }
}

function ended(sentence: string): string {
  return sentence === '' ? '' : `${sentence}.`
}

function columnsText(difference: Difference | undefined): string {
  const columns = difference?.columns ?? []
  if (columns.length === 0) return ''
  const more = columns.length > NAMED ? ` and ${columns.length - NAMED} more` : ''
  return `, ${columns.length === 1 ? 'column' : 'columns'} ${columns.slice(0, NAMED).join(', ')}${more}`
}

function rowsText(count: number): string {
  return `${number(count)} ${count === 1 ? 'row' : 'rows'}`
}

function number(count: number): string {
  return count.toLocaleString('en')
}
