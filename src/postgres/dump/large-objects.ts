/**
 * Large objects as SQL. The server writes the statements itself, and a COPY streams them, so that an object of many gigabytes
 * passes in bounded memory and thousands of small ones cost nothing here.
 *
 * One statement a line: `lo_from_bytea` makes the object from its first part, `lo_put` adds the others, then come
 * owner, privileges and comment. The lines leave as CSV whose quote and delimiter are control characters: the one format of
 * COPY that leaves a line alone, where text format would double its backslashes.
 */

import { KiB, MiB } from '../../format/sizes.ts'
import type { Connection } from '../connection/connection.ts'

/** Bytes of an object in one statement; twice that as hexadecimal digits. */
const PART_SIZE = 256 * KiB
/** Bytes of the objects that are read together, and what each of them counts for beside its bytes. */
const BATCH_SIZE = 64 * MiB
const OBJECT_OVERHEAD = 1 * KiB
/** INV_READ */
const FOR_READING = 262_144
const SEEK_END = 2

/** Large objects by OID, both bounds included. */
export interface LargeObjects {
  readonly first: string
  readonly last: string
  /** Bytes of the statements to come, roughly. */
  readonly bytes: number
}

/**
 * All large objects in batches. Asks every object for its size, and so fails with pg's `DatabaseError` 42501 where one may
 * not be read.
 */
export async function listLargeObjects(connection: Connection): Promise<LargeObjects[]> {
  const rows = await connection.query<{ first: string; last: string; bytes: string }>(`
    SELECT min(oid)::text AS first, max(oid)::text AS last, sum(size) AS bytes
      FROM (SELECT oid, size, pg_catalog.div(sum(size + ${OBJECT_OVERHEAD}) OVER (ORDER BY oid), ${BATCH_SIZE}) AS batch
              FROM (${sizes('true')}) s) b
     GROUP BY batch ORDER BY batch`)
  return rows.map(({ first, last, bytes }) => ({ first, last, bytes: 2 * Number(bytes) }))
}

export function largeObjectsName({ first, last }: LargeObjects): string {
  return first === last ? `large object ${first}` : `large objects ${first}-${last}`
}

/** Two COPY commands whose outputs, one after the other, are the script. */
export function largeObjectQueries({ first, last }: LargeObjects): readonly [string, string] {
  const range = `BETWEEN ${BigInt(first)} AND ${BigInt(last)}`
  return [
    script(`
      SELECT CASE WHEN at = 0 THEN 'SELECT pg_catalog.lo_from_bytea(' || oid ELSE 'SELECT pg_catalog.lo_put(' || oid || ', ' || at END
             || ', ''' || pg_catalog.lo_get(oid, at, ${PART_SIZE})::text || ''');'
        FROM (${sizes(`oid ${range}`)}) s,
             LATERAL pg_catalog.generate_series(0, greatest(size - 1, 0), ${PART_SIZE}) at`),
    script(`
      SELECT line FROM pg_catalog.pg_largeobject_metadata l, LATERAL (${PROPERTIES}) p
       WHERE l.oid ${range} ORDER BY l.oid, step, line`),
  ]
}

function script(query: string): string {
  return `COPY (${query}) TO STDOUT WITH (FORMAT csv, DELIMITER E'\\x02', QUOTE E'\\x01')`
}

/**
 * An object's size is known only to whoever opens it: pg_largeobject itself is the superuser's. Closed again at once, since
 * a transaction has to remember what it has open.
 */
function sizes(condition: string): string {
  return `
    SELECT oid, size FROM (
      SELECT oid, pg_catalog.lo_lseek64(fd, 0, ${SEEK_END}) AS size, pg_catalog.lo_close(fd) AS closed
        FROM (SELECT oid, pg_catalog.lo_open(oid, ${FOR_READING}) AS fd FROM pg_catalog.pg_largeobject_metadata
               WHERE ${condition} ORDER BY oid OFFSET 0) o
      OFFSET 0) o`
}

/** What may not stand in a line, or means something to COPY, as an escape of `E''`. The backslash comes first. */
const ESCAPES = [
  [String.raw`E'\\'`, String.raw`E'\\\\'`],
  [`''''`, `''''''`],
  [String.raw`E'\n'`, String.raw`E'\\n'`],
  [String.raw`E'\r'`, String.raw`E'\\r'`],
  [String.raw`E'\x01'`, String.raw`E'\\x01'`],
  [String.raw`E'\x02'`, String.raw`E'\\x02'`],
] as const

function literal(expression: string): string {
  const escaped = ESCAPES.reduce((text, [from, to]) => `pg_catalog.replace(${text}, ${from}, ${to})`, expression)
  return `'E''' || ${escaped} || ''''`
}

const OWNER = 'pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(l.lomowner))'
const GRANTEE = `CASE grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(grantee)) END`

/** Of the object `l`. Privileges are told as pg_dump does, by what differs from the owner having both. */
const PROPERTIES = `
  SELECT 1 AS step, 'ALTER LARGE OBJECT ' || l.oid || ' OWNER TO ' || ${OWNER} || ';' AS line
  UNION ALL
  SELECT 2, 'REVOKE ALL ON LARGE OBJECT ' || l.oid || ' FROM ' || ${OWNER} || ';'
   WHERE l.lomacl IS NOT NULL
     AND (SELECT count(DISTINCT privilege_type) FROM pg_catalog.aclexplode(l.lomacl) WHERE grantee = l.lomowner) < 2
  UNION ALL
  SELECT 3, 'GRANT ' || privileges || ' ON LARGE OBJECT ' || l.oid || ' TO ' || ${GRANTEE}
            || CASE WHEN is_grantable THEN ' WITH GRANT OPTION;' ELSE ';' END
    FROM (SELECT grantee, is_grantable, pg_catalog.string_agg(DISTINCT privilege_type, ',' ORDER BY privilege_type) AS privileges
            FROM pg_catalog.aclexplode(l.lomacl) GROUP BY grantee, is_grantable) a
   WHERE grantee <> l.lomowner OR privileges <> 'SELECT,UPDATE'
  UNION ALL
  SELECT 4, 'COMMENT ON LARGE OBJECT ' || l.oid || ' IS ' || ${literal('d.description')} || ';'
    FROM pg_catalog.pg_description d
   WHERE d.classoid = 'pg_catalog.pg_largeobject'::pg_catalog.regclass AND d.objoid = l.oid AND d.objsubid = 0
  UNION ALL
  SELECT 5, 'SECURITY LABEL FOR ' || pg_catalog.quote_ident(s.provider) || ' ON LARGE OBJECT ' || l.oid
            || ' IS ' || ${literal('s.label')} || ';'
    FROM pg_catalog.pg_seclabel s
   WHERE s.classoid = 'pg_catalog.pg_largeobject'::pg_catalog.regclass AND s.objoid = l.oid AND s.objsubid = 0`
