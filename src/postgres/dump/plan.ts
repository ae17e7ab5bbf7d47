/**
 * What is read in which pieces and in which order: pure, from what the catalogue says or from an older backup's index.
 *
 * A big table is cut at fixed page numbers, so that the cuts stay where they are while it grows, and one huge table keeps
 * all lanes busy. 16,384 pages are 128 MiB: a table of 1 GB gives eight pieces, enough to keep four lanes level (the last one
 * ends a second or so after the others), one of 1 TB eight thousand, whose names and columns are still a small index.
 * A piece is also what is read again when a lane is lost.
 *
 * Pages do not count what lies in the TOAST table. Where that makes pages heavy, pieces have fewer: always a power of two, so
 * that a table which crosses a line keeps every other of its cuts.
 */
import pg from 'pg'
import { MiB } from '../../format/sizes.ts'
import type { Relation, RowsDetail } from '../detail.ts'
import { inDumpOrder } from '../looking.ts'
import { neededFirst } from '../needed-first.ts'
import { displayName, qualified } from '../sql-text.ts'

/** Heap pages of a piece, at most and at least. */
export const RANGE_PAGES = 16_384
const LEAST_RANGE_PAGES = 256
/** Bytes of a piece, TOAST included, above which it gets fewer pages. */
const RANGE_BYTES = 256 * MiB

/** A table as the catalogue describes it. */
export interface Table extends Relation {
  readonly oid: string
  /** Those that can be written: no generated ones. May be empty. */
  readonly columns: readonly string[]
  /** The table to load: the partition root where a row's partition may be another one after a restore. */
  readonly into: Relation
  /** Whether all its rows are backed up, or those that join what an extension creates. */
  readonly rows: RowsDetail['rows']
  /** `WHERE …`, as an extension demands for its table. */
  readonly condition: string | null
  /** Pages of the heap; null where there is no heap that can be read by page numbers. */
  readonly pages: number | null
  /** With TOAST, as stored. */
  readonly bytes: number
  /** Its place among the tables that look elsewhere as they take in rows (`looking.ts`); null for others. */
  readonly looks: number | null
  /** Oids of the extensions' tables that must be loaded before it. */
  readonly references: readonly string[]
}

/** Rows that are read by one COPY and become one segment. */
export interface Piece {
  readonly table: Relation
  readonly into: Relation
  readonly columns: readonly string[]
  readonly rows: RowsDetail['rows']
  readonly condition: string | null
  readonly from: number
  readonly to: number | null
  /** A condition on ctid that takes the place of `from` and `to`, which then are those of the table that was backed up. */
  readonly rowsWhere?: string
  /** As stored, for progress and order. */
  readonly bytes: number
}

/** Pieces that one lane reads one after the other. */
export interface Run {
  /** Where their rows stand in the script: before those of all other tables, anywhere, or behind them. */
  readonly place: 'first' | 'any' | 'last'
  readonly pieces: readonly Piece[]
}

/**
 * Biggest tables first, but for those whose place in the script matters: extensions' tables, which others may need, are one run in
 * the order of their foreign keys, which exist before the rows are loaded; and tables that look elsewhere are one in theirs.
 * Heaps without pages have no rows and no pieces.
 */
export function planTables(tables: readonly Table[]): Run[] {
  const filled = tables.filter(table => table.pages !== 0).toSorted((a, b) => b.bytes - a.bytes || inDumpOrder(a, b))
  const own = filled.filter(table => table.rows === 'own')
  const added = referencedFirst(filled.filter(table => table.rows === 'added'))
  const looking = own.filter(table => table.looks !== null).toSorted((a, b) => (a.looks ?? 0) - (b.looks ?? 0))
  const runs: Run[] = [
    { place: 'first', pieces: added.flatMap(cut) },
    // Begun early, since one lane reads all of it.
    { place: 'last', pieces: looking.flatMap(cut) },
    ...own
      .filter(table => table.looks === null)
      .flatMap(table => cut(table).map(piece => ({ place: 'any', pieces: [piece] }) as const)),
  ]
  return runs.filter(({ pieces }) => pieces.length > 0)
}

export function copyQuery({ table, columns, condition, from, to, rowsWhere }: Piece): string {
  const list = columns.map(pg.escapeIdentifier).join(', ')
  if (rowsWhere !== undefined) {
    return `COPY (SELECT ${list} FROM ONLY ${qualified(table)} WHERE ${rowsWhere}) TO STDOUT`
  }
  const isWhole = from === 0 && to === null
  // Without a list, COPY takes all columns but generated ones, of which there are none left here.
  if (isWhole && condition === null) return `COPY ${qualified(table)}${list === '' ? '' : ` (${list})`} TO STDOUT`
  const where = isWhole
    ? (condition ?? '')
    : `WHERE ctid >= '(${from},0)'${to === null ? '' : ` AND ctid < '(${to},0)'`}`
  return `COPY (SELECT ${list} FROM ONLY ${qualified(table)} ${where}) TO STDOUT`
}

/** The line before the rows; after them comes `COPY_END`. */
export function copyHeader({ into, columns }: Piece): string {
  const list = columns.map(pg.escapeIdentifier).join(', ')
  return `COPY ${qualified(into)}${list === '' ? '' : ` (${list})`} FROM stdin;\n`
}

export const COPY_END = '\\.\n\n'

/** `public.users`, `public.events [16384-32768)`: one line, and never the same for two pieces. */
export function pieceName({ table, from, to }: Piece): string {
  return from === 0 && to === null ? displayName(table) : `${displayName(table)} [${from}-${to ?? ''})`
}

function cut(table: Table): Piece[] {
  const { schema, name, into, columns, rows, condition, pages, bytes } = table
  const whole = { table: { schema, name }, into, columns, rows, condition, from: 0, to: null, bytes }
  const range = rangePages(table)
  if (pages === null || pages <= range || condition !== null) return [whole]
  const count = Math.ceil(pages / range)
  return Array.from({ length: count }, (_, index) => ({
    ...whole,
    from: index * range,
    // The last one is open: whatever the table has grown to by the time it is read belongs to it.
    to: index === count - 1 ? null : (index + 1) * range,
    bytes: bytes / count,
  }))
}

function rangePages({ pages, bytes }: Table): number {
  let range = RANGE_PAGES
  const perPage = bytes / Math.max(pages ?? 1, 1)
  while (range > LEAST_RANGE_PAGES && range * perPage > RANGE_BYTES) range /= 2
  return range
}

function referencedFirst(tables: readonly Table[]): Table[] {
  const byOid = new Map(tables.map(table => [table.oid, table]))
  return neededFirst(tables.toSorted(inDumpOrder), ({ references }) => references.flatMap(oid => byOid.get(oid) ?? []))
}
