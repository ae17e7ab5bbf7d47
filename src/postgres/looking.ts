/**
 * Tables that look elsewhere: what the server computes as it takes in a row (a CHECK, a generated column, a domain's check, a
 * partition's bounds, an index that is there already) calls a function of people's, which may read other tables. The server
 * knows of no dependency there, so the order of loading decides whether the rows come back: such tables are loaded after all
 * others, and among themselves each behind those that its functions name, otherwise in pg_dump's order.
 *
 * Functions of extensions in C (PostGIS' are) read their extension's own tables at most, whose rows are loaded before all
 * others. Of SQL and PL/pgSQL the text tells: whatever has no word that reads, and names no other function that might, looks
 * nowhere. Most checks of a format are such.
 */
import type { Connection } from './connection/connection.ts'
import type { Relation } from './detail.ts'
import { neededFirst } from './needed-first.ts'

export interface LookingTable extends Relation {
  readonly oid: string
}

interface Row extends LookingTable {
  /** The name of the partitioned table at the top; its own, if there is none. */
  readonly root: string
  /** Oids of the functions. */
  readonly functions: readonly string[]
}

interface Source {
  readonly oid: string
  readonly text: string
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
    SELECT relation, function FROM used WHERE relation IS NOT NULL AND function IN (SELECT oid FROM looking)
    UNION
    SELECT t.relid, function FROM used CROSS JOIN LATERAL pg_catalog.pg_partition_tree(relation) t
     WHERE relation IS NOT NULL AND function IN (SELECT oid FROM looking)
  )
  SELECT c.oid::text AS oid, n.nspname AS schema, c.relname AS name, COALESCE(r.relname, c.relname) AS root,
         pg_catalog.array_agg(DISTINCT function::text) AS functions
    FROM tables JOIN pg_catalog.pg_class c ON c.oid = relation JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_class r ON r.oid = pg_catalog.pg_partition_root(c.oid)
   WHERE c.relkind IN ('r', 'p')
   GROUP BY c.oid, n.nspname, c.relname, r.relname`

const SOURCES = `
  SELECT oid::text AS oid, COALESCE(pg_catalog.pg_get_function_sqlbody(oid), prosrc) AS text
    FROM pg_catalog.pg_proc WHERE oid = ANY ($1::oid[])`

/** As the catalogue of this database has it now, in the order in which they are to be loaded. */
export async function lookingTables(connection: Connection): Promise<LookingTable[]> {
  const tables = (await connection.query<Row>(LOOKING)).toSorted(inDumpOrder)
  if (tables.length < 2) return tables
  const words = await wordsOf(connection, new Set(tables.flatMap(({ functions }) => functions)))
  const needs = (table: Row) => {
    const named = new Set(table.functions.flatMap(oid => [...(words.get(oid) ?? [])]))
    return tables.filter(({ name, root }) => named.has(name) || named.has(root))
  }
  return neededFirst(tables, needs)
}

/** The words of each function, with those of the functions that it names. */
async function wordsOf(connection: Connection, oids: ReadonlySet<string>): Promise<ReadonlyMap<string, Set<string>>> {
  const named = await connection.query<{ oid: string; name: string }>(
    `SELECT oid::text AS oid, name FROM (${FUNCTIONS}) f`,
  )
  const byName = Map.groupBy(named, ({ name }) => name)
  const own = new Map<string, ReadonlySet<string>>()
  for (let fresh = [...oids]; fresh.length > 0; ) {
    const sources = await connection.query<Source>(SOURCES, [fresh])
    for (const { oid, text } of sources) own.set(oid, wordsIn(text))
    const calls = sources.flatMap(({ oid }) => [...(own.get(oid) ?? [])].flatMap(word => byName.get(word) ?? []))
    fresh = [...new Set(calls.map(({ oid }) => oid))].filter(oid => !own.has(oid))
  }
  const all = (oid: string, into: Set<string>, seen: Set<string>): Set<string> => {
    if (seen.has(oid)) return into
    seen.add(oid)
    for (const word of own.get(oid) ?? []) {
      into.add(word)
      for (const called of byName.get(word) ?? []) all(called.oid, into, seen)
    }
    return into
  }
  return new Map([...oids].map(oid => [oid, all(oid, new Set(), new Set())]))
}

/** Names are folded to lower case, unless they are quoted. */
function wordsIn(text: string): ReadonlySet<string> {
  const quoted = text.match(/"[^"]+"/g) ?? []
  const words = text.split(/[^\p{L}\p{N}_$]+/u)
  return new Set([...words, ...words.map(word => word.toLowerCase()), ...quoted.map(name => name.slice(1, -1))])
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
