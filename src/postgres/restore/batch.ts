/**
 * Many statements in one round trip, by the simple protocol: a schema of thousands of statements would otherwise wait for
 * the network thousands of times. Outside of a transaction block the server makes one transaction of the batch.
 */
import type pg from 'pg'
import type { Connection } from '../connection/connection.ts'

export interface BatchFailure {
  /** Which statement failed. */
  readonly index: number
  readonly error: Error
}

/** Returns what went wrong, if anything did: the statements before `index` ran, but may be rolled back with it. */
export async function runBatch(
  connection: Connection,
  statements: readonly string[],
): Promise<BatchFailure | undefined> {
  if (statements.length === 0) return undefined
  const query = new BatchQuery(statements.map(terminated).join('\n'))
  connection.client.query(query)
  const error = await query.done
  if (error === undefined) return undefined
  return { index: failingIndex(statements, query.completed, error), error }
}

/** pg's `Submittable`, which tells how many statements were completed before one failed; `pg.Query` doesn't. */
class BatchQuery implements pg.Submittable {
  completed = 0
  readonly done: Promise<Error | undefined>
  readonly #text: string
  #settle: (error: Error | undefined) => void = () => {}

  constructor(text: string) {
    this.#text = text
    this.done = new Promise(resolve => {
      this.#settle = resolve
    })
  }

  submit(connection: pg.Connection): void {
    connection.query(this.#text)
  }

  handleCommandComplete(): void {
    this.completed++
  }

  handleError(error: Error): void {
    this.#settle(error)
  }

  handleReadyForQuery(): void {
    this.#settle(undefined)
  }

  /** Results (`setval`, `lo_create`) are of no interest. */
  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleEmptyQuery(): void {}
  handleCopyInResponse(connection: { sendCopyFail(reason: string): void }): void {
    connection.sendCopyFail('a batch holds no rows')
  }
}

/**
 * The server parses the whole batch before it runs the first statement, so for a syntax error only the position tells
 * where it lies. It counts characters from 1.
 */
function failingIndex(statements: readonly string[], completed: number, error: Error): number {
  const last = statements.length - 1
  const position = 'position' in error ? Number(error.position) : Number.NaN
  const internal = 'internalPosition' in error && error.internalPosition !== undefined
  if (!Number.isInteger(position) || internal) return Math.min(completed, last)
  let end = 0
  for (const [index, statement] of statements.entries()) {
    end += [...terminated(statement)].length + 1
    if (position <= end) return index
  }
  return last
}

function terminated(statement: string): string {
  return statement.trimEnd().endsWith(';') ? statement : `${statement}\n;`
}
