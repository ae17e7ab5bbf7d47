/** Which locks the migration's sessions hold on which tables, and for how long: looked at every few milliseconds from outside. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { HeldLock } from '../../engine/migration.ts'
import { type Connection, type ConnectOptions, connect } from '../connection/connection.ts'
import type { Relation } from '../detail.ts'
import { IS_USER_SCHEMA } from '../dump/tables.ts'
import { displayName } from '../sql-text.ts'

/** Milliseconds between two samples. */
export const INTERVAL = 50
/** Locks that a report shows. */
const SHOWN = 50

/** Modes that keep an application from something, and from what. */
const BLOCKS: Readonly<Record<string, HeldLock['blocks']>> = {
  AccessExclusiveLock: 'reads and writes',
  ExclusiveLock: 'writes',
  ShareRowExclusiveLock: 'writes',
  ShareLock: 'writes',
  ShareUpdateExclusiveLock: 'schema changes',
}

/** Tables that are new are nobody's but the migration's. */
const LOCKS = `
  SELECT DISTINCT n.nspname AS schema, c.relname AS name, l.mode
    FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_class c ON c.oid = l.relation
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE l.locktype = 'relation' AND l.granted AND l.pid = ANY($1) AND l.mode = ANY($2)
     AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
     AND c.relkind IN ('r', 'p', 'm') AND c.oid = ANY($3::oid[]) AND ${IS_USER_SCHEMA}`

interface Hold {
  readonly table: string
  readonly mode: string
  since: number
  last: number
  longest: number
}

export interface LockSampler {
  /** Ends the sampling. Longest first. */
  stop(): Promise<readonly HeldLock[]>
}

/** `pids` are the backends of the migration, which may become more. */
export async function sampleLocks(options: ConnectOptions, pids: ReadonlySet<number>): Promise<LockSampler> {
  const connection = await connect({ ...options, settings: { statement_timeout: '5s' } })
  const known = await connection.query<{ oid: string }>(
    `SELECT oid::text AS oid FROM pg_catalog.pg_class WHERE relkind IN ('r', 'p', 'm')`,
  )
  const holds = new Map<string, Hold>()
  const ending = new AbortController()
  const sampling = run(
    connection,
    known.map(({ oid }) => oid),
    pids,
    holds,
    ending.signal,
  )
  return {
    async stop() {
      ending.abort()
      await sampling
      await connection.close()
      return [...holds.values()]
        .map(({ table, mode, longest }) => ({
          table,
          mode,
          seconds: longest / 1000,
          blocks: BLOCKS[mode] ?? 'schema changes',
        }))
        .sort((a, b) => b.seconds - a.seconds)
        .slice(0, SHOWN)
    },
  }
}

async function run(
  connection: Connection,
  oids: readonly string[],
  pids: ReadonlySet<number>,
  holds: Map<string, Hold>,
  ended: AbortSignal,
): Promise<void> {
  const modes = Object.keys(BLOCKS)
  while (!ended.aborted) {
    const started = performance.now()
    if (pids.size > 0) {
      // A sample that fails says nothing; the migration matters more.
      const rows = await connection.query<Relation & { mode: string }>(LOCKS, [[...pids], modes, oids]).catch(() => [])
      const time = performance.now()
      for (const row of rows) note(holds, displayName(row), row.mode, time)
      for (const hold of holds.values()) if (hold.last < time) hold.since = Number.NaN
    }
    const rest = INTERVAL - (performance.now() - started)
    if (rest > 0) await sleep(rest, undefined, { signal: ended }).catch(() => undefined)
  }
}

function note(holds: Map<string, Hold>, table: string, mode: string, time: number): void {
  const key = `${table} ${mode}`
  const hold = holds.get(key) ?? { table, mode, since: time, last: time, longest: 0 }
  if (Number.isNaN(hold.since)) hold.since = time
  hold.last = time
  hold.longest = Math.max(hold.longest, time - hold.since)
  holds.set(key, hold)
}
