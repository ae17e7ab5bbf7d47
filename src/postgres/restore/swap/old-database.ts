/** What a swap must know of the database that it replaces: what the new one needs to be like, and who may do what with it. */
import pg from 'pg'
import { ComebackError } from '../../../errors.ts'
import type { Connection } from '../../connection/connection.ts'
import { parseDatabaseUrl } from '../../connection/connection-url.ts'
import { DATABASE_LOCALE } from '../../database-locale.ts'
import type { DatabaseLocale } from '../../detail.ts'
import { leftoversOf } from './database-names.ts'

export interface OldDatabase {
  readonly oid: number
  readonly name: string
  readonly owner: string
  readonly encoding: string
  readonly collate: string
  readonly ctype: string
  readonly locale: DatabaseLocale | null
  readonly tablespace: string
  readonly connectionLimit: number
  readonly bytes: number
  /** Names of all databases of the server. */
  readonly databases: readonly string[]
  /** Logical replication slots, which belong to a database and stay with the old one. */
  readonly slots: readonly string[]
  readonly hasSecurityLabels: boolean
  readonly rights: Rights
}

interface Rights {
  readonly user: string
  readonly mayCreate: boolean
  readonly isOwner: boolean
  readonly mayGive: boolean
  readonly mayUseTablespace: boolean
  readonly isTemplate: boolean
  /** Their workers are sessions that come back whenever they are ended. */
  readonly subscriptions: readonly string[]
}

const DATABASE = `
  SELECT d.oid::int AS oid, d.datname AS name, pg_catalog.pg_get_userbyid(d.datdba) AS owner,
         pg_catalog.pg_encoding_to_char(d.encoding) AS encoding, d.datcollate AS collate, d.datctype AS ctype,
         ${DATABASE_LOCALE} AS locale,
         t.spcname AS tablespace, d.datconnlimit AS "connectionLimit",
         pg_catalog.pg_database_size(d.oid)::text AS bytes,
         ARRAY(SELECT datname::text FROM pg_catalog.pg_database ORDER BY 1) AS databases,
         ARRAY(SELECT slot_name::text FROM pg_catalog.pg_replication_slots WHERE database = d.datname) AS slots,
         EXISTS (SELECT FROM pg_catalog.pg_shseclabel l
                  WHERE l.objoid = d.oid AND l.classoid = 'pg_catalog.pg_database'::pg_catalog.regclass) AS "hasSecurityLabels",
         pg_catalog.json_build_object(
           'user', current_user, 'mayCreate', r.rolcreatedb OR r.rolsuper,
           'isOwner', pg_catalog.pg_has_role(d.datdba, 'USAGE'), 'mayGive', pg_catalog.pg_has_role(d.datdba, $1),
           'mayUseTablespace', t.spcname = 'pg_default' OR pg_catalog.has_tablespace_privilege(t.oid, 'CREATE'),
           'isTemplate', d.datistemplate,
           'subscriptions', ARRAY(SELECT subname FROM pg_catalog.pg_subscription WHERE subdbid = d.oid AND subenabled)) AS rights
    FROM pg_catalog.pg_database d
    JOIN pg_catalog.pg_tablespace t ON t.oid = d.dattablespace
    JOIN pg_catalog.pg_roles r ON r.rolname = current_user
   WHERE d.datname = pg_catalog.current_database()`

/** The connection is one to the database itself. */
export async function readOldDatabase(connection: Connection): Promise<OldDatabase> {
  // Before 16, membership was enough to give something to a role.
  const give = connection.serverVersion >= 160_000 ? 'SET' : 'MEMBER'
  const [row] = await connection.query<Omit<OldDatabase, 'bytes'> & { readonly bytes: string }>(DATABASE, [give])
  if (row === undefined) throw new Error('pg_database does not know the current database')
  return { ...row, bytes: Number(row.bytes) }
}

/** Throws `permission` or `unsupported` for whatever the server would refuse later, before anything is done. */
export function refuseSwap(old: OldDatabase, url: string): void {
  const { rights, name } = old
  if (parseDatabaseUrl(url).database !== name) {
    throw new ComebackError('unsupported', `The URL reaches the database ${name} under another name.`, {
      hint: 'A pooler is between. --mode swap needs the direct URL of the server.',
    })
  }
  if (rights.isTemplate) {
    throw new ComebackError('unsupported', `The database ${name} is a template, and cannot be swapped.`, {
      hint: 'Use --mode atomic.',
    })
  }
  if (rights.subscriptions.length > 0) {
    const disable = rights.subscriptions.map(one => `ALTER SUBSCRIPTION ${pg.escapeIdentifier(one)} DISABLE`)
    throw new ComebackError(
      'unsupported',
      `The database ${name} subscribes to another one: its worker keeps the database from being renamed.`,
      { hint: `Before the restore: ${disable.join('; ')}` },
    )
  }
  const missing = missingRights(old)
  if (missing.length === 0) return
  throw new ComebackError(
    'permission',
    `To restore beside ${name} and swap the two, the role ${rights.user} lacks ${missing.map(one => one.what).join(', and ')}.`,
    {
      hint: `Nothing was changed. Grant it (${missing.map(one => one.grant).join('; ')}), or use --mode atomic, which needs none of that.`,
    },
  )
}

function missingRights({ rights, owner, tablespace, name }: OldDatabase) {
  const user = pg.escapeIdentifier(rights.user)
  const grant = `GRANT ${pg.escapeIdentifier(owner)} TO ${user}`
  return [
    ...(rights.mayCreate
      ? []
      : [{ what: 'the right to create databases (CREATEDB)', grant: `ALTER ROLE ${user} CREATEDB` }]),
    ...(rights.isOwner ? [] : [{ what: `ownership of ${name}, which belongs to ${owner}`, grant }]),
    ...(rights.mayGive || !rights.isOwner
      ? []
      : [{ what: `the right to create a database for ${owner}`, grant: `${grant} WITH SET TRUE` }]),
    ...(rights.mayUseTablespace
      ? []
      : [
          {
            what: `the right to create in the tablespace ${tablespace}`,
            grant: `GRANT CREATE ON TABLESPACE ${pg.escapeIdentifier(tablespace)} TO ${user}`,
          },
        ]),
  ]
}

/** Remains of earlier swaps, as people should hear of them. */
export function leftoverProblems({ name, databases }: OldDatabase) {
  const { kept, restoring } = leftoversOf(name, databases)
  const discard = (one: string) => `comeback restore --discard ${one} --confirm ${one}`
  return [
    ...restoring.map(one => ({
      severity: 'warning' as const,
      message: `The database ${one} is left of a restore that was killed, unless one is running now.`,
      hint: `To drop it: ${discard(one)}`,
    })),
    ...kept.map(one => ({
      severity: 'warning' as const,
      message: `The database ${one}, kept by an earlier swap, still takes up space.`,
      hint: `To drop it: ${discard(one)}`,
    })),
  ]
}
