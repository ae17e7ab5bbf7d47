/**
 * What a database has besides its contents, and pg_dump writes with `--create` alone: settings, of roles in it too, who may
 * connect, a comment, a limit, an owner. As data, so that the statements may name another database than the one it was read of.
 */
import pg from 'pg'
import type { Connection } from './connection/connection.ts'
import type { DatabaseProperties } from './detail.ts'

type Grant = NonNullable<DatabaseProperties['grants']>[number]

/** GUCs whose stored values are lists of quoted names already; pg_dump knows the same ones. */
const LISTS: readonly string[] = [
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
]

/** JSON of the properties of `d`, a row of pg_database. */
export const DATABASE_PROPERTIES = `
  pg_catalog.json_build_object(
    'owner', pg_catalog.pg_get_userbyid(d.datdba),
    'settings', COALESCE(
      (SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
                'role', CASE WHEN s.setrole <> 0 THEN pg_catalog.pg_get_userbyid(s.setrole) END,
                'name', pg_catalog.split_part(c, '=', 1), 'value', pg_catalog.substr(c, pg_catalog.strpos(c, '=') + 1))
              ORDER BY s.setrole, place)
         FROM pg_catalog.pg_db_role_setting s CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(s.setconfig)) WITH ORDINALITY u(c, place)
        WHERE s.setdatabase = d.oid), '[]'),
    'grants', CASE WHEN d.datacl IS NOT NULL THEN COALESCE(
      (SELECT pg_catalog.jsonb_agg(DISTINCT pg_catalog.jsonb_build_object(
                'role', CASE WHEN x.grantee <> 0 THEN pg_catalog.pg_get_userbyid(x.grantee) END,
                'privilege', x.privilege_type, 'grantable', x.is_grantable))
         FROM pg_catalog.aclexplode(d.datacl) x), '[]') END,
    'comment', pg_catalog.shobj_description(d.oid, 'pg_database'),
    'connectionLimit', d.datconnlimit)`

/** Of the connection's own database, or of another one. */
export async function readProperties(connection: Connection, name?: string): Promise<DatabaseProperties> {
  const [row] = await connection.query<{ properties: DatabaseProperties }>(
    `SELECT ${DATABASE_PROPERTIES} AS properties FROM pg_catalog.pg_database d
      WHERE d.datname = COALESCE($1::text, pg_catalog.current_database())`,
    [name ?? null],
  )
  if (row === undefined) throw new Error('pg_database does not know the database')
  return row.properties
}

export interface PropertyStatement {
  readonly sql: string
  /** The same without values, which may be secrets. */
  readonly shown: string
  /** `search_path`, `work_mem of role app`, `who may connect`. */
  readonly what: string
}

/** What makes the database of that name, which is as `current` says now, as `wanted` says; nothing where it is so already. */
export function propertyStatements(
  wanted: DatabaseProperties,
  name: string,
  current: DatabaseProperties,
): readonly PropertyStatement[] {
  const database = pg.escapeIdentifier(name)
  const of = (what: string, head: string, value = '') => ({
    what,
    sql: head + value,
    shown: value === '' ? head : `${head}…`,
  })
  const has = new Set(current.settings.map(setting => JSON.stringify(setting)))
  const settings = wanted.settings.filter(one => !has.has(JSON.stringify(one)))
  return [
    ...settings.map(({ role, name: setting, value }) =>
      of(
        role === null ? setting : `${setting} of role ${role}`,
        `ALTER ${role === null ? '' : `ROLE ${pg.escapeIdentifier(role)} IN `}DATABASE ${database} SET ${setting.split('.').map(pg.escapeIdentifier).join('.')} TO `,
        LISTS.includes(setting) ? value || "''" : pg.escapeLiteral(value),
      ),
    ),
    ...grantStatements(wanted, current).map(sql => of('who may connect', sql(database))),
    ...(wanted.comment === null || wanted.comment === current.comment
      ? []
      : [of('comment', `COMMENT ON DATABASE ${database} IS `, pg.escapeLiteral(wanted.comment))]),
    ...(wanted.connectionLimit === -1 || wanted.connectionLimit === current.connectionLimit
      ? []
      : [of('connection limit', `ALTER DATABASE ${database} CONNECTION LIMIT ${wanted.connectionLimit}`)]),
    // The last: afterwards the role may have no say any more.
    ...(wanted.owner === current.owner
      ? []
      : [of('owner', `ALTER DATABASE ${database} OWNER TO ${pg.escapeIdentifier(wanted.owner)}`)]),
  ]
}

/** Nothing where the backup's database had what every one has: that might open one that somebody has closed. */
function grantStatements(wanted: DatabaseProperties, current: DatabaseProperties): ((database: string) => string)[] {
  if (wanted.grants === null) return []
  // What its owner may, the owner here may.
  const here = (role: string | null) => (role === wanted.owner ? current.owner : role)
  const grants = wanted.grants.map(grant => ({ ...grant, role: here(grant.role) }))
  const before = current.grants ?? []
  if (current.grants !== null && grantKeys(grants) === grantKeys(before)) return []
  const losing = [...new Set([null, current.owner, ...before.map(({ role }) => role)])].map(grantee)
  return [
    database => `REVOKE ALL ON DATABASE ${database} FROM ${losing.join(', ')}`,
    ...grants.map(
      ({ role, privilege, grantable }) =>
        (database: string) =>
          `GRANT ${privilege} ON DATABASE ${database} TO ${grantee(role)}${grantable ? ' WITH GRANT OPTION' : ''}`,
    ),
  ]
}

function grantKeys(grants: readonly Grant[]): string {
  return JSON.stringify(grants.map(({ role, privilege, grantable }) => [role, privilege, grantable].join()).toSorted())
}

function grantee(role: string | null): string {
  return role === null ? 'PUBLIC' : pg.escapeIdentifier(role)
}
