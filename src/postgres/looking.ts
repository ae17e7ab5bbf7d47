/**
 * Tables that look elsewhere: what the server computes as it takes in a row (a CHECK, a generated column, a domain's check, a
 * partition's bounds, an index that is there already) calls a function of people's, which may read other tables. The server
 * knows of no dependency there, so the order of loading decides whether the rows come back: such tables are loaded after all
 * others, and among themselves in pg_dump's order.
 *
 * Functions of extensions in C (PostGIS' are) read their extension's own tables at most, whose rows are loaded before all
 * others. Of SQL and PL/pgSQL the text tells: whatever has no word that reads, and names no other function that might, looks
 * nowhere. Most checks of a format are such.
 */
import type { Connection } from './connection/connection.ts'
import type { Relation } from './detail.ts'

export interface LookingTable extends Relation {
  readonly oid: string
}

/** Functions that may read a table; those in C of extensions and the server's own are not among them. */
const FUNCTIONS = `
  SELECT p.oid, p.proname::text AS name, l.lanname IN ('sql', 'plpgsql') AS readable,
         p.prosrc AS source
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
   WHERE p.oid >= 16384 AND l.lanname <> 'internal'
     AND (l.lanname <> 'c' OR NOT EXISTS (
           SELECT FROM pg_catalog.pg_depend e
            WHERE e.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND e.objid = p.oid AND e.deptype = 'e'))`

/**
 * From each function up through what is made with it (operators and their classes, domains and the types made of them) to the
 * tables. A table's own dependents, such as foreign keys, say nothing of its rows.
 */
const LOOKING = `
  WITH RECURSIVE functions AS MATERIALIZED (${FUNCTIONS}),
  uses(classid, objid, function) AS (
    SELECT 'pg_catalog.pg_proc'::pg_catalog.regclass::oid, oid, oid FROM functions
    UNION
    SELECT n.classid, n.objid, u.function
      FROM uses u CROSS JOIN LATERAL (
        SELECT d.classid, d.objid FROM pg_catalog.pg_depend d
         WHERE d.refclassid = u.classid AND d.refobjid = u.objid
           AND d.classid = ANY (CASE u.classid
             WHEN 'pg_catalog.pg_proc'::pg_catalog.regclass THEN
               '{pg_catalog.pg_constraint,pg_catalog.pg_attrdef,pg_catalog.pg_operator,pg_catalog.pg_opclass,pg_catalog.pg_opfamily,pg_catalog.pg_class,pg_catalog.pg_type}'
             WHEN 'pg_catalog.pg_operator'::pg_catalog.regclass THEN
               '{pg_catalog.pg_constraint,pg_catalog.pg_attrdef,pg_catalog.pg_opclass,pg_catalog.pg_opfamily,pg_catalog.pg_class}'
             WHEN 'pg_catalog.pg_opfamily'::pg_catalog.regclass THEN '{pg_catalog.pg_opclass}'
             WHEN 'pg_catalog.pg_opclass'::pg_catalog.regclass THEN '{pg_catalog.pg_class,pg_catalog.pg_type}'
             WHEN 'pg_catalog.pg_type'::pg_catalog.regclass THEN
               '{pg_catalog.pg_class,pg_catalog.pg_type,pg_catalog.pg_constraint,pg_catalog.pg_attrdef}'
             ELSE '{}' END::pg_catalog.regclass[])
        UNION ALL
        SELECT 'pg_catalog.pg_type'::pg_catalog.regclass::oid, k.contypid FROM pg_catalog.pg_constraint k
         WHERE u.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND k.oid = u.objid AND k.contypid <> 0
        UNION ALL
        SELECT 'pg_catalog.pg_type'::pg_catalog.regclass::oid, c.reltype FROM pg_catalog.pg_class c
         WHERE u.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.oid = u.objid AND c.reltype <> 0
      ) n
  ), used AS (
    SELECT COALESCE(i.indrelid, k.conrelid, a.adrelid, c.oid) AS relation, u.function
      FROM uses u
      LEFT JOIN pg_catalog.pg_class c ON u.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.oid = u.objid
                                     AND c.relkind IN ('r', 'p')
      LEFT JOIN pg_catalog.pg_index i ON u.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND i.indexrelid = u.objid
      LEFT JOIN pg_catalog.pg_constraint k ON u.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND k.oid = u.objid
                                          AND k.conrelid <> 0
      LEFT JOIN (pg_catalog.pg_attrdef a JOIN pg_catalog.pg_attribute t
                   ON t.attrelid = a.adrelid AND t.attnum = a.adnum AND t.attgenerated <> '')
        ON u.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND a.oid = u.objid
  ), looking AS (
    SELECT f.oid FROM functions f
     WHERE f.oid IN (SELECT function FROM used WHERE relation IS NOT NULL)
       AND (NOT f.readable
            OR COALESCE(pg_catalog.pg_get_function_sqlbody(f.oid), f.source) ~* '\\m(from|table|into|update|merge|execute|call|using)\\M'
            OR EXISTS (SELECT FROM functions o
                        WHERE o.oid <> f.oid AND strpos(COALESCE(pg_catalog.pg_get_function_sqlbody(f.oid), f.source), o.name) > 0))
  ), tables AS (
    SELECT relation FROM used WHERE relation IS NOT NULL AND function IN (SELECT oid FROM looking)
    UNION
    SELECT t.relid FROM used CROSS JOIN LATERAL pg_catalog.pg_partition_tree(relation) t
     WHERE relation IS NOT NULL AND function IN (SELECT oid FROM looking)
  )
  SELECT c.oid::text AS oid, n.nspname AS schema, c.relname AS name
    FROM tables JOIN pg_catalog.pg_class c ON c.oid = relation JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p')
   ORDER BY n.nspname, c.relname`

/** As the catalogue of this database has it now. */
export async function lookingTables(connection: Connection): Promise<LookingTable[]> {
  return await connection.query<LookingTable>(LOOKING)
}

/** Names of functions that an index might call and that might read a table. */
export async function readingFunctions(connection: Connection): Promise<ReadonlySet<string>> {
  const rows = await connection.query<{ name: string }>(`SELECT DISTINCT name FROM (${FUNCTIONS}) f`)
  return new Set(rows.map(({ name }) => name))
}

/** pg_dump's order of rows: by schema, then by name, as bytes. */
export function inDumpOrder(a: Relation, b: Relation): number {
  return compare(a.schema, b.schema) || compare(a.name, b.name)
}

function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
