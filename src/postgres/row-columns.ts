/**
 * Columns that hold whole rows of other tables. Such a value is written as the row's values in their order: where that is another
 * after a restore, each comes back under another column's name, or not at all.
 */
import pg from 'pg'
import type { Connection } from './connection/connection.ts'
import type { Relation } from './detail.ts'
import { displayName, displayPart, qualified } from './sql-text.ts'

export const SHUFFLED_HINT =
  "Values of a row type go by the places of its columns, and pg_dump's text cannot keep those of a table that inherits. Make the inheriting table anew at the source, with its parents' columns first; or keep such values as jsonb."

interface RowColumn extends Relation {
  readonly column: string
  /** Whose rows it holds. */
  readonly of: Relation
  /** Whether the role sees all its rows. */
  readonly isSeen: boolean
}

const COLUMNS = `
  WITH RECURSIVE uses(type, schema, name) AS (
     SELECT c.reltype, n.nspname::text, c.relname::text
       FROM unnest($1::text[], $2::text[]) w(schema, name)
       JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
       JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
     UNION
     SELECT t.oid, u.schema, u.name FROM uses u CROSS JOIN LATERAL (
       SELECT typarray FROM pg_catalog.pg_type WHERE oid = u.type AND typarray <> 0
       UNION ALL SELECT oid FROM pg_catalog.pg_type WHERE typbasetype = u.type
       UNION ALL SELECT rngtypid FROM pg_catalog.pg_range WHERE rngsubtype = u.type
       UNION ALL SELECT rngmultitypid FROM pg_catalog.pg_range WHERE rngtypid = u.type
       UNION ALL SELECT c.reltype FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
                  WHERE a.atttypid = u.type AND a.attnum > 0 AND NOT a.attisdropped AND c.reltype <> 0
     ) t(oid)
   )
   SELECT n.nspname::text AS schema, c.relname::text AS name, a.attname::text AS column,
          pg_catalog.json_build_object('schema', u.schema, 'name', u.name) AS of,
          pg_catalog.has_table_privilege(c.oid, 'SELECT') AND NOT pg_catalog.row_security_active(c.oid) AS "isSeen"
     FROM uses u JOIN pg_catalog.pg_attribute a ON a.atttypid = u.type AND a.attnum > 0 AND NOT a.attisdropped
     JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind = 'r' JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    ORDER BY n.nspname, c.relname, a.attname, u.schema, u.name`

/** In arrays, domains and other rows, too. Only columns that hold something, or may, for all that the role sees. */
export async function rowColumns(connection: Connection, tables: readonly Relation[]): Promise<readonly RowColumn[]> {
  if (tables.length === 0) return []
  const found: RowColumn[] = []
  const all = await connection.query<RowColumn>(COLUMNS, [
    tables.map(({ schema }) => schema),
    tables.map(({ name }) => name),
  ])
  for (const one of all) {
    if (!one.isSeen) {
      found.push(one)
      continue
    }
    const [row] = await connection.query<{ any: boolean }>(
      // A row of nothing but NULL is no NULL.
      `SELECT EXISTS (SELECT FROM ONLY ${qualified(one)} WHERE pg_catalog.num_nonnulls(${pg.escapeIdentifier(one.column)}) > 0) AS any`,
    )
    if (row?.any === true) found.push(one)
  }
  return found
}

export function rowColumnText(column: RowColumn): string {
  return `${displayName(column)}.${displayPart(column.column)} holds rows of ${displayName(column.of)}, whose columns came back in another order: its values are under the names of other columns.`
}
