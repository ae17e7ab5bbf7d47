/**
 * What a restore may meet that shows in the catalogue already: told while there is a source to be mended. All of it is in the backup,
 * and all rows come back. No row is read for it, so of rows that break a key only a key tells that nobody has validated.
 */
import type { Problem } from '../../engine/ports.ts'
import type { Connection } from '../connection/connection.ts'
import { IS_USER_SCHEMA } from './tables.ts'
import { problemOf } from './unseen.ts'

const UNVALIDATED = `
  SELECT k.conname || ' of ' || pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE NOT k.convalidated AND k.contype IN ('f', 'c') AND k.conparentid = 0 AND ${IS_USER_SCHEMA}
     -- One that is not enforced is never valid.
     AND coalesce((pg_catalog.to_jsonb(k) ->> 'conenforced')::boolean, true)
   ORDER BY 1`

const catalogue = (name: string) => `'pg_catalog.${name}'::pg_catalog.regclass`

/**
 * Functions that the server calls as it takes in rows or builds an index, which find what they name by the session's search path: one
 * with a name of people's, without a schema, that is called or read from. Comments and strings are not told apart.
 */
const UNQUALIFIED = `
  WITH used AS (
    SELECT DISTINCT p.oid, p.prosrc FROM pg_catalog.pg_depend d
      JOIN pg_catalog.pg_proc p ON p.oid = d.refobjid JOIN pg_catalog.pg_language l ON l.oid = p.prolang
      LEFT JOIN pg_catalog.pg_attrdef a ON d.classid = ${catalogue('pg_attrdef')} AND a.oid = d.objid
      -- Before 15 it is the column itself that depends on them.
      LEFT JOIN pg_catalog.pg_attribute g ON g.attrelid = COALESCE(a.adrelid, d.objid) AND g.attnum = COALESCE(a.adnum, d.objsubid)
       AND d.classid IN (${catalogue('pg_attrdef')}, ${catalogue('pg_class')})
     WHERE d.refclassid = ${catalogue('pg_proc')} AND p.oid >= 16384 AND l.lanname IN ('sql', 'plpgsql') AND p.prosqlbody IS NULL
       AND NOT EXISTS (SELECT FROM pg_catalog.unnest(p.proconfig) c WHERE c LIKE 'search_path=%')
       AND (d.classid = ${catalogue('pg_constraint')} OR g.attgenerated <> ''
            OR d.classid = ${catalogue('pg_class')} AND EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indexrelid = d.objid))
  ), words AS (
    SELECT u.oid, lower(m[2]) AS word, 'relation' AS kind
      FROM used u CROSS JOIN LATERAL pg_catalog.regexp_matches(u.prosrc, '\\m(from|join|into|update|only)\\s+"?([[:alpha:]_][\\w$]*)"?(?![\\w$"]|\\s*[.(])', 'gi') m
    UNION
    SELECT u.oid, lower(m[2]), 'function'
      FROM used u CROSS JOIN LATERAL pg_catalog.regexp_matches(u.prosrc, '(^|[^.\\w$"])"?([[:alpha:]_][\\w$]*)"?\\s*\\(', 'gi') m
  )
  SELECT DISTINCT w.oid::pg_catalog.regprocedure::text AS name FROM words w
   WHERE CASE w.kind WHEN 'relation' THEN EXISTS (
           SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relname = w.word AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND ${IS_USER_SCHEMA})
         ELSE EXISTS (
           SELECT FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE p.proname = w.word AND ${IS_USER_SCHEMA})
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_proc p WHERE p.proname = w.word AND p.pronamespace = 'pg_catalog'::pg_catalog.regnamespace) END
   ORDER BY 1`

/** Roles are the server's: one that was removed by force leaves its number behind. */
const NOBODYS = `
  SELECT DISTINCT pg_catalog.format('%s (role %s)', name, role) AS name FROM (
    SELECT c.oid::pg_catalog.regclass::text AS name, x.role FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     CROSS JOIN LATERAL (SELECT c.relowner AS role UNION SELECT grantee FROM pg_catalog.aclexplode(c.relacl)) x
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND ${IS_USER_SCHEMA}
    UNION ALL
    SELECT p.oid::pg_catalog.regprocedure::text, x.role FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
     CROSS JOIN LATERAL (SELECT p.proowner AS role UNION SELECT grantee FROM pg_catalog.aclexplode(p.proacl)) x WHERE ${IS_USER_SCHEMA}
    UNION ALL
    SELECT pg_catalog.quote_ident(n.nspname), x.role FROM pg_catalog.pg_namespace n
     CROSS JOIN LATERAL (SELECT n.nspowner AS role UNION SELECT grantee FROM pg_catalog.aclexplode(n.nspacl)) x WHERE ${IS_USER_SCHEMA}
    UNION ALL
    SELECT p.polname || ' on ' || p.polrelid::pg_catalog.regclass, r.role FROM pg_catalog.pg_policy p CROSS JOIN LATERAL unnest(p.polroles) r(role)
  ) o WHERE role <> 0 AND NOT EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.oid = o.role)
   ORDER BY 1`

/** Materialized views over foreign tables, through views too: they are filled where the foreign server can be reached. */
const FOREIGN = `
  WITH RECURSIVE far(oid) AS (
    SELECT oid FROM pg_catalog.pg_class WHERE relkind = 'f'
    UNION
    SELECT r.ev_class FROM far JOIN pg_catalog.pg_depend d ON d.refclassid = ${catalogue('pg_class')} AND d.refobjid = far.oid
      JOIN pg_catalog.pg_rewrite r ON d.classid = ${catalogue('pg_rewrite')} AND r.oid = d.objid
  )
  SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
    FROM far JOIN pg_catalog.pg_class c ON c.oid = far.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind = 'm' AND c.relispopulated AND ${IS_USER_SCHEMA} ORDER BY 1`

export async function foreseenProblems(connection: Connection): Promise<readonly Problem[]> {
  const names = async (sql: string) => (await connection.query<{ name: string }>(sql)).map(({ name }) => name)
  return [
    ...problemOf(
      await names(UNVALIDATED),
      'Constraints that nobody has validated may have rows that break them, and come back like that',
      'Correct the rows, then: ALTER TABLE … VALIDATE CONSTRAINT …',
    ),
    ...problemOf(
      await names(UNQUALIFIED),
      'Functions in indexes, constraints or generated columns seem to rely on the search path, which a restore does not have',
      'Name the schemas in them, or: ALTER FUNCTION … SET search_path = … A restore gives them the path of the source where they fail; psql alone does not.',
    ),
    ...problemOf(
      await names(NOBODYS),
      'Belongs, or is granted, to roles that are no longer there, which no restore can give it to',
      'Give it to a role that is there: ALTER … OWNER TO …, REVOKE …',
    ),
    ...problemOf(
      await names(FOREIGN),
      'Materialized views read foreign tables: a restore fills them only where those servers can be reached',
      'Elsewhere they come back without rows, listed: REFRESH MATERIALIZED VIEW … fills them later.',
    ),
  ]
}
