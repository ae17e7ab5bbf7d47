/** The connections of one restore: made alike, and gone from the server when the restore is, however it ended. */
import { ComebackError } from '../../errors.ts'
import { type Connection, connect } from '../connection/connection.ts'

/** Milliseconds for the clearing up after a failure or an abort, all of it. */
const CLEAR_UP_LIMIT = 60_000
/** Milliseconds that one backend gets to end. */
const END_LIMIT = 5_000

/**
 * What pg_dump's own preamble sets, and limits that no restore may run into. Settings that the server doesn't know
 * (`transaction_timeout` before 17) are not made.
 */
const SETTINGS = {
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
  transaction_timeout: '0',
  standard_conforming_strings: 'on',
  DateStyle: 'ISO',
  IntervalStyle: 'postgres',
  search_path: '',
  check_function_bodies: 'false',
  xmloption: 'content',
  client_min_messages: 'warning',
  row_security: 'off',
  default_tablespace: '',
  default_table_access_method: 'heap',
  // A database may be closed to writing, which the restore of it is not meant to obey.
  default_transaction_read_only: 'off',
} as const

const MAKE_SETTINGS = `
  SELECT count(pg_catalog.set_config(s.name, w.setting, false))
    FROM unnest($1::text[], $2::text[]) AS w(name, setting)
    JOIN pg_catalog.pg_settings AS s ON s.name = w.name`

export interface TargetOptions {
  readonly url: string
  /** Milliseconds. */
  readonly connectTimeout: number
  /** Milliseconds that a statement of an atomic restore waits for locks of others. */
  readonly lockTimeout?: number
}

export interface RestoreSessions {
  /** Aborted when the restore is, or by `fail`. Hand it to everything that reads or waits. */
  readonly signal: AbortSignal
  open(settings?: Readonly<Record<string, string>>): Promise<Connection>
  /** One lane failed: the others are hung up on. */
  fail(error: unknown): void
  /** Ends all connections, also the server's ends of those that were hung up on in the middle of something. */
  close(): Promise<void>
}

export function restoreSessions(options: TargetOptions, outer: AbortSignal): RestoreSessions {
  const failing = new AbortController()
  const signal = AbortSignal.any([outer, failing.signal])
  const connections: Connection[] = []
  const backends: Backend[] = []
  return {
    signal,
    async open(settings = {}) {
      const connection = await connect({ ...options, signal })
      connections.push(connection)
      const wanted = { ...SETTINGS, ...settings }
      const [backend] = await connection.query<Backend>(
        'SELECT pid, backend_start::text AS started FROM pg_catalog.pg_stat_activity WHERE pid = pg_catalog.pg_backend_pid()',
      )
      if (backend !== undefined) backends.push(backend)
      await connection.query(MAKE_SETTINGS, [Object.keys(wanted), Object.values(wanted)])
      return connection
    },
    fail(error) {
      failing.abort(error)
    },
    async close() {
      await Promise.all(connections.map(connection => connection.close()))
      if (signal.aborted) await endBackends(options, backends.splice(0))
    },
  }
}

/** A connection that an abort doesn't touch, for clearing up, which has a time limit of its own. */
export async function openForClearingUp(options: TargetOptions): Promise<Connection> {
  const signal = AbortSignal.timeout(CLEAR_UP_LIMIT)
  const connection = await connect({ ...options, signal })
  await connection.query(MAKE_SETTINGS, [Object.keys(SETTINGS), Object.values(SETTINGS)])
  return connection
}

interface Backend {
  readonly pid: number
  /** Pids come round again; a pid with its start does not. */
  readonly started: string
}

/** A backend in the middle of a statement doesn't notice that its client has gone: it would build its index to the end. */
async function endBackends(options: TargetOptions, backends: readonly Backend[]): Promise<void> {
  if (backends.length === 0) return
  await using connection = await openForClearingUp(options)
  const rows = await connection.query<{ ended: boolean }>(
    `SELECT pg_catalog.pg_terminate_backend(a.pid, $3) AS ended
       FROM unnest($1::int[], $2::timestamptz[]) AS b(pid, started)
       JOIN pg_catalog.pg_stat_activity AS a ON a.pid = b.pid AND a.backend_start = b.started`,
    [backends.map(backend => backend.pid), backends.map(backend => backend.started), END_LIMIT],
  )
  const alive = rows.filter(row => !row.ended).length
  if (alive > 0) {
    throw new ComebackError('server-error', `${alive} of the restore's backends did not end within 5 seconds.`, {
      hint: 'See pg_stat_activity, application_name comeback.',
    })
  }
}
