/** Who is connected to a database: nobody may be when it is renamed. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection } from '../../connection/connection.ts'

/** Sessions that a message names. */
const NAMED = 5
/** Milliseconds. */
const PAUSE = 250

export interface Session {
  readonly pid: number
  readonly role: string
  readonly application: string
  /** Null for a local one, and where the role may not see it. */
  readonly address: string | null
  /** Whether the restoring role may end it. */
  readonly mayEnd: boolean
}

/** Autovacuum, which gives way by itself, has no role. */
const SESSIONS = `
  SELECT a.pid, a.usename AS role, a.application_name AS application, pg_catalog.host(a.client_addr) AS address,
         CASE WHEN r.rolsuper THEN me.rolsuper
              ELSE pg_catalog.pg_has_role(r.oid, 'USAGE') OR pg_catalog.pg_has_role('pg_signal_backend', 'USAGE') END AS "mayEnd"
    FROM pg_catalog.pg_stat_activity a
    JOIN pg_catalog.pg_roles r ON r.oid = a.usesysid
    JOIN pg_catalog.pg_roles me ON me.rolname = current_user
   WHERE a.datname = ANY($1) AND a.pid <> pg_catalog.pg_backend_pid()
   ORDER BY a.pid`

const PREPARED = 'SELECT gid FROM pg_catalog.pg_prepared_xacts WHERE database = ANY($1) ORDER BY gid'

const END = `
  SELECT pg_catalog.pg_terminate_backend(a.pid) FROM pg_catalog.pg_stat_activity a
   WHERE a.pid = ANY($1) AND a.datname = ANY($2)`

export async function sessionsOf(connection: Connection, databases: readonly string[]): Promise<Session[]> {
  return await connection.query<Session>(SESSIONS, [databases])
}

/** Waits until there is none, `limit` milliseconds at most; returns those that are left. */
export async function sessionsAfter(
  connection: Connection,
  database: string,
  limit: number,
  signal: AbortSignal,
): Promise<Session[]> {
  for (const started = performance.now(); ; ) {
    const left = await sessionsOf(connection, [database])
    if (left.length === 0 || performance.now() - started >= limit) return left
    await sleep(PAUSE, undefined, { signal })
  }
}

/** Ends those that the role may end, again and again, for clients come back at once, until the signal says that it is enough. */
export async function keepEnding(
  connection: Connection,
  databases: readonly string[],
  enough: AbortSignal,
): Promise<void> {
  while (!enough.aborted) {
    const pids = (await sessionsOf(connection, databases)).filter(({ mayEnd }) => mayEnd).map(({ pid }) => pid)
    if (pids.length > 0) await connection.query(END, [pids, databases])
    await sleep(PAUSE, undefined, { signal: enough }).catch(() => enough.aborted)
  }
}

/** Names of prepared transactions, which count like sessions and outlive them. */
export async function preparedIn(connection: Connection, databases: readonly string[]): Promise<string[]> {
  const rows = await connection.query<{ gid: string }>(PREPARED, [databases])
  return rows.map(({ gid }) => gid)
}

/** `2 sessions use shop: pid 617 (role web, puma, from 10.0.0.7), …`. */
export function describeSessions(sessions: readonly Session[], database: string): string {
  const named = sessions.slice(0, NAMED).map(({ pid, role, application, address }) => {
    const about = [
      `role ${role}`,
      ...(application === '' ? [] : [application]),
      ...(address === null ? [] : [`from ${address}`]),
    ]
    return `pid ${pid} (${about.join(', ')})`
  })
  const more = sessions.length > NAMED ? ` and ${sessions.length - NAMED} more` : ''
  const uses = sessions.length === 1 ? '1 session uses' : `${sessions.length} sessions use`
  return `${uses} ${database}: ${named.join(', ')}${more}.`
}
