/** Two databases hold the same rows if their fingerprints are equal: counts and sums of row hashes, made by the server. */
import type { Client } from 'pg'

export interface TableFingerprint {
  readonly rows: number
  readonly digest: string
}

/**
 * By qualified name: every table and materialized view (rows, sum of the rows' MD5, whatever their order), every sequence (its
 * value), every view, index, trigger, policy, function and constraint (its definition).
 */
export async function fingerprint(client: Client): Promise<Map<string, TableFingerprint>> {
  const result = new Map<string, TableFingerprint>()
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  // Rows are hashed as text, which must not hang on the session's settings.
  await client.query(`SET LOCAL search_path = ''; SET LOCAL TimeZone = 'UTC'; SET LOCAL row_security = off;
    SET LOCAL DateStyle = 'ISO'; SET LOCAL IntervalStyle = 'postgres'; SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex'`)
  const relations = await client.query<{ name: string; relkind: string }>(
    `SELECT format('%I.%I', relnamespace::regnamespace::name, relname) AS name, relkind FROM pg_catalog.pg_class
     WHERE relkind IN ('r', 'm', 'S') AND relpersistence <> 't' AND ${OURS('relnamespace')} ORDER BY 1`,
  )
  for (const { name, relkind } of relations.rows) {
    const { rows } = await client.query<TableFingerprint>(relkind === 'S' ? sequenceQuery(name) : rowsQuery(name))
    if (rows[0] !== undefined) result.set(name, rows[0])
  }
  const definitions = await client.query<TableFingerprint & { name: string }>(DEFINITIONS)
  for (const { name, rows, digest } of definitions.rows) result.set(name, { rows, digest })
  await client.query('COMMIT')
  return result
}

/** Names of what is missing, new or different, in words. */
export function differences(
  before: ReadonlyMap<string, TableFingerprint>,
  after: ReadonlyMap<string, TableFingerprint>,
): readonly string[] {
  const found: string[] = []
  for (const [name, { rows, digest }] of before) {
    const now = after.get(name)
    if (now === undefined) found.push(`${name} is missing`)
    else if (now.rows !== rows) found.push(`${name} has ${now.rows} rows instead of ${rows}`)
    else if (now.digest !== digest) found.push(`${name} differs`)
  }
  for (const name of after.keys()) if (!before.has(name)) found.push(`${name} is new`)
  return found
}

function OURS(namespace: string): string {
  return `${namespace}::regnamespace::text NOT LIKE 'pg\\_%' AND ${namespace}::regnamespace::text <> 'information_schema'`
}

function rowsQuery(table: string): string {
  return `SELECT count(*)::integer AS rows,
      coalesce(sum(('x' || left(h, 16))::bit(64)::bigint), 0) || ':' || coalesce(sum(('x' || right(h, 16))::bit(64)::bigint), 0) AS digest
    FROM (SELECT md5(t::text) AS h FROM ONLY ${table} AS t) AS hashes`
}

function sequenceQuery(sequence: string): string {
  return `SELECT 1 AS rows, last_value || ' ' || is_called AS digest FROM ${sequence}`
}

const DEFINITIONS = `
  SELECT kind || ' ' || name AS name, 1 AS rows, md5(definition) AS digest FROM (
    SELECT 'view' AS kind, c.oid::regclass::text AS name, pg_get_viewdef(c.oid) AS definition
      FROM pg_catalog.pg_class c WHERE relkind IN ('v', 'm') AND ${OURS('relnamespace')}
    UNION ALL SELECT 'index', i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
      FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid WHERE ${OURS('relnamespace')}
    UNION ALL SELECT 'constraint', conname || ' on ' || conrelid::regclass, pg_get_constraintdef(o.oid)
      FROM pg_catalog.pg_constraint o WHERE conrelid <> 0 AND ${OURS('connamespace')}
    UNION ALL SELECT 'trigger', tgname || ' on ' || tgrelid::regclass, concat(pg_get_triggerdef(t.oid), tgenabled)
      FROM pg_catalog.pg_trigger t WHERE NOT tgisinternal
    UNION ALL SELECT 'function', p.oid::regprocedure::text, pg_get_functiondef(p.oid)
      FROM pg_catalog.pg_proc p WHERE prokind IN ('f', 'p') AND ${OURS('pronamespace')}
    UNION ALL SELECT 'policy', polname || ' on ' || polrelid::regclass, concat_ws('|', polcmd, polpermissive, pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
      FROM pg_catalog.pg_policy
  ) AS objects ORDER BY 1`
