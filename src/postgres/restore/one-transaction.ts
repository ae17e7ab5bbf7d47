/** Work that is done all together or not at all, and seen by nobody before it is done. */
import type { Connection } from '../connection/connection.ts'
import { serverError } from '../connection/server-error.ts'
import { isLockTimeout, isOutOfLocks } from '../connection/sql-state.ts'
import { lockNeeds, lockTableError } from './lock-table.ts'
import { LOCK_TIMEOUT, lockWaitError } from './lock-waits.ts'
import type { RestoreContext } from './restore-context.ts'

/** Throws `timeout` where others hold locks, and says what to do where the server has no room for as many as it takes. */
export async function inOneTransaction<T>(context: RestoreContext, work: () => Promise<T>): Promise<T> {
  const { connection, load, target } = context
  const patience = target.lockTimeout ?? LOCK_TIMEOUT
  await connection.query(`BEGIN; SET LOCAL lock_timeout = ${patience}`)
  try {
    const result = await work()
    load.progress.phase('Committing')
    await commit(connection)
    return result
  } catch (error) {
    // After an abort there is no connection left; the server rolls back by itself.
    if (!load.signal.aborted) await connection.query('ROLLBACK').catch(() => connection.close())
    throw await explained(error, context, patience).catch(() => error)
  }
}

async function explained(error: unknown, { connection, plan, load }: RestoreContext, patience: number) {
  if (load.signal.aborted) return error
  if (isLockTimeout(error)) return await lockWaitError(connection, patience, error)
  if (isOutOfLocks(error)) return lockTableError(await lockNeeds(connection, plan), error)
  return error
}

async function commit(connection: Connection): Promise<void> {
  try {
    await connection.query('COMMIT')
  } catch (error) {
    throw serverError(error, `Committing the restore into ${connection.description}`)
  }
}
