/** A new, empty database that is like the old one in all that a database has besides its contents. */
import pg from 'pg'
import type { Problem } from '../../../engine/ports.ts'
import type { Connection } from '../../connection/connection.ts'
import { serverError } from '../../connection/server-error.ts'
import { localeOptions } from '../../database-locale.ts'
import type { OldDatabase } from './old-database.ts'

/** GUCs whose stored values are lists of quoted names already; pg_dump knows the same ones. */
const LISTS = [
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
]

/** Statements that make the settings and grants of database `$1` again on database `$2`; the settings of roles in it, too. */
const CARRIED = `
  WITH settings AS (
    SELECT s.setrole, split_part(c, '=', 1) AS name, substr(c, strpos(c, '=') + 1) AS value, place
      FROM pg_catalog.pg_db_role_setting s
      JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase AND d.datname = $1
     CROSS JOIN LATERAL unnest(s.setconfig) WITH ORDINALITY AS u(c, place)
  )
  SELECT sql FROM (
    SELECT 1 AS step, place,
           CASE setrole WHEN 0 THEN pg_catalog.format('ALTER DATABASE %I', $2::text)
                        ELSE pg_catalog.format('ALTER ROLE %I IN DATABASE %I', pg_catalog.pg_get_userbyid(setrole), $2::text) END
           || ' SET ' || (SELECT string_agg(pg_catalog.quote_ident(part), '.') FROM unnest(pg_catalog.string_to_array(name, '.')) part)
           || ' TO ' || CASE WHEN name = ANY($3) THEN COALESCE(NULLIF(value, ''), '''''') ELSE pg_catalog.quote_literal(value) END AS sql
      FROM settings
    UNION ALL
    SELECT 2, 0, pg_catalog.format('REVOKE ALL ON DATABASE %I FROM PUBLIC, %I', $2::text, pg_catalog.pg_get_userbyid(datdba))
      FROM pg_catalog.pg_database WHERE datname = $1 AND datacl IS NOT NULL
    UNION ALL
    SELECT DISTINCT 3, 0, pg_catalog.format('GRANT %s ON DATABASE %I TO ', x.privilege_type, $2::text)
           || CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) END
           || CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
      FROM pg_catalog.pg_database CROSS JOIN LATERAL pg_catalog.aclexplode(datacl) x WHERE datname = $1
  ) s ORDER BY step, place, sql`

/** Throws what the server says if it makes no such database. */
export async function createBeside(maintenance: Connection, old: OldDatabase, name: string): Promise<void> {
  const { escapeIdentifier: id, escapeLiteral: literal } = pg
  const options = [
    `OWNER ${id(old.owner)}`,
    'TEMPLATE template0',
    `ENCODING ${literal(old.encoding)}`,
    ...localeOptions(old),
    ...(old.tablespace === 'pg_default' ? [] : [`TABLESPACE ${id(old.tablespace)}`]),
  ]
  try {
    await maintenance.query(`CREATE DATABASE ${id(name)} ${options.join(' ')}`)
  } catch (error) {
    throw serverError(error, `Creating the database ${name} beside ${old.name}`)
  }
}

/** Settings, grants, comment. What the role may not make again is told with the statement that somebody else can run. */
export async function carryOver(maintenance: Connection, old: OldDatabase, name: string): Promise<Problem[]> {
  const carried = await maintenance.query<{ sql: string }>(CARRIED, [old.name, name, LISTS])
  const statements = [
    ...carried.map(({ sql }) => sql),
    ...(old.comment === null
      ? []
      : [`COMMENT ON DATABASE ${pg.escapeIdentifier(name)} IS ${pg.escapeLiteral(old.comment)}`]),
  ]
  const problems: Problem[] = []
  for (const sql of statements) {
    try {
      await maintenance.query(sql)
    } catch (error) {
      const { code, message } = serverError(error, 'Carrying over', sql)
      if (code === 'connection' || code === 'cancelled') throw error
      problems.push({
        severity: 'warning',
        message: `Something of the old database ${old.name} could not be carried over to the new one: ${message}`,
        hint: `Somebody who may can run: ${sql.replaceAll(name, old.name)}`,
      })
    }
  }
  return problems
}

/** What cannot be carried over, and is known beforehand. */
export function staysBehind({ name, slots, hasSecurityLabels }: OldDatabase): Problem[] {
  return [
    ...(slots.length === 0
      ? []
      : [
          {
            severity: 'warning' as const,
            message: `Replication slots belong to the old database ${name} and stay with it: ${slots.join(', ')}.`,
            hint: 'Their consumers must begin anew with slots of the new database.',
          },
        ]),
    ...(hasSecurityLabels
      ? [{ severity: 'warning' as const, message: `Security labels of the database ${name} are not carried over.` }]
      : []),
  ]
}
