/** What is not written to the log never reaches a standby: it has such tables and sequences, and nothing of what is in them. */
import type { Problem } from '../../engine/ports.ts'
import type { Connection } from '../connection/connection.ts'
import type { Relation } from '../detail.ts'
import { displayName } from '../sql-text.ts'
import { EXTENSION_MEMBERSHIP, IS_USER_SCHEMA } from './tables.ts'

/** Names in a message before "and N more". */
const NAMED = 10

export interface Unlogged {
  readonly tables: readonly Relation[]
  readonly sequences: readonly Relation[]
}

interface Row extends Relation {
  readonly kind: 'r' | 'S'
  /** Of the table itself, or of the one to which the sequence belongs. */
  readonly table: string | null
}

const UNLOGGED = `
  SELECT n.nspname AS schema, c.relname AS name, c.relkind AS kind,
         CASE c.relkind WHEN 'r' THEN c.oid ELSE
           (SELECT d.refobjid FROM pg_catalog.pg_depend d
             WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i')
               AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass LIMIT 1) END::text AS table
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace ${EXTENSION_MEMBERSHIP}
   WHERE pg_catalog.pg_is_in_recovery() AND c.relpersistence = 'u' AND c.relkind IN ('r', 'S')
     AND (is_config OR is_member IS NULL AND ${IS_USER_SCHEMA})
   ORDER BY n.nspname, c.relname`

/** Nothing on a primary. `excluded`: oids of tables whose rows nobody wants, nor then the values of their sequences. */
export async function listUnlogged(connection: Connection, excluded: ReadonlySet<string>): Promise<Unlogged> {
  const rows = await connection.query<Row>(UNLOGGED)
  const missing = rows.filter(({ table }) => table === null || !excluded.has(table))
  const named = (wanted: Row['kind']) =>
    missing.filter(({ kind }) => kind === wanted).map(({ schema, name }) => ({ schema, name }))
  return { tables: named('r'), sequences: named('S') }
}

export function unloggedProblems({ tables, sequences }: Unlogged): Problem[] {
  const lacks = [
    ...(tables.length === 0 ? [] : [`the rows of ${list(tables)}`]),
    ...(sequences.length === 0 ? [] : [`the value${sequences.length === 1 ? '' : 's'} of ${list(sequences)}`]),
  ]
  if (lacks.length === 0) return []
  return [
    {
      severity: 'partial',
      message: `A standby has nothing of what is not logged: the backup lacks ${lacks.join(' and ')}.`,
      hint: 'Back up from the primary, or leave out the rows of these tables (--exclude-table-data).',
    },
  ]
}

function list(relations: readonly Relation[]): string {
  const names = relations.slice(0, NAMED).map(displayName).join(', ')
  const more = relations.length - NAMED
  return more > 0 ? `${names} and ${more} more` : names
}
