/** A database as text: everything pg_dump says of its schema, and a digest of every table's rows, sequence and large object. */
import pg from 'pg'
import { dumpSchema } from '../../src/postgres/schema/pg-dump.ts'
import { scriptFor } from '../../src/postgres/schema/script-for.ts'

/**
 * Of a hash-partitioned table the root instead of its leaves: the hash of an enum is that of its oid, which no restore keeps, so
 * the rows rightly lie elsewhere.
 */
const RELATIONS = `
  WITH RECURSIVE hashed AS (
    SELECT partrelid AS oid FROM pg_partitioned_table WHERE partstrat = 'h'
    UNION ALL SELECT i.inhrelid FROM pg_inherits i JOIN hashed h ON h.oid = i.inhparent
  )
  SELECT format('%I.%I', n.nspname, c.relname) AS name, c.relkind::text AS kind, c.relispopulated AS populated
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE (c.relkind IN ('r', 'm', 'S') AND c.oid NOT IN (SELECT oid FROM hashed)
      OR c.oid IN (SELECT partrelid FROM pg_partitioned_table WHERE partstrat = 'h'))
    AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  ORDER BY 1`

const LARGE_OBJECTS = `
  SELECT oid::text AS name, md5(lo_get(oid)) || ' ' || pg_get_userbyid(lomowner) || ' ' || coalesce(lomacl::text, '') || ' ' ||
         coalesce(obj_description(oid, 'pg_largeobject'), '') AS digest
  FROM pg_largeobject_metadata ORDER BY oid`

export interface Fingerprint {
  readonly schema: string
  readonly rows: Readonly<Record<string, string>>
}

export async function fingerprint(url: string): Promise<Fingerprint> {
  const connect = { url, connectTimeout: 10_000, signal: new AbortController().signal }
  const [schema, rows, serverVersion] = await Promise.all([
    dumpSchema({ connect, snapshot: undefined, section: 'schema', args: [] }),
    digests(url),
    versionOf(url),
  ])
  // Without what a server keeps for itself, which is another number in every database.
  return { schema: String(scriptFor(schema, 'schema', { serverVersion })), rows }
}

async function versionOf(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return Number((await client.query('SHOW server_version_num')).rows[0]?.server_version_num)
  } finally {
    await client.end()
  }
}

/** Of every table's rows, every sequence and every large object, by name. */
export async function digests(url: string): Promise<Record<string, string>> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query("SET extra_float_digits = 3; SET search_path = ''; SET timezone = 'UTC'")
    const rows: Record<string, string> = {}
    for (const { name, kind, populated } of (await client.query(RELATIONS)).rows) {
      if (!populated) {
        rows[name] = 'not populated'
        continue
      }
      const select =
        kind === 'S'
          ? `SELECT last_value || ' ' || is_called AS digest FROM ${name}`
          : `SELECT count(*) || ' ' || coalesce(md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))), '') AS digest FROM ${kind === 'p' ? '' : 'ONLY '}${name} t`
      rows[name] = (await client.query(select)).rows[0]?.digest
    }
    for (const { name, digest } of (await client.query(LARGE_OBJECTS)).rows) rows[`large object ${name}`] = digest
    return rows
  } finally {
    await client.end()
  }
}
