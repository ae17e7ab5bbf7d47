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
import { displayName, displayPart } from '../sql-text.ts'
import type { RowsSegment } from './row-cuts.ts'
import { fieldsOf, inner, rowBatches } from './row-stream.ts'

/** Columns that a message names. */
const NAMED = 5
const MODULUS = 1n << 256n
const NOTHING = Buffer.alloc(0)

/** Rows that are loaded into one table: its own, or those of all partitions that only their root can tell apart. */
export interface RowsGroup {
  readonly into: Relation
  readonly segments: readonly RowsSegment[]
  /** Of the restored database. */
  readonly tables: readonly Table[]
  /** Whether their order is promised: one table, loaded whole. */
  readonly ordered: boolean
}

/** Undefined if all rows are the same, column by column; a note where they are, in another order than was promised. */
export async function diagnoseRows(
  backup: StoredBackup,
  connection: Connection,
  group: RowsGroup,
  signal: AbortSignal,
): Promise<ProofFinding | undefined> {
  const stored = new Side(storedRows(backup, group, signal))
  const restored = new Side(restoredRows(connection, group))
  const key = randomBytes(32)
  let first: Difference | undefined
  for (;;) {
    const [before, after] = [await stored.next(), await restored.next()]
    if (before === undefined && after === undefined) break
    // Rows that are the same in the same place would add the same to both sums.
    if (isSame(before, after)) continue
    stored.count(key, before)
    restored.count(key, after)
    first ??= { row: Math.max(stored.rows, restored.rows), columns: differing(before, after) }
  }
  if (first === undefined) return undefined
  if (!group.ordered && stored.rows === restored.rows && stored.sum === restored.sum) return undefined
  return findingOf(displayName(group.into), stored, restored, group.ordered ? first : undefined)
}

/** The columns of some rows, and their places in the order of their names: two partitions may have theirs in different orders. */
interface Shape {
  readonly columns: readonly string[]
  readonly key: string
  /** The names in order, and their places. */
  readonly names: string
  readonly byName: readonly number[]
}

function shapeOf(columns: readonly string[]): Shape {
  const places = columns.map((name, place) => ({ name, place })).sort((a, b) => (a.name < b.name ? -1 : 1))
  return {
    columns,
    key: JSON.stringify(columns),
    names: JSON.stringify(places.map(({ name }) => name)),
    byName: places.map(({ place }) => place),
  }
}

interface Row {
  readonly shape: Shape
  readonly line: Buffer
}

interface Difference {
  /** From 1. */
  readonly row: number
  readonly columns: readonly string[]
}

interface Batch {
  readonly shape: Shape
  readonly lines: readonly Buffer[]
}

class Side {
  rows = 0
  /** Of those that were counted. */
  sum = 0n
  readonly #batches: AsyncGenerator<Batch>
  #batch: Batch | undefined
  #at = 0

  constructor(batches: AsyncGenerator<Batch>) {
    this.#batches = batches
  }

  async next(): Promise<Row | undefined> {
    for (;;) {
      const line = this.#batch?.lines[this.#at++]
      if (line !== undefined && this.#batch !== undefined) {
        this.rows++
        return { shape: this.#batch.shape, line }
      }
      const { done, value } = await this.#batches.next()
      if (done) return undefined
      this.#batch = value
      this.#at = 0
    }
  }

  count(key: Buffer, row: Row | undefined): void {
    if (row === undefined) return
    const hash = createHmac('sha256', key).update(row.shape.names).update('\n')
    for (const field of byColumn(row)) hash.update(field).update('\n')
    this.sum = (this.sum + BigInt(`0x${hash.digest('hex')}`)) % MODULUS
  }
}

function byColumn({ shape, line }: Row): readonly Buffer[] {
  const fields = fieldsOf(line)
  return fields.length === shape.byName.length ? shape.byName.map(place => fields[place] ?? NOTHING) : fields
}

async function* storedRows(
  backup: StoredBackup,
  { segments }: RowsGroup,
  signal: AbortSignal,
): AsyncGenerator<Batch, undefined> {
  for (const { name, bytes, detail } of segments) {
    const segment = backup.segments.find(one => one.name === name)
    if (segment === undefined) continue
    const { head, tail, columns } = detail
    const shape = shapeOf(columns)
    const rows = inner(backup.read(segment, signal), { size: bytes, head, tail })
    for await (const lines of rowBatches(rows)) yield { shape, lines }
  }
}

async function* restoredRows(connection: Connection, { tables }: RowsGroup): AsyncGenerator<Batch, undefined> {
  for (const { schema, name, into, columns, rows, condition } of tables) {
    const shape = shapeOf(columns)
    const query = copyQuery({ table: { schema, name }, into, columns, rows, condition, from: 0, to: null, bytes: 0 })
    const copy = await copyOut(connection.client, query)
    for await (const lines of rowBatches(copy.bytes)) yield { shape, lines }
  }
}

/** By the names of the columns: two partitions may have theirs in different orders, and a table that inherits gets another one. */
function isSame(a: Row | undefined, b: Row | undefined): boolean {
  if (a === undefined || b === undefined || a.shape.names !== b.shape.names) return false
  if (a.shape.key === b.shape.key) return a.line.equals(b.line)
  return differing(a, b).length === 0
}

function differing(a: Row | undefined, b: Row | undefined): readonly string[] {
  if (a === undefined || b === undefined || a.shape.names !== b.shape.names) return []
  const [before, after] = [byColumn(a), byColumn(b)]
  const changed = new Set(
    a.shape.byName.filter((_, place) => !(before[place] ?? NOTHING).equals(after[place] ?? NOTHING)),
  )
  return a.shape.columns.filter((_, place) => changed.has(place))
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
  return `, ${columns.length === 1 ? 'column' : 'columns'} ${columns.slice(0, NAMED).map(displayPart).join(', ')}${more}`
}

function rowsText(count: number): string {
  return `${number(count)} ${count === 1 ? 'row' : 'rows'}`
}

function number(count: number): string {
  return count.toLocaleString('en')
}
