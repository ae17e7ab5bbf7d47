/**
 * Where the pieces of a backup begin in a table that was restored from it. Page numbers say nothing there, since the copy is
 * denser than what was read; but its rows lie in the order in which they were read, and the backup tells how many rows each piece
 * had. So the cuts are found by counting: one pass over each table of several pieces, from cut to cut.
 */
import type { StoredBackup } from '../../engine/ports.ts'
import { isMoved } from '../column-order.ts'
import type { Connection } from '../connection/connection.ts'
import { type DatabaseDetail, parseSegmentDetail, type Relation, type RowsDetail } from '../detail.ts'
import { type Piece, planTables, type Table } from '../dump/plan.ts'
import { displayName, qualified } from '../sql-text.ts'

export interface RowsSegment {
  readonly name: string
  readonly detail: RowsDetail
  /** Plain bytes. */
  readonly bytes: number
  readonly rows: number
}

/** The segments that hold rows, of each table in the order of its pages. */
export function rowsSegments({ segments }: StoredBackup, { rows }: DatabaseDetail): readonly RowsSegment[] {
  return segments
    .flatMap(({ name, bytes, detail }) => {
      const parsed = parseSegmentDetail(detail)
      return parsed.kind === 'rows' ? [{ name, detail: parsed, bytes, rows: rows[name] ?? 0 }] : []
    })
    .sort((a, b) => a.detail.from - b.detail.from)
}

/** The pieces that the restored tables are to be read in; big ones first. What the backup does not know is one piece. */
export async function cutsOf(
  leader: Connection,
  tables: readonly Table[],
  segments: readonly RowsSegment[],
): Promise<Piece[][]> {
  const stored = Map.groupBy(segments, ({ detail }) => displayName(detail.table))
  const runs: Piece[][] = []
  for (const table of tables.toSorted((a, b) => b.bytes - a.bytes)) {
    const pieces = stored.get(displayName(table))
    // Those of extensions lie in one run, in the order of their references, which reading does not need.
    if (pieces === undefined)
      runs.push(...planTables([{ ...table, pages: table.pages === 0 ? 0 : null }]).map(({ pieces }) => [...pieces]))
    else runs.push(...(await piecesOf(leader, table, pieces)).map(piece => [piece]))
  }
  return runs
}

async function piecesOf(leader: Connection, table: Table, segments: readonly RowsSegment[]): Promise<Piece[]> {
  const { schema, name, into, rows, condition } = table
  const common = { table: { schema, name }, into, rows, condition, bytes: table.bytes / segments.length }
  if (segments.length < 2) {
    return segments.map(({ detail }) => {
      const { from, to } = detail
      return { ...common, columns: columnsFor(table, detail), from, to, ...wholeOf(condition, from, to) }
    })
  }
  const cuts = await ctidsOf(leader, table, segments)
  return segments.map(({ detail }, index) => {
    const { from, to } = detail
    const columns = columnsFor(table, detail)
    const [begin, end] = [cuts[index], cuts[index + 1]]
    // The last piece is open: rows that are too many come with it.
    const isLast = index === segments.length - 1
    const conditions = [
      ...(index === 0 ? [] : [begin === undefined ? 'false' : `ctid >= '${begin}'`]),
      ...(isLast || end === undefined ? [] : [`ctid < '${end}'`]),
    ]
    return { ...common, columns, from, to, rowsWhere: conditions.join(' AND ') || 'true' }
  })
}

/** In the order in which they were backed up, wherever they stand now: rows are the same if they are so by the names of columns. */
function columnsFor({ columns }: Table, stored: RowsDetail): readonly string[] {
  return isMoved(stored.columns, columns) ? stored.columns : columns
}

/** A piece that was a range of pages and is all that there was. */
function wholeOf(condition: string | null, from: number, to: number | null) {
  return condition === null && (from !== 0 || to !== null) ? { rowsWhere: 'true' } : {}
}

/** The ctid of each piece's first row; undefined where the table has not so many rows. The first is never looked for. */
async function ctidsOf(
  leader: Connection,
  table: Relation,
  segments: readonly RowsSegment[],
): Promise<readonly (string | undefined)[]> {
  const cuts: (string | undefined)[] = [undefined]
  let from = '(0,0)'
  for (const { rows } of segments.slice(0, -1)) {
    const [found] = await leader.query<{ ctid: string }>(
      `SELECT ctid::text AS ctid FROM ONLY ${qualified(table)} WHERE ctid >= '${from}' OFFSET ${rows} LIMIT 1`,
    )
    cuts.push(found?.ctid)
    if (found === undefined) break
    from = found.ctid
  }
  return cuts
}
