/** A target that others work with: who holds the locks that a restore in one transaction waits for. */
import { ComebackError } from '../../errors.ts'
import type { Connection } from '../connection/connection.ts'
import { displayName } from '../sql-text.ts'

/** Milliseconds that one statement waits for locks. */
export const LOCK_TIMEOUT = 30_000
/** Sessions and tables that a message names. */
const NAMED = 5

interface Holder {
  /** Null for a prepared transaction. */
  readonly pid: number | null
  readonly role: string | null
  readonly application: string | null
  /** Seconds; null where the role may not see it. */
  readonly since: number | null
  readonly tables: readonly { readonly schema: string; readonly name: string }[]
}

/** Autovacuum, which has no role, gives way by itself. */
const HOLDERS = `
  SELECT l.pid, a.usename AS role, a.application_name AS application,
         EXTRACT(epoch FROM pg_catalog.clock_timestamp() - min(a.xact_start))::int AS since,
         json_agg(DISTINCT jsonb_build_object('schema', n.nspname, 'name', c.relname)) AS tables
    FROM pg_catalog.pg_locks l
    JOIN pg_catalog.pg_class c ON c.oid = l.relation AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
   WHERE l.locktype = 'relation' AND l.granted AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
     AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
     AND (l.pid IS NULL OR a.usesysid IS NOT NULL)
   GROUP BY 1, 2, 3 ORDER BY min(a.xact_start), 1`

/** The error of a wait that took too long, with who was waited for, as far as they are still there. */
export async function lockWaitError(connection: Connection, waited: number, cause: unknown): Promise<ComebackError> {
  const holders = await connection.query<Holder>(HOLDERS)
  const who =
    holders.length === 0
      ? 'who has gone by now'
      : `${holders.slice(0, NAMED).map(describe).join('; ')}${holders.length > NAMED ? '; and others' : ''}`
  const pids = holders.flatMap(({ pid }) => pid ?? [])
  const end = pids.slice(0, NAMED).map(pid => `SELECT pg_terminate_backend(${pid})`)
  return new ComebackError(
    'timeout',
    `${connection.description} is in use: the restore waited for ${waited / 1000} s for locks of others, ${who}.`,
    {
      hint: `Nothing was changed. Restore again when they are done${end.length === 0 ? '' : `, or end them: ${end.join('; ')}`}.`,
      cause,
    },
  )
}

function describe({ pid, role, application, since, tables }: Holder): string {
  const named = tables.slice(0, NAMED).map(displayName).join(', ')
  const on = `on ${named}${tables.length > NAMED ? ' and others' : ''}`
  if (pid === null) return `a prepared transaction ${on}`
  const about = [
    ...(role === null ? [] : [`role ${role}`]),
    ...(application === null || application === '' ? [] : [application]),
    ...(since === null ? [] : [`in its transaction for ${since} s`]),
  ]
  return `pid ${pid} (${about.join(', ')}) ${on}`
}
