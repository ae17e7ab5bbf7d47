/** The connections of one restore: made alike, and gone from the server when the restore is, however it ended. */
import { ComebackError } from '../../errors.ts'
import { type Connection, connect } from '../connection/connection.ts'
import { MEANING, makeSettings, readUnder, type Settings, WRITING } from '../connection/session-settings.ts'

/** Milliseconds for the clearing up after a failure or an abort, all of it. */
const CLEAR_UP_LIMIT = 60_000
/** Milliseconds that one backend gets to end. */
const END_LIMIT = 5_000

/** Without `TimeZone` and the like: what a text means does not depend on them, and what a view computes is the target's affair. */
export const RESTORING = {
  ...WRITING,
  ...MEANING,
  check_function_bodies: 'false',
  client_min_messages: 'warning',
  row_security: 'off',
  // Questions to the catalogue would be compiled for seconds, to be answered in milliseconds.
  jit: 'off',
  default_tablespace: '',
  default_table_access_method: 'heap',
  restrict_nonsystem_relation_kind: '',
  icu_validation_level: 'warning',
} as const

export interface TargetOptions {
  readonly url: string
  /** Milliseconds. */
  readonly connectTimeout: number
  /** Milliseconds that a statement of an atomic restore waits for locks of others. */
  readonly lockTimeout?: number
  /** Under which the backup's text was written, as its detail says. */
  readonly written?: Settings
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
      const [backend] = await connection.query<Backend>(
        'SELECT pid, backend_start::text AS started FROM pg_catalog.pg_stat_activity WHERE pid = pg_catalog.pg_backend_pid()',
      )
      if (backend !== undefined) backends.push(backend)
      await makeSettings(connection, { ...RESTORING, ...readUnder(options.written ?? {}), ...settings })
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
  await makeSettings(connection, RESTORING)
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
