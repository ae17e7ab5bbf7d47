/**
 * Rights that an object is born with. pg_dump's grants are told relative to those that the server gives by itself, so what
 * default privileges add to a new object would stay: a table that was closed to a role would be open to it. They are therefore
 * taken away before anything is created, and what the backup, or whoever lives beside it, has of them comes back after that.
 */
import type { Problem } from '../../engine/ports.ts'
import type { Connection } from '../connection/connection.ts'

/** Which default privileges are meant; always those of roles that the restoring one may act for. */
export interface DefaultsOf {
  /** Those in these schemas; all schemas if absent. */
  readonly schemas?: readonly string[]
  /** Also those that are bound to no schema. */
  readonly everywhere: boolean
  /** Only those of the restoring role itself, which alone concern what it creates. */
  readonly mine: boolean
}

/** Statements that bring them back to the server's own, and that make them again as they are now. */
export interface Rights {
  readonly reset: readonly string[]
  readonly again: readonly string[]
}

export const GRANTEE = `CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) END`
const GRANTED = `string_agg(x.privilege_type, ', ' ORDER BY x.privilege_type)`
const OPTION = `CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END`

/** Of `$1` schemas (null: all), `$2` also those everywhere, `$3` only the restoring role's. */
const DEFAULTS = `
  WITH defaults AS (
    SELECT a.oid, a.defaclacl, a.defaclobjtype, a.defaclnamespace = 0 AS everywhere,
           pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.defaclrole)) AS role,
           'ALTER DEFAULT PRIVILEGES FOR ROLE ' || pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.defaclrole))
             || COALESCE(' IN SCHEMA ' || pg_catalog.quote_ident(n.nspname), '') AS head,
           CASE a.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS'
                                WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' WHEN 'L' THEN 'LARGE OBJECTS' END AS objects
      FROM pg_catalog.pg_default_acl a LEFT JOIN pg_catalog.pg_namespace n ON n.oid = a.defaclnamespace
     WHERE CASE WHEN a.defaclnamespace = 0 THEN $2::boolean ELSE $1::text[] IS NULL OR n.nspname = ANY($1) END
       AND CASE WHEN $3::boolean THEN pg_catalog.pg_get_userbyid(a.defaclrole) = current_user
                ELSE pg_catalog.pg_has_role(a.defaclrole, 'USAGE') END
  )
  SELECT step > 3 AS again, sql FROM (
    SELECT DISTINCT 1 AS step, oid, head || ' REVOKE ALL ON ' || objects || ' FROM ' || ${GRANTEE} AS sql
      FROM defaults CROSS JOIN LATERAL pg_catalog.aclexplode(defaclacl) x
    UNION ALL
    SELECT 2, oid, head || ' GRANT ALL ON ' || objects || ' TO ' || role FROM defaults WHERE everywhere
    UNION ALL
    SELECT 3, oid, head || ' GRANT ' || CASE defaclobjtype WHEN 'f' THEN 'EXECUTE' ELSE 'USAGE' END || ' ON ' || objects || ' TO PUBLIC'
      FROM defaults WHERE everywhere AND defaclobjtype IN ('f', 'T')
    UNION ALL
    SELECT 4, oid, head || ' REVOKE ALL ON ' || objects || ' FROM ' || role || CASE WHEN defaclobjtype IN ('f', 'T') THEN ', PUBLIC' ELSE '' END
      FROM defaults WHERE everywhere
    UNION ALL
    SELECT 5, oid, head || ' GRANT ' || ${GRANTED} || ' ON ' || objects || ' TO ' || ${GRANTEE} || ${OPTION}
      FROM defaults CROSS JOIN LATERAL pg_catalog.aclexplode(defaclacl) x GROUP BY oid, head, objects, x.grantee, x.is_grantable
  ) s ORDER BY step > 3, oid, step, sql`

export async function defaultPrivileges(
  connection: Connection,
  { schemas, everywhere, mine }: DefaultsOf,
): Promise<Rights> {
  return sorted(await connection.query<Row>(DEFAULTS, [schemas ?? null, everywhere, mine]))
}

const NAMED = `
  SELECT 'FOR ROLE ' || pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.defaclrole))
         || COALESCE(' IN SCHEMA ' || pg_catalog.quote_ident(n.nspname), '') || ' ON ' ||
         CASE a.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS'
                              WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' ELSE 'LARGE OBJECTS' END AS name
    FROM pg_catalog.pg_default_acl a LEFT JOIN pg_catalog.pg_namespace n ON n.oid = a.defaclnamespace ORDER BY 1`

/** `FOR ROLE shop IN SCHEMA public ON TABLES`, one for each kind of object that has any. */
export async function namesOfDefaults(connection: Connection): Promise<string[]> {
  return (await connection.query<{ name: string }>(NAMED)).map(({ name }) => name)
}

