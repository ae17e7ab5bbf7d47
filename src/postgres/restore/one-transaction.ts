/** Work that is done all together or not at all, and seen by nobody before it is done. */
import type { Connection } from '../connection/connection.ts'
import { serverError } from '../connection/server-error.ts'
import type { RestoreContext } from './restore-context.ts'

export async function inOneTransaction<T>({ connection, load }: RestoreContext, work: () => Promise<T>): Promise<T> {
  await connection.query('BEGIN')
  try {
    const result = await work()
    load.progress.phase('Committing')
    await commit(connection)
    return result
  } catch (error) {
    // After an abort there is no connection left; the server rolls back by itself.
    if (!load.signal.aborted) await connection.query('ROLLBACK').catch(() => connection.close())
    throw error
  }
}

async function commit(connection: Connection): Promise<void> {
  try {
    await connection.query('COMMIT')
  } catch (error) {
    throw serverError(error, `Committing the restore into ${connection.description}`)
  }
}
