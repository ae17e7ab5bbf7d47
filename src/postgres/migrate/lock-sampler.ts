/**
 * Which locks the migrations take on tables that an application may use, and for how long: sampled. The query reads the table of
 * locks alone, and holds nothing that could be in anybody's way.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { HeldLock } from '../../engine/migration.ts'
import { type Connection, type ConnectOptions, connect } from '../connection/connection.ts'
import { isConnectionLoss } from '../connection/server-error.ts'

/** Milliseconds. */
const INTERVAL = 50
/** Locks that are told, those held longest. */
const TOLD = 200

const BLOCKS: ReadonlyMap<string, HeldLock['blocks']> = new Map([
  ['AccessExclusiveLock', 'reads and writes'],
  ['ExclusiveLock', 'writes'],
  ['ShareRowExclusiveLock', 'writes'],
  ['ShareLock', 'writes'],
  ['ShareUpdateExclusiveLock', 'schema changes'],
])
const MODES = [...BLOCKS.keys()]

const QUERY = `
  SELECT l.relation::pg_catalog.int8::text AS oid, l.mode, l.virtualtransaction AS transaction,
         l.locktype AS kind, l.pid, l.granted,
         CASE WHEN l.granted THEN '{}' ELSE pg_catalog.pg_blocking_pids(l.pid) END AS blockers
    FROM pg_catalog.pg_locks l
   WHERE l.pid = ANY ($1::int[]) AND (NOT l.granted OR (l.locktype = 'relation' AND l.mode = ANY ($2::text[])))`

export interface LockRow {
  /** Null of what is no lock on a relation. */
  readonly oid: string | null
  readonly mode: string
  readonly transaction: string
}

/** A lock that a process waits for. */
export interface WaitRow extends LockRow {
  /** `relation`, `transactionid`, `advisory` … */
  readonly kind: string
  readonly pid: number
  readonly blockers: readonly number[]
}

interface SampledLock extends WaitRow {
  readonly granted: boolean
}

export interface LockSampler {
  /** By the last sample. */
  waits(): readonly WaitRow[]
  /** Throws what kept it from looking. */
  stop(): Promise<{ readonly locks: readonly HeldLock[]; readonly interval: number }>
}

/** `tables`: those that there were before, by their oids; the migrations' own are nobody else's yet. */
export function startSampling(
  target: ConnectOptions,
  pids: () => readonly number[],
  tables: ReadonlyMap<string, string>,
): LockSampler {
  const stopping = new AbortController()
  const tally = createTally(tables, INTERVAL)
  let waits: readonly WaitRow[] = []
  let samples = 0
  let sampled = 0
  const run = async () => {
    while (!stopping.signal.aborted && !target.signal.aborted) {
      await using connection = await connect({ ...target, settings: { statement_timeout: '0' } })
      try {
        while (!stopping.signal.aborted) {
          const started = performance.now()
          const processes = pids()
          const rows = processes.length === 0 ? [] : await locksOf(connection, processes)
          waits = rows.filter(({ granted }) => !granted)
          tally.see(rows, started)
          const rest = Math.max(0, INTERVAL - (performance.now() - started))
          await sleep(rest, undefined, { signal: stopping.signal }).catch(() => undefined)
          samples++
          sampled += performance.now() - started
        }
      } catch (error) {
        // What was seen until the time was up counts.
        if (target.signal.aborted) return
        // A migration that ends all other sessions ends this one, too.
        if (!isConnectionLoss(error)) throw error
      }
    }
  }
  const running = run()
  running.catch(() => undefined)
  return {
    waits: () => waits,
    async stop() {
      stopping.abort()
      await running
      const interval = samples < 2 ? INTERVAL : Math.max(INTERVAL, sampled / samples)
      return { locks: tally.longest(), interval: Math.round(interval) / 1000 }
    },
  }
}

/** `at`: milliseconds, when the sample was taken. */
export function createTally(tables: ReadonlyMap<string, string>, interval: number) {
  let held = new Map<string, { readonly lock: LockRow; readonly since: number; until: number }>()
  const longest = new Map<string, HeldLock>()
  const close = ({ lock, since, until }: { lock: LockRow; since: number; until: number }) => {
    const table = tables.get(lock.oid ?? '')
    const blocks = BLOCKS.get(lock.mode)
    if (table === undefined || blocks === undefined) return
    const key = `${lock.mode} ${lock.oid}`
    // Half an interval before it was first seen, and half of one after the last time, is what is to be expected.
    const seconds = Math.round(until - since + interval) / 1000
    if (seconds > (longest.get(key)?.seconds ?? 0)) longest.set(key, { table, mode: lock.mode, seconds, blocks })
  }
  return {
    /** One that is waited for counts: whoever comes later waits behind it. */
    see(rows: readonly LockRow[], at: number): void {
      const now: typeof held = new Map()
      for (const lock of rows) {
        if (lock.oid === null || !tables.has(lock.oid)) continue
        // CREATE INDEX CONCURRENTLY goes through several transactions under one lock.
        const holder = lock.mode === 'ShareUpdateExclusiveLock' ? '' : lock.transaction
        const key = `${lock.mode} ${lock.oid} ${holder}`
        now.set(key, { lock, since: held.get(key)?.since ?? at, until: at })
      }
      for (const [key, one] of held) if (!now.has(key)) close(one)
      held = now
    },
    longest(): readonly HeldLock[] {
      for (const one of held.values()) close(one)
      return [...longest.values()].sort((a, b) => b.seconds - a.seconds).slice(0, TOLD)
    },
  }
}

async function locksOf(connection: Connection, pids: readonly number[]): Promise<readonly SampledLock[]> {
  return await connection.query<SampledLock>(QUERY, [[...pids], [...MODES]])
}