/** What a target has lost that the backup knows nothing of: what is created there later will have no such grants. */
export function lostDefaults(before: readonly string[], after: readonly string[]): Problem[] {
  const lost = before.filter(name => !after.includes(name))
  if (lost.length === 0) return []
  return [
    {
      severity: 'warning',
      message: `Default privileges that the backup does not have were taken away: ${lost.join(', ')}.`,
      hint: 'Where objects that are created later should be granted to others at once, give them again: ALTER DEFAULT PRIVILEGES …',
      entries: lost,
    },
  ]
}

/**
 * `reset`: owner, grants and comment of the schemas `$1` as a new schema has them. `public` gets what pg_dump takes for granted
 * on every server since its version 15, and otherwise mentions: nobody may create in it (unless `$2`).
 */
const SCHEMAS = `
  WITH schemas AS (
    SELECT n.oid, n.nspacl, n.nspowner, n.nspname = 'public' AS public, pg_catalog.quote_ident(n.nspname) AS name,
           pg_catalog.obj_description(n.oid, 'pg_namespace') AS comment, pg_catalog.pg_get_userbyid(n.nspowner) AS owner,
           CASE WHEN n.nspname <> 'public' THEN pg_catalog.pg_get_userbyid(n.nspowner)
                WHEN pg_catalog.current_setting('server_version_num')::int >= 150000 THEN 'pg_database_owner'
                ELSE (SELECT rolname FROM pg_catalog.pg_roles WHERE oid = 10) END AS proper
      FROM pg_catalog.pg_namespace n
     WHERE n.nspname = ANY($1) AND pg_catalog.pg_has_role(n.nspowner, 'USAGE')
  ), owned AS (
    -- On a managed server an ordinary role cannot give the schema to whom a new database would.
    SELECT *, CASE WHEN owner = proper OR pg_catalog.pg_has_role(proper, 'MEMBER') THEN proper ELSE owner END AS final FROM schemas
  )
  SELECT step > 5 AS again, sql FROM (
    SELECT DISTINCT 1 AS step, oid, 'REVOKE ALL ON SCHEMA ' || name || ' FROM ' || ${GRANTEE} || ' CASCADE' AS sql
      FROM owned CROSS JOIN LATERAL pg_catalog.aclexplode(nspacl) x
    UNION ALL
    SELECT 2, oid, 'ALTER SCHEMA ' || name || ' OWNER TO ' || pg_catalog.quote_ident(final) FROM owned WHERE final <> owner
    UNION ALL
    SELECT 3, oid, 'GRANT ALL ON SCHEMA ' || name || ' TO ' || pg_catalog.quote_ident(final) FROM owned
    UNION ALL
    SELECT 4, oid, 'GRANT ' || CASE WHEN $2::boolean THEN 'ALL' ELSE 'USAGE' END || ' ON SCHEMA public TO PUBLIC'
      FROM owned WHERE public
    UNION ALL
    SELECT 5, oid, 'COMMENT ON SCHEMA ' || name || ' IS ' || CASE WHEN public THEN '''standard public schema''' ELSE 'NULL' END FROM owned
    UNION ALL
    SELECT 6, oid, 'ALTER SCHEMA ' || name || ' OWNER TO ' || pg_catalog.quote_ident(owner) FROM owned WHERE final <> owner
    UNION ALL
    SELECT 7, oid, 'REVOKE ALL ON SCHEMA ' || name || ' FROM PUBLIC, ' || pg_catalog.quote_ident(owner) FROM owned
    UNION ALL
    SELECT 8, oid, 'GRANT ' || ${GRANTED} || ' ON SCHEMA ' || name || ' TO ' || ${GRANTEE} || ${OPTION}
      FROM owned CROSS JOIN LATERAL pg_catalog.aclexplode(COALESCE(nspacl, pg_catalog.acldefault('n', nspowner))) x
     GROUP BY oid, name, x.grantee, x.is_grantable
    UNION ALL
    SELECT 9, oid, 'COMMENT ON SCHEMA ' || name || ' IS ' || pg_catalog.quote_nullable(comment) FROM owned
  ) s ORDER BY step > 5, oid, step, sql`

/** Of those that are there and the restoring role's own. `openPublic`: everybody may create in schema `public`. */
export async function schemaRights(
  connection: Connection,
  schemas: readonly string[],
  openPublic: boolean,
): Promise<Rights> {
  return sorted(await connection.query<Row>(SCHEMAS, [schemas, openPublic]))
}

interface Row {
  readonly again: boolean
  readonly sql: string
}

function sorted(rows: readonly Row[]): Rights {
  const statements = (again: boolean) => rows.flatMap(row => (row.again === again ? [row.sql] : []))
  return { reset: statements(false), again: statements(true) }
}
