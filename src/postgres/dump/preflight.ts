/**
 * Checks before a backup: what would fail late, or worse, leave rows out without a word, is refused early and with the way
 * out.
 */
import type { Problem } from '../../engine/ports.ts'
import { ComebackError } from '../../errors.ts'
import type { Connection } from '../connection/connection.ts'
import { parseDatabaseUrl } from '../connection/connection-url.ts'
import { refuseTransactionPooler } from '../connection/pooler.ts'
import type { Relation } from '../detail.ts'
import { type Unreadable, unreadable } from './privileges.ts'

const OLDEST_MAJOR = 14

/** Names in a message before "and N more". */
const NAMES_SHOWN = 20

export interface PreflightOptions {
  readonly url: string
  /** Whether the table's rows will be read; all of them if absent. */
  readonly readsRows?: (table: Relation) => boolean
  /** Opens another connection to the same URL, to find out a transaction pooler that its address does not give away. */
  readonly open?: () => Promise<Connection>
}

export interface Preflight {
  /** No table, view or sequence of a user's; what that means is the Source's to decide. */
  readonly empty: boolean
  /** Whether the server is a hot standby. Snapshots can be exported there. */
  readonly standby: boolean
  /** What pg_dump would leave out with nothing but a line on stderr. */
  readonly problems: readonly Problem[]
}

/** Throws `unsupported` (too old, transaction pooler) or `permission`. */
export async function preflight(connection: Connection, options: PreflightOptions): Promise<Preflight> {
  await refuseTransactionPooler(connection, parseDatabaseUrl(options.url), options.open)
  refuseOldVersion(connection)
  const facts = await readFacts(connection)
  refuseUnreadable(connection, facts.role, await unreadable(connection, options.readsRows ?? (() => true)))
  return { empty: facts.empty, standby: facts.standby, problems: problemsOf(facts) }
}

function refuseOldVersion(connection: Connection): void {
  const server = Math.floor(connection.serverVersion / 10_000)
  if (server < OLDEST_MAJOR) {
    throw new ComebackError(
      'unsupported',
      `${connection.description} runs PostgreSQL ${server}; versions from ${OLDEST_MAJOR} on are supported.`,
    )
  }
}

interface Facts {
  readonly role: string
  readonly superuser: boolean
  readonly standby: boolean
  readonly empty: boolean
  readonly subscriptions: number
}

async function readFacts(connection: Connection): Promise<Facts> {
  const [facts] = await connection.query<Facts>(
    `SELECT current_user AS role,
            r.rolsuper AS superuser,
            pg_catalog.pg_is_in_recovery() AS standby,
            NOT EXISTS (
              SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
              WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
                AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
                AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                                WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
            ) AS empty,
            (SELECT count(s.oid)::int FROM pg_catalog.pg_subscription s
             JOIN pg_catalog.pg_database d ON d.oid = s.subdbid AND d.datname = current_database()) AS subscriptions
     FROM pg_catalog.pg_roles r WHERE r.rolname = current_user`,
  )
  if (facts === undefined) throw new ComebackError('failed', `${connection.description} does not know its own role.`)
  return facts
}

function problemsOf({ subscriptions, superuser, role }: Facts): Problem[] {
  if (subscriptions === 0 || superuser) return []
  return [
    {
      severity: 'partial',
      message: `${subscriptions} logical replication ${subscriptions === 1 ? 'subscription is' : 'subscriptions are'} left out: only a superuser may read them, and "${role}" is none.`,
    },
  ]
}

function refuseUnreadable(connection: Connection, role: string, found: Unreadable): void {
  if (found.forbidden.length > 0) {
    throw new ComebackError(
      'permission',
      `Role "${role}" may not read ${list(found.forbidden)} in ${connection.description}.`,
      { hint: `As the owner or a superuser, run:\n${found.grants.join('\n')}` },
    )
  }
  if (found.largeObjects > 0) {
    throw new ComebackError(
      'permission',
      `Role "${role}" may not read ${found.largeObjects} large objects in ${connection.description}.`,
      { hint: 'Grant SELECT on each of them, or connect as their owner or as a superuser.' },
    )
  }
  if (found.hidden.length > 0) {
    throw new ComebackError(
      'permission',
      `Row-level security hides rows from role "${role}" in ${list(found.hidden)} of ${connection.description}; a backup would lack them.`,
      {
        hint: `As a superuser, run: ALTER ROLE ${found.quotedRole} BYPASSRLS; or connect as the tables' owner, or exclude the tables' rows.`,
      },
    )
  }
}

function list(names: readonly string[]): string {
  const more = names.length - NAMES_SHOWN
  return more > 0 ? `${names.slice(0, NAMES_SHOWN).join(', ')} and ${more} more` : names.join(', ')
}
