/** What the role of a connection may not read of all that a backup reads: tables, sequences, large objects, hidden rows. */
import type { Connection } from '../connection/connection.ts'
import type { Relation } from '../detail.ts'
import { IS_IDENTITY_OF_EXTENSION } from './tables.ts'

export interface Unreadable {
  /** Tables and sequences, quoted for SQL: pg_dump locks every table, so it needs a right even where no rows are read. */
  readonly forbidden: readonly string[]
  /** The statements that would mend it. */
  readonly grants: readonly string[]
  /** Tables whose row-level security applies to the role. */
  readonly hidden: readonly string[]
  readonly largeObjects: number
  readonly quotedRole: string
}

interface Row {
  readonly schema: string
  readonly name: string
  readonly quoted: string
  readonly quotedSchema: string
  readonly quotedRole: string
  readonly sequence: boolean
  readonly enters: boolean
  readonly reads: boolean
  readonly filtered: boolean
}

export async function unreadable(connection: Connection, readsRows: (table: Relation) => boolean): Promise<Unreadable> {
  const rows = await connection.query<Row>(RELATIONS)
  const forbidden = rows.filter(row => !row.enters || !row.reads)
  const hidden = rows.filter(row => row.filtered && readsRows({ schema: row.schema, name: row.name }))
  const [objects] = await connection.query<{ count: number; role: string }>(LARGE_OBJECTS)
  return {
    forbidden: forbidden.map(row => row.quoted),
    grants: grants(forbidden),
    hidden: hidden.map(row => row.quoted),
    largeObjects: objects?.count ?? 0,
    quotedRole: objects?.role ?? '',
  }
}

/** By schema, since whoever may not read one table rarely may read its neighbours that come tomorrow. */
function grants(rows: readonly Row[]): string[] {
  return [...Map.groupBy(rows, row => row.quotedSchema)].flatMap(([schema, rows]) => {
    const role = rows[0]?.quotedRole
    const of = (sequence: boolean) => rows.filter(row => row.sequence === sequence && !row.reads)
    return [
      ...(rows.some(row => !row.enters) ? [`GRANT USAGE ON SCHEMA ${schema} TO ${role};`] : []),
      ...(of(false).length > 0 ? [`GRANT SELECT ON ALL TABLES IN SCHEMA ${schema} TO ${role};`] : []),
      ...(of(true).length > 0 ? [`GRANT SELECT ON ALL SEQUENCES IN SCHEMA ${schema} TO ${role};`] : []),
    ]
  })
}

/**
 * Only what needs mending. An extension's own tables are not read, but for those that it marked as configuration. A table of
 * which the role may read some columns only counts as forbidden.
 */
const RELATIONS = `
  SELECT * FROM (
    SELECT n.nspname AS schema,
           c.relname AS name,
           format('%I.%I', n.nspname, c.relname) AS quoted,
           format('%I', n.nspname) AS "quotedSchema",
           format('%I', current_user) AS "quotedRole",
           c.relkind = 'S' AS sequence,
           has_schema_privilege(n.oid, 'USAGE') AS enters,
           CASE WHEN c.relkind = 'S' THEN has_sequence_privilege(c.oid, 'SELECT')
                ELSE has_table_privilege(c.oid, 'SELECT') END AS reads,
           c.relrowsecurity AND row_security_active(c.oid) AS filtered
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'S')
      AND c.relpersistence <> 't'
      AND n.nspname !~ '^pg_'
      AND n.nspname <> 'information_schema'
      AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend d
        JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
        WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
          AND d.refclassid = 'pg_catalog.pg_extension'::regclass
          AND NOT c.oid = ANY (coalesce(e.extconfig, '{}'))
      )
      AND NOT ${IS_IDENTITY_OF_EXTENSION}
  ) AS relations
  WHERE NOT enters OR NOT reads OR filtered
  ORDER BY quoted`

const LARGE_OBJECTS = `
  SELECT count(*)::int AS count, format('%I', current_user) AS role
  FROM pg_catalog.pg_largeobject_metadata m
  WHERE NOT pg_has_role(m.lomowner, 'USAGE')
    AND current_setting('lo_compat_privileges') = 'off'
    AND NOT EXISTS (
      SELECT FROM aclexplode(m.lomacl) AS a
      WHERE a.privilege_type = 'SELECT' AND (a.grantee = 0 OR pg_has_role(a.grantee, 'USAGE'))
    )`
