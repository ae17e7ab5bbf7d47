/**
 * The leader: the connection that locks all tables against changes of their shape, exports its snapshot and keeps both alive
 * while lanes and pg_dump read.
 *
 * The locks come first. `LOCK TABLE` takes no snapshot, so that the one that is taken after it sees every change that was made
 * before the tables were locked: no row is lost to a TRUNCATE or an ALTER TABLE in between, which a snapshot does not protect from.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { ComebackError } from '../../errors.ts'
import { type Connection, type ConnectOptions, connect } from '../connection/connection.ts'
import { internals } from '../connection/pg-internals.ts'
import { isConnectionLoss, serverError } from '../connection/server-error.ts'
import { BEGIN_READING, prepareSession, readingEncoding } from '../connection/session.ts'
import type { Settings } from '../connection/session-settings.ts'
import { isLockTimeout, isUndefinedRelation, sqlStateOf } from '../connection/sql-state.ts'
import { displayName, qualified } from '../sql-text.ts'
import { type LockableTable, listLockable } from './tables.ts'

/** How often tables are listed and locked anew because one was dropped or renamed in between. */
const ATTEMPTS = 5
/**
 * Milliseconds in which each lock must be had. It is not had where somebody else has the table, or stands in line for it; and
 * then others stand in line for what we have. So all is let go, and asked for again after a while.
 */
const PATIENCE = 2_000
const PAUSE = 1_000
/** Tables that one statement locks. */
const LOCK_BATCH = 1_000
const OUT_OF_SHARED_MEMORY = '53200'
/** Milliseconds between two signs of life, and how long one may take. */
const KEEPALIVE = 30_000

export interface SnapshotOptions {
  readonly connect: ConnectOptions
  /** Milliseconds to wait for the tables' locks. */
  readonly lockTimeout: number
  /** Settings under which text is written. */
  readonly written: Settings
  /** Called once, before anything is locked. */
  readonly check: (connection: Connection, tables: readonly LockableTable[]) => Promise<void>
}

export interface Snapshot<Survey> extends AsyncDisposable {
  /** For `SET TRANSACTION SNAPSHOT` and `pg_dump --snapshot`. */
  readonly id: string
  /** `server_version_num` */
  readonly serverVersion: number
  /** UTF8 or SQL_ASCII. */
  readonly encoding: string
  readonly written: Settings
  readonly survey: Survey
  /** Aborted, with a `connection` error, when the leader is gone and the snapshot with it. */
  readonly lost: AbortSignal
  /** Uses the leader itself, one user at a time. An error of the server ends the snapshot for newcomers. */
  exclusive<T>(work: (connection: Connection) => Promise<T>): Promise<T>
}

/**
 * `survey` runs in the leader's transaction as soon as all tables are locked, and again if what it wanted to see was dropped
 * meanwhile. Throws `timeout` if a lock could not be had.
 */
export async function openSnapshot<Survey>(
  options: SnapshotOptions,
  survey: (connection: Connection, tables: readonly LockableTable[]) => Promise<Survey>,
): Promise<Snapshot<Survey>> {
  const connection = await connect(options.connect)
  try {
    // Asked while the role's own search path is in force.
    let tables = await listLockable(connection)
    await options.check(connection, tables)
    const encoding = await readingEncoding(connection)
    await prepareSession(connection, encoding, Math.min(PATIENCE, options.lockTimeout), options.written)
    const deadline = Date.now() + options.lockTimeout
    for (let attempt = 1; ; attempt++) {
      try {
        const id = await begin(connection, tables)
        const found = await survey(connection, tables)
        await connection.query(`SET lock_timeout = ${options.lockTimeout}`)
        return guard(connection, { id, encoding, written: options.written, survey: found })
      } catch (error) {
        const isLate = isLockTimeout(error)
        if (isLate && Date.now() + PAUSE >= deadline) throw await lockTimeout(connection, options, error)
        if (!isLate && (attempt >= ATTEMPTS || !isUndefinedRelation(error))) throw error
        await connection.query('ROLLBACK')
        if (isLate) {
          attempt--
          await sleep(PAUSE, undefined, { signal: options.connect.signal })
        }
        const visible = new Set(tables.filter(table => table.visible).map(table => table.oid))
        tables = (await listLockable(connection)).map(table => ({ ...table, visible: visible.has(table.oid) }))
      }
    }
  } catch (error) {
    await connection.close()
    throw serverError(error, `Taking a snapshot of ${connection.description}`)
  }
}

