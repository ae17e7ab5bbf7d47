/** Work that may fail without harm: what it did is undone, and the connection can be used on. */
import type { Connection } from '../connection/connection.ts'

/**
 * Returns the error with which the work ended, where that is to be borne; throws any other. `inTransaction`: of the caller's, which
 * goes on. Otherwise the work begins and ends transactions of its own.
 */
export async function borne(
  connection: Connection,
  inTransaction: boolean,
  bears: (error: unknown) => boolean,
  work: () => Promise<void>,
): Promise<unknown> {
  if (inTransaction) await connection.query('SAVEPOINT borne')
  try {
    await work()
  } catch (error) {
    if (!bears(error)) throw error
    await connection.query(inTransaction ? 'ROLLBACK TO SAVEPOINT borne; RELEASE SAVEPOINT borne' : 'ROLLBACK')
    return error
  }
  if (inTransaction) await connection.query('RELEASE SAVEPOINT borne')
  return undefined
}
