/** Columns that came back in another order than they had: no row is lost by it, and whoever goes by their places is told. */
import type { ProofFinding } from '../../engine/proof.ts'
import { type ColumnOrder, movedTables } from '../column-order.ts'
import type { Connection } from '../connection/connection.ts'
import type { DatabaseDetail, Relation, SchemaEntry } from '../detail.ts'
import type { Table } from '../dump/plan.ts'
import { MOVED_HINT } from '../restore/moved-columns.ts'
import { rowColumns, rowColumnText, SHUFFLED_HINT } from '../row-columns.ts'
import { displayName } from '../sql-text.ts'
import type { RowsSegment } from './row-cuts.ts'

/** A line of `CREATE TABLE` that begins with a column's name, as pg_dump writes it: in lower case unless it is quoted. */
const COLUMN = /^ {4}((?:"(?:[^"]|"")+"|[a-z_\u0080-\uffff][\w$\u0080-\uffff]*)) /u

/** As the source told, and, where it is an older one or a dump, as its rows were written. */
export function movedByDetail(
  before: DatabaseDetail,
  now: DatabaseDetail,
  segments: readonly RowsSegment[],
  tables: readonly Table[],
): readonly Relation[] {
  if (before.columnOrder !== undefined) return movedTables(before.columnOrder, now.columnOrder ?? [])
  const written = segments.map(({ detail }): ColumnOrder => ({ ...detail.table, columns: detail.columns }))
  return movedTables(written, tables)
}

/** `moved` may name a table more than once. */
export async function movedFindings(
  connection: Connection,
  moved: readonly Relation[],
): Promise<readonly ProofFinding[]> {
  const tables = [...new Map(moved.map(table => [displayName(table), table])).values()]
  if (tables.length === 0) return []
  return [
    ...tables.map((table): ProofFinding => {
      const subject = displayName(table)
      const message = `The columns of ${subject} came back in another order, as a table that inherits begins with the columns of what it inherits from.`
      return { code: 'columns-moved', subject, message, hint: MOVED_HINT }
    }),
    ...(await rowColumns(connection, tables)).map((column): ProofFinding => {
      const message = rowColumnText(column)
      return { code: 'rows-differ', subject: displayName(column), message, hint: SHUFFLED_HINT }
    }),
  ]
}

/** The columns that a table's entry names; those that it merely inherits have no line there. */
export function columnsOf({ type }: SchemaEntry, statements: readonly string[]): readonly string[] {
  if (type !== 'TABLE' && type !== 'FOREIGN TABLE') return []
  const [create = ''] = statements
  return create.split('\n').flatMap(line => COLUMN.exec(line)?.[1] ?? [])
}
