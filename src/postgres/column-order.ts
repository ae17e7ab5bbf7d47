/**
 * The order of columns, which pg_dump has no words for where a table inherits: made again, it begins with its parents' columns,
 * whatever order it grew in. Rows are written and compared by the names of columns, so they are the same; what goes by places is not.
 */
import type { Connection } from './connection/connection.ts'
import type { Relation } from './detail.ts'
import { displayName } from './sql-text.ts'

export interface ColumnOrder extends Relation {
  /** All of them, generated ones too. */
  readonly columns: readonly string[]
}

/** Of the tables that inherit; a partition is created by itself and keeps its own. */
export async function listColumnOrder(connection: Connection): Promise<readonly ColumnOrder[]> {
  return await connection.query<ColumnOrder>(`
    SELECT n.nspname::text AS schema, c.relname::text AS name,
           ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
                  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) AS columns
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'f') AND NOT c.relispartition AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
       AND EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid)
     ORDER BY n.nspname, c.relname`)
}

/** Whether both are the same names, in another order. */
export function isMoved(before: readonly string[], after: readonly string[]): boolean {
  if (before.length !== after.length || before.every((name, place) => name === after[place])) return false
  const sorted = after.toSorted()
  return before.toSorted().every((name, place) => name === sorted[place])
}

/** Those of `before` whose columns `after` has in another order. */
export function movedTables(before: readonly ColumnOrder[], after: readonly ColumnOrder[]): readonly Relation[] {
  const now = new Map(after.map(table => [displayName(table), table.columns]))
  return before.filter(table => isMoved(table.columns, now.get(displayName(table)) ?? []))
}
