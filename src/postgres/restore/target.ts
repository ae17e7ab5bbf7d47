/** What a target holds before it is restored to. */
import type { Connection } from '../connection/connection.ts'
import { displayName } from '../sql-text.ts'

/** Names of tables that a message repeats. */
const EXAMPLES = 5

export interface TargetContents {
  readonly tables: number
  /** Kinds of objects with their numbers, the absent ones left out: `{ table: 3, function: 1 }`. */
  readonly counts: Readonly<Record<string, number>>
  /** A few of the objects, tables first. */
  readonly examples: readonly string[]
  /** A few of each kind. */
  readonly namesOf: Readonly<Record<string, readonly string[]>>
}

interface Row {
  readonly kind: string
  readonly count: string
  readonly examples: { readonly schema: string; readonly name: string }[] | null
}

/**
 * Counts what people made. What an extension brought along is not theirs, nor what a provider's own roles own in schemas of
 * their own.
 */
const CONTENTS = `
  WITH objects(kind, rank, schema, name, owner, class, oid) AS (
    SELECT CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence'
                          WHEN 'c' THEN 'type' WHEN 'f' THEN 'foreign table' ELSE 'table' END,
           CASE c.relkind WHEN 'r' THEN 1 WHEN 'p' THEN 1 ELSE 2 END,
           c.relnamespace, c.relname::text, c.relowner, 'pg_catalog.pg_class'::pg_catalog.regclass, c.oid
      FROM pg_catalog.pg_class c WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c')
    UNION ALL
    SELECT 'function', 3, p.pronamespace, p.proname::text, p.proowner, 'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid
      FROM pg_catalog.pg_proc p
    UNION ALL
    SELECT 'type', 3, t.typnamespace, t.typname::text, t.typowner, 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid
      FROM pg_catalog.pg_type t WHERE t.typtype IN ('d', 'e', 'r') OR (t.typtype = 'b' AND t.typelem = 0)
    UNION ALL
    SELECT 'operator', 3, o.oprnamespace, o.oprname::text, o.oprowner, 'pg_catalog.pg_operator'::pg_catalog.regclass, o.oid
      FROM pg_catalog.pg_operator o
    UNION ALL
    SELECT 'operator family', 3, o.opfnamespace, o.opfname::text, o.opfowner, 'pg_catalog.pg_opfamily'::pg_catalog.regclass, o.oid
      FROM pg_catalog.pg_opfamily o
    UNION ALL
    SELECT 'collation', 3, l.collnamespace, l.collname::text, l.collowner, 'pg_catalog.pg_collation'::pg_catalog.regclass, l.oid
      FROM pg_catalog.pg_collation l
    UNION ALL
    SELECT 'conversion', 3, v.connamespace, v.conname::text, v.conowner, 'pg_catalog.pg_conversion'::pg_catalog.regclass, v.oid
      FROM pg_catalog.pg_conversion v
    UNION ALL
    SELECT 'text search configuration', 3, f.cfgnamespace, f.cfgname::text, f.cfgowner, 'pg_catalog.pg_ts_config'::pg_catalog.regclass, f.oid
      FROM pg_catalog.pg_ts_config f
    UNION ALL
    SELECT 'text search dictionary', 3, y.dictnamespace, y.dictname::text, y.dictowner, 'pg_catalog.pg_ts_dict'::pg_catalog.regclass, y.oid
      FROM pg_catalog.pg_ts_dict y
  ), theirs AS (
    SELECT o.kind, o.rank, n.nspname::text AS schema, o.name
      FROM objects o JOIN pg_catalog.pg_namespace n ON n.oid = o.schema
     WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
       AND ($1::text[] IS NULL OR n.nspname = ANY($1))
       AND (n.nspname = 'public' OR pg_catalog.pg_has_role(o.owner, 'USAGE'))
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                        WHERE d.classid = o.class AND d.objid = o.oid AND d.objsubid = 0 AND d.deptype IN ('e', 'i'))
    UNION ALL
    SELECT 'large object', 4, '', oid::text FROM pg_catalog.pg_largeobject_metadata
     WHERE pg_catalog.pg_has_role(lomowner, 'USAGE')
  )
  SELECT kind, count(*) AS count,
         (SELECT json_agg(json_build_object('schema', schema, 'name', name) ORDER BY schema, name)
            FROM (SELECT schema, name FROM theirs t WHERE t.kind = theirs.kind ORDER BY 1, 2 LIMIT ${EXAMPLES}) e) AS examples
    FROM theirs GROUP BY kind ORDER BY min(rank), kind`

/** Undefined if the target is empty; of some schemas alone, if they are given (large objects are in none, and counted). */
export async function inspectTarget(
  connection: Connection,
  schemas?: readonly string[],
): Promise<TargetContents | undefined> {
  const rows = await connection.query<Row>(CONTENTS, [schemas ?? null])
  if (rows.length === 0) return undefined
  const named = rows.map(({ kind, examples: some }) => ({
    kind,
    names: (some ?? []).map(({ schema, name }) => (schema === '' ? `${kind} ${name}` : displayName({ schema, name }))),
  }))
  const examples = named.flatMap(({ names }) => names)
  return {
    tables: Number(rows.find(row => row.kind === 'table')?.count ?? 0),
    counts: Object.fromEntries(rows.map(row => [row.kind, Number(row.count)])),
    examples: examples.slice(0, EXAMPLES),
    namesOf: Object.fromEntries(named.map(({ kind, names }) => [kind, names])),
  }
}

/** As the server has it: a pooler may know the database under another name. */
export async function databaseName(connection: Connection): Promise<string> {
  const [row] = await connection.query<{ name: string }>('SELECT pg_catalog.current_database() AS name')
  return row?.name ?? ''
}

/** `3 tables (public.a, public.b, public.c)`. */
export function describeContents({ counts, examples }: TargetContents): string {
  const numbers = Object.entries(counts).map(([kind, count]) => `${count} ${kind}${count === 1 ? '' : 's'}`)
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
  return `${numbers.join(', ')} (${examples.join(', ')}${total > examples.length ? ', …' : ''})`
}
