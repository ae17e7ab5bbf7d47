/** What stands in the way of rows that go into tables which exist already, and how it is put back as it was. */
import type { Connection } from '../connection/connection.ts'

/** The tables `$1` and the partitioned ones above them. */
export const WITH_ROOTS = `
  SELECT oid FROM unnest($1::oid[]) AS t(oid) UNION SELECT a.relid::oid FROM unnest($1::oid[]) AS t(oid), pg_catalog.pg_partition_ancestors(t.oid) a`

export interface SetAside {
  readonly name: string
  readonly table: string
  readonly drop: string
  /** With its comment. */
  readonly add: readonly string[]
  readonly ours: boolean
  readonly crosses: boolean
}

/**
 * Foreign keys, and constraints that never held for the rows there were (`NOT VALID`), which new rows must not break. One of a
 * partition is a copy of its root's, and comes and goes with it.
 */
const CONSTRAINTS = `
  WITH concerned AS (${WITH_ROOTS})
  SELECT k.conname::text AS name, k.conrelid::pg_catalog.regclass::text AS table,
         pg_catalog.format('ALTER TABLE %s DROP CONSTRAINT %I', k.conrelid::pg_catalog.regclass, k.conname) AS drop,
         pg_catalog.array_remove(ARRAY[
           pg_catalog.format('ALTER TABLE %s ADD CONSTRAINT %I %s', k.conrelid::pg_catalog.regclass, k.conname,
                             pg_catalog.pg_get_constraintdef(k.oid)),
           'COMMENT ON CONSTRAINT ' || pg_catalog.quote_ident(k.conname) || ' ON ' || k.conrelid::pg_catalog.regclass
             || ' IS ' || pg_catalog.quote_literal(pg_catalog.obj_description(k.oid, 'pg_constraint'))], NULL) AS add,
         pg_catalog.pg_has_role(c.relowner, 'USAGE') AS ours,
         k.contype = 'f' AND (k.conrelid NOT IN (SELECT oid FROM concerned) OR k.confrelid NOT IN (SELECT oid FROM concerned)) AS crosses
    FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
   WHERE k.contype = 'f' AND k.conparentid = 0
     AND (k.conrelid IN (SELECT oid FROM concerned) OR k.confrelid IN (SELECT oid FROM concerned))
      OR k.contype IN ('c', 'n') AND NOT k.convalidated AND k.coninhcount = 0 AND k.conrelid IN (SELECT oid FROM concerned)
   ORDER BY 2, 1`

/**
 * Triggers of people. Those of partitions are copies, switched with their root's, each of which may have been switched by itself
 * since (before 15 they pass for internal ones). Roots first.
 */
const TRIGGERS = `
  WITH concerned AS (${WITH_ROOTS}), trees AS (
    SELECT oid FROM concerned
    UNION SELECT p.relid::oid FROM concerned c CROSS JOIN LATERAL pg_catalog.pg_partition_tree(c.oid) p
  )
  SELECT CASE WHEN t.tgenabled <> 'D' AND COALESCE(p.tgenabled, 'D') = 'D'
           THEN pg_catalog.format('ALTER TABLE %s DISABLE TRIGGER %I', t.tgrelid::pg_catalog.regclass, t.tgname) END AS off,
         CASE WHEN t.tgenabled <> COALESCE(p.tgenabled, 'D')
           THEN pg_catalog.format('ALTER TABLE %s %s TRIGGER %I', t.tgrelid::pg_catalog.regclass,
                  CASE t.tgenabled WHEN 'A' THEN 'ENABLE ALWAYS' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'D' THEN 'DISABLE'
                                   ELSE 'ENABLE' END, t.tgname) END AS on
    FROM pg_catalog.pg_trigger t
    LEFT JOIN pg_catalog.pg_trigger p ON p.oid = t.tgparentid
    LEFT JOIN pg_catalog.pg_constraint k ON k.oid = t.tgconstraint
   WHERE t.tgrelid IN (SELECT oid FROM trees) AND (NOT t.tgisinternal OR t.tgparentid <> 0) AND COALESCE(k.contype, 't') = 't'
   ORDER BY (SELECT count(*) FROM pg_catalog.pg_partition_ancestors(t.tgrelid)), t.tgrelid, t.tgname`

export interface Switched {
  readonly off: string | null
  readonly on: string | null
}

export async function constraintsOf(connection: Connection, oids: readonly string[]): Promise<readonly SetAside[]> {
  return await connection.query<SetAside>(CONSTRAINTS, [oids])
}

export async function triggersOf(connection: Connection, oids: readonly string[]): Promise<readonly Switched[]> {
  return await connection.query<Switched>(TRIGGERS, [oids])
}
