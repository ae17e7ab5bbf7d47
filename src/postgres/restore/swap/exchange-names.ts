/**
 * The step that counts: two databases change their names in one transaction. So there is nothing to undo, whatever happens: an
 * error, a lost connection or a killed process rolls both renames back. `ALTER DATABASE … RENAME` locks the database against
 * new sessions (they wait), and waits itself for up to 5 seconds until the old ones have gone; nothing else has to be set.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { ComebackError } from '../../../errors.ts'
import type { Connection } from '../../connection/connection.ts'
import { isConnectionLoss, serverError } from '../../connection/server-error.ts'
import { isLockTimeout, sqlStateOf } from '../../connection/sql-state.ts'
import type { RestoreSessions } from '../restore-sessions.ts'
import { describeSessions, keepEnding, preparedIn, sessionsOf } from './sessions.ts'

/** Milliseconds for all attempts together. */
const PATIENCE = 30_000
/** Milliseconds that new sessions are let in between two attempts. */
const PAUSE = 500
/** Milliseconds after which the server surely holds the lock that keeps new sessions out. */
const LOCKED = 200
const LOCK_TIMEOUT = '5s'
const IN_USE = '55006'

export interface Exchange {
  /** The name that matters; whatever bears it gets the name `kept`. */
  readonly name: string
  readonly kept: string
  /** Gets the name. */
  readonly fresh: string
  /** End the sessions of others. */
  readonly endSessions: boolean
}

/** `maintenance` opens connections to another database. Throws `timeout` with who is in the way, or what the server says. Then both databases bear the names that they had. */
export async function exchangeNames(
  maintenance: RestoreSessions,
  exchange: Exchange,
  patience = PATIENCE,
): Promise<void> {
  const { signal } = maintenance
  await using connection = await maintenance.open({ lock_timeout: LOCK_TIMEOUT })
  await using watcher = await maintenance.open()
  for (const started = performance.now(); ; ) {
    try {
      return await attempt(connection, watcher, exchange)
    } catch (error) {
      signal.throwIfAborted()
      if (isConnectionLoss(error)) throw serverError(error, `Renaming ${exchange.name}`)
      await connection.query('ROLLBACK')
      const inUse = sqlStateOf(error) === IN_USE || isLockTimeout(error)
      if (!inUse) throw serverError(error, `Renaming ${exchange.name} to ${exchange.kept}`)
      if (performance.now() - started >= patience) throw await inTheWay(watcher, exchange, error)
      await sleep(PAUSE, undefined, { signal })
    }
  }
}

async function attempt(connection: Connection, watcher: Connection, exchange: Exchange): Promise<void> {
  const { name, kept, fresh, endSessions } = exchange
  const enough = new AbortController()
  const ending = endSessions ? endOthers(watcher, [name, fresh], enough.signal) : undefined
  try {
    await connection.query('BEGIN')
    await connection.query(`ALTER DATABASE ${pg.escapeIdentifier(name)} RENAME TO ${pg.escapeIdentifier(kept)}`)
    await connection.query(`ALTER DATABASE ${pg.escapeIdentifier(fresh)} RENAME TO ${pg.escapeIdentifier(name)}`)
  } finally {
    enough.abort()
    await ending
  }
  await connection.query('COMMIT')
}

/** Not before the lock keeps them from coming back. */
async function endOthers(watcher: Connection, databases: readonly string[], enough: AbortSignal): Promise<void> {
  await sleep(LOCKED, undefined, { signal: enough }).catch(() => enough.aborted)
  await keepEnding(watcher, databases, enough)
}

async function inTheWay(watcher: Connection, { name, fresh }: Exchange, cause: unknown): Promise<ComebackError> {
  const sessions = await sessionsOf(watcher, [name, fresh])
  const prepared = await preparedIn(watcher, [name, fresh])
  const said = cause instanceof Error ? cause.message : String(cause)
  const who = [
    ...(sessions.length === 0 ? [] : [describeSessions(sessions, name)]),
    ...(prepared.length === 0 ? [] : [`Prepared transactions of it: ${prepared.join(', ')}.`]),
  ]
  return new ComebackError('timeout', `${name} could not be renamed: ${who.length === 0 ? said : who.join(' ')}`, {
    hint: adviceOn(sessions.some(({ mayEnd }) => !mayEnd)),
    cause,
  })
}

export function adviceOn(foreign: boolean): string {
  return foreign
    ? 'The restoring role may not end these sessions. Stop what they belong to, or grant the role pg_signal_backend and use --end-sessions; a superuser’s sessions only a superuser can end.'
    : 'Stop what is connected and restore again, or use --end-sessions: the sessions are ended in the moment of the swap.'
}