async function begin(connection: Connection, tables: readonly LockableTable[]): Promise<string> {
  await connection.query(BEGIN_READING)
  await lock(connection, tables)
  const [row] = await connection.query<{ id: string }>('SELECT pg_catalog.pg_export_snapshot() AS id')
  if (row === undefined) throw new ComebackError('server-error', 'The server exported no snapshot.')
  const locked = new Set(tables.map(table => table.oid))
  const created = (await listLockable(connection)).filter(table => !locked.has(table.oid))
  await lock(connection, created)
  return row.id
}

async function lock(connection: Connection, tables: readonly LockableTable[]): Promise<void> {
  for (let first = 0; first < tables.length; first += LOCK_BATCH) {
    const names = tables.slice(first, first + LOCK_BATCH).map(table => `ONLY ${qualified(table)}`)
    try {
      await connection.query(`LOCK TABLE ${names.join(', ')} IN ACCESS SHARE MODE`)
    } catch (error) {
      if (sqlStateOf(error) === OUT_OF_SHARED_MEMORY) {
        throw new ComebackError('server-error', `The server has no room to lock ${tables.length} tables.`, {
          hint: 'Raise max_locks_per_transaction on the server.',
          cause: error,
        })
      }
      throw error
    }
  }
}

async function lockTimeout(connection: Connection, options: SnapshotOptions, cause: unknown): Promise<ComebackError> {
  await connection.query('ROLLBACK')
  const holders = await connection.query<{ schema: string; name: string; pid: number; application: string | null }>(`
    SELECT n.nspname AS schema, c.relname AS name, l.pid, a.application_name AS application
      FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_class c ON c.oid = l.relation
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
     WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND c.relkind IN ('r', 'p')
       AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
     ORDER BY 1, 2 LIMIT 5`)
  const list = holders.map(
    holder => `${displayName(holder)} by process ${holder.pid}${holder.application ? ` (${holder.application})` : ''}`,
  )
  return new ComebackError(
    'timeout',
    `Locking the tables of ${connection.description} against changes took longer than ${options.lockTimeout / 1000} s.` +
      (list.length === 0 ? '' : ` Held or wanted exclusively: ${list.join(', ')}.`),
    { hint: 'A migration, VACUUM FULL or the like is at work. Back up when it is done.', cause },
  )
}

function guard<Survey>(
  connection: Connection,
  taken: Pick<Snapshot<Survey>, 'id' | 'encoding' | 'written' | 'survey'>,
): Snapshot<Survey> {
  const lost = new AbortController()
  const onEnd = () =>
    lost.abort(
      new ComebackError('connection', `The connection to ${connection.description} that held the snapshot was lost.`, {
        hint: 'What was read cannot be completed any more; the backup must start again.',
      }),
    )
  connection.client.once('end', onEnd)

  let users = 0
  let last: Promise<unknown> = Promise.resolve()
  const exclusive = <T>(work: (connection: Connection) => Promise<T>): Promise<T> => {
    users++
    const result = last.then(() => work(connection)).finally(() => users--)
    // The next user waits for this one's end, whatever it is; the error goes to whoever called.
    last = result.catch(() => {})
    return result
  }
  const hangUp = () => internals(connection.client).connection.stream.destroy()
  const keepalive = setInterval(() => {
    if (users > 0) return
    const timer = setTimeout(hangUp, KEEPALIVE)
    // A failure shows as the connection's end.
    exclusive(leader => leader.query('SELECT 1'))
      .catch(error => isConnectionLoss(error) || hangUp())
      .finally(() => clearTimeout(timer))
  }, KEEPALIVE)
  keepalive.unref()

  return {
    ...taken,
    serverVersion: connection.serverVersion,
    lost: lost.signal,
    exclusive,
    async [Symbol.asyncDispose]() {
      clearInterval(keepalive)
      connection.client.removeListener('end', onEnd)
      await connection.close()
    },
  }
}
