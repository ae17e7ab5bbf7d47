/** Statements of our own, many in one round trip. */
import { ComebackError } from '../../errors.ts'
import type { Connection } from '../connection/connection.ts'
import { serverError } from '../connection/server-error.ts'
import { runBatch } from './batch.ts'

const BATCH = 64

/** Throws, naming the statement that the server refused. */
export async function runStatements(
  connection: Connection,
  statements: readonly string[],
  what: string,
): Promise<void> {
  for (let first = 0; first < statements.length; first += BATCH) {
    const batch = statements.slice(first, first + BATCH)
    const failure = await runBatch(connection, batch)
    if (failure === undefined) continue
    const told = serverError(failure.error, what, batch[failure.index])
    throw new ComebackError(told.code, `${told.message} The statement: ${batch[failure.index] ?? ''}`, {
      hint: told.hint ?? 'Nothing was changed.',
      cause: failure.error,
    })
  }
}
