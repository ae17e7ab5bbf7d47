/** Which tables hold rows to back up, by pg_dump's rules, and what the catalogue says of them. */
import type { Connection } from '../connection/connection.ts'
import type { Relation } from '../detail.ts'
import { lookingTables } from '../looking.ts'
import type { Table } from './plan.ts'

/** Below it, objects are initdb's; `FirstNormalObjectId`. */
const FIRST_NORMAL_OID = 16_384
/** First version that reads a range of pages without reading the pages before it. */
const TID_RANGE_SCANS = 140_000

/** Schemas whose objects are the server's own. */
export const IS_USER_SCHEMA = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`

/** An extension's objects come with it, but for what it has marked as holding its users' data. */
export const EXTENSION_MEMBERSHIP = `
  LEFT JOIN LATERAL (
    SELECT true AS is_member FROM pg_catalog.pg_depend d
     WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid
       AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.deptype = 'e' LIMIT 1
  ) m ON true
  LEFT JOIN LATERAL (
    SELECT true AS is_config, nullif(e.extcondition[i], '') AS condition
      FROM pg_catalog.pg_extension e, pg_catalog.generate_subscripts(e.extconfig, 1) i
     WHERE e.extconfig[i] = c.oid AND e.oid >= ${FIRST_NORMAL_OID} LIMIT 1
  ) x ON true`

/** Whether an object of `EXTENSION_MEMBERSHIP` is backed up. A standby cannot read what is unlogged. */
export const IS_BACKED_UP = `
  (is_config OR is_member IS NULL AND ${IS_USER_SCHEMA})
  AND NOT (c.relpersistence = 'u' AND pg_catalog.pg_is_in_recovery()) AND c.relpersistence <> 't'`

/**
 * An identity column's sequence is a part of its table: that of a table which came to an extension by `ALTER EXTENSION … ADD TABLE` is none
 * of the extension's objects, and yet pg_dump does not create it.
 */
export const IS_IDENTITY_OF_EXTENSION = `EXISTS (
  SELECT FROM pg_catalog.pg_depend i
    JOIN pg_catalog.pg_depend e ON e.classid = i.refclassid AND e.objid = i.refobjid AND e.deptype = 'e'
     AND e.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
   WHERE i.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND i.objid = c.oid AND i.deptype = 'i'
     AND i.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass)`

export interface LockableTable extends Relation {
  readonly oid: string
  /** Whether the role's search path finds it by its bare name. */
  readonly visible: boolean
  /** Oids of the partitioned tables above it. */
  readonly ancestors: readonly string[]
}

/** Everything that must not change while it is read: tables and partitioned tables. */
export async function listLockable(connection: Connection): Promise<LockableTable[]> {
  return await connection.query<LockableTable>(`
    SELECT c.oid::text AS oid, n.nspname AS schema, c.relname AS name, pg_catalog.pg_table_is_visible(c.oid) AS visible,
           ARRAY(SELECT a.relid::oid::text FROM pg_catalog.pg_partition_ancestors(c.oid) a WHERE a.relid <> c.oid) AS ancestors
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace ${EXTENSION_MEMBERSHIP}
     WHERE c.relkind IN ('r', 'p') AND (is_config OR is_member IS NULL AND ${IS_USER_SCHEMA})
       AND c.relpersistence <> 't'
     ORDER BY c.oid`)
}

interface Row extends Relation {
  readonly oid: string
  readonly columns: string[]
  readonly root: Relation | null
  readonly isAdded: boolean
  readonly condition: string | null
  readonly isHeap: boolean
  readonly pages: string
  readonly bytes: string
  readonly references: string[]
}

/** Sizes are read from the files, so the tables should be locked by now. */
export async function listTables(connection: Connection): Promise<Table[]> {
  const rows = await connection.query<Row>(TABLES)
  const looking = new Map((await lookingTables(connection)).map(({ oid }, place) => [oid, place]))
  return rows.map(({ root, isAdded, isHeap, pages, bytes, ...row }) => ({
    ...row,
    into: root ?? { schema: row.schema, name: row.name },
    rows: isAdded ? 'added' : 'own',
    looks: looking.get(row.oid) ?? null,
    pages: isHeap && connection.serverVersion >= TID_RANGE_SCANS ? Number(pages) : null,
    bytes: Number(bytes),
  }))
}

/**
 * Hash partitions on an enum hash the OIDs of its values, which are others after a restore: such rows must be loaded through the
 * partition root. pg_dump sees the operator class of enums alone; arrays, ranges and rows may hold one, `regclass` hashes an OID,
 * too, and what an operator class of somebody else hashes is not known.
 */
const TABLES = `
  WITH fickle_hash AS (
    SELECT o.oid FROM pg_catalog.pg_opclass o JOIN pg_catalog.pg_am a ON o.opcmethod = a.oid
      JOIN pg_catalog.pg_type t ON t.oid = o.opcintype
     WHERE a.amname = 'hash'
       AND (o.opcnamespace <> 'pg_catalog'::pg_catalog.regnamespace
            OR t.typname IN ('anyenum', 'anyarray', 'anyrange', 'anymultirange', 'record', 'oid'))
  )
  SELECT c.oid::text AS oid, n.nspname AS schema, c.relname AS name,
         ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
                WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
                ORDER BY a.attnum) AS columns,
         (SELECT pg_catalog.json_build_object('schema', rn.nspname, 'name', r.relname)
            FROM pg_catalog.pg_class r JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace
           WHERE r.oid = pg_catalog.pg_partition_root(c.oid)
             AND EXISTS (SELECT FROM pg_catalog.pg_partition_ancestors(c.oid) u
                           JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = u.relid, fickle_hash
                          WHERE fickle_hash.oid = ANY (p.partclass))) AS root,
         is_config IS NOT NULL AS "isAdded", x.condition,
         coalesce(am.amhandler = 'pg_catalog.heap_tableam_handler'::pg_catalog.regproc, false) AS "isHeap",
         pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::bigint AS pages,
         pg_catalog.pg_table_size(c.oid) AS bytes,
         ARRAY(SELECT f.confrelid::text FROM pg_catalog.pg_constraint f
                WHERE is_config AND f.contype = 'f' AND f.conrelid = c.oid AND f.confrelid <> c.oid) AS references
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam ${EXTENSION_MEMBERSHIP}
   WHERE c.relkind = 'r' AND ${IS_BACKED_UP}`
