/** What must be known of a target before the first statement runs: roles, extensions, schemas, settings. */
import type { Connection } from '../connection/connection.ts'
import { DATABASE_LOCALE } from '../database-locale.ts'
import type { DatabaseLocale } from '../detail.ts'

export interface TargetFacts {
  readonly version: number
  readonly encoding: string
  readonly collate: string
  readonly ctype: string
  readonly locale: DatabaseLocale | null
  readonly currentUser: string
  readonly superuser: boolean
  readonly createRole: boolean
  /** Roles by name, and whether the restoring one may give objects to them. */
  readonly roles: ReadonlyMap<string, boolean>
  /** Extensions installed. */
  readonly extensions: ReadonlyMap<string, InstalledExtension>
  /** Names of extensions that the server could install. */
  readonly available: ReadonlySet<string>
  readonly tablespaces: ReadonlySet<string>
  /** Schemas of people, by name. */
  readonly schemas: ReadonlyMap<string, ExistingSchema>
  readonly subscriptions: ReadonlySet<string>
  /** Foreign servers. */
  readonly servers: ReadonlySet<string>
  /** By schema, which of the roles that the restoring one may give objects to may create there: only those may own something. */
  readonly creators: ReadonlyMap<string, ReadonlySet<string>>
}

export interface InstalledExtension {
  readonly schema: string
  readonly version: string
  /** Whether the restoring role owns it, as a member or a superuser. */
  readonly ours: boolean
}

export interface ExistingSchema {
  readonly owner: string
  readonly ours: boolean
}

interface Row {
  readonly encoding: string
  readonly collate: string
  readonly ctype: string
  readonly locale: DatabaseLocale | null
  readonly user: string
  readonly superuser: boolean
  readonly createRole: boolean
  readonly creators: Record<string, string[]> | null
  readonly roles: Record<string, boolean> | null
  readonly extensions: Record<string, InstalledExtension> | null
  readonly available: string[]
  readonly tablespaces: string[]
  readonly schemas: Record<string, ExistingSchema> | null
  readonly subscriptions: string[]
  readonly servers: string[]
}

export async function targetFacts(connection: Connection): Promise<TargetFacts> {
  // Before 16, membership was enough to SET ROLE and to give objects away. Only who inherits a role's rights can go on with them then.
  const assume = connection.serverVersion >= 160000 ? 'SET' : 'MEMBER'
  const [row] = await connection.query<Row>(
    `SELECT pg_catalog.pg_encoding_to_char(d.encoding) AS encoding, d.datcollate AS collate, d.datctype AS ctype, ${DATABASE_LOCALE} AS locale, current_user AS user,
            (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) AS superuser,
            (SELECT rolcreaterole FROM pg_catalog.pg_roles WHERE rolname = current_user) AS "createRole",
            (SELECT json_object_agg(nspname, ARRAY(SELECT rolname FROM pg_catalog.pg_roles r
                                     WHERE pg_catalog.pg_has_role(r.oid, $1) AND pg_catalog.has_schema_privilege(r.oid, n.oid, 'CREATE')))
               FROM pg_catalog.pg_namespace n
              WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
                AND NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)) AS creators,
            (SELECT json_object_agg(rolname, pg_catalog.pg_has_role(oid, $1) AND pg_catalog.pg_has_role(oid, 'USAGE'))
               FROM pg_catalog.pg_roles) AS roles,
            (SELECT json_object_agg(extname, json_build_object('schema', nspname, 'version', extversion,
                                    'ours', pg_catalog.pg_has_role(extowner, 'USAGE')))
               FROM pg_catalog.pg_extension JOIN pg_catalog.pg_namespace n ON n.oid = extnamespace) AS extensions,
            ARRAY(SELECT name::text FROM pg_catalog.pg_available_extensions) AS available,
            ARRAY(SELECT spcname::text FROM pg_catalog.pg_tablespace) AS tablespaces,
            (SELECT json_object_agg(nspname, json_build_object('owner', pg_catalog.pg_get_userbyid(nspowner),
                                    'ours', pg_catalog.pg_has_role(nspowner, 'USAGE')))
               FROM pg_catalog.pg_namespace
              WHERE nspname !~ '^pg_' AND nspname <> 'information_schema') AS schemas,
            ARRAY(SELECT srvname::text FROM pg_catalog.pg_foreign_server) AS servers,
            ARRAY(SELECT subname::text FROM pg_catalog.pg_subscription WHERE subdbid = d.oid) AS subscriptions
       FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()`,
    [assume],
  )
  if (row === undefined) throw new Error('pg_database does not know the current database')
  return {
    version: connection.serverVersion,
    encoding: row.encoding,
    collate: row.collate,
    ctype: row.ctype,
    locale: row.locale,
    currentUser: row.user,
    superuser: row.superuser,
    createRole: row.createRole,
    roles: new Map(Object.entries(row.roles ?? {})),
    extensions: new Map(Object.entries(row.extensions ?? {})),
    available: new Set(row.available),
    tablespaces: new Set(row.tablespaces),
    schemas: new Map(Object.entries(row.schemas ?? {})),
    subscriptions: new Set(row.subscriptions),
    servers: new Set(row.servers),
    creators: new Map(Object.entries(row.creators ?? {}).map(([schema, roles]) => [schema, new Set(roles)])),
  }
}
