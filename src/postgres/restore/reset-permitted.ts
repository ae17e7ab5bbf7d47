/**
 * Empties a target as far as the restoring role may. First all of it, as `target-reset.ts` does. Where the server refuses that
 * (an object belongs to somebody else), back to a savepoint, and once more: what the role may not drop stays. If what stays is
 * in the backup too, creating it fails later, and with it the whole transaction; otherwise nothing is in its way.
 */
import type { Problem } from '../../engine/ports.ts'
import { type ComebackError, hasCode } from '../../errors.ts'
import type { Connection } from '../connection/connection.ts'
import { sqlStateOf } from '../connection/sql-state.ts'
import type { DatabaseDetail, SchemaEntry } from '../detail.ts'
import { runBatch } from './batch.ts'
import type { TargetFacts } from './target-facts.ts'
import { drop, type ResetOutcome, resetTarget } from './target-reset.ts'

/** Statements that the warning names. */
const NAMED = 5
const BATCH = 64
const NOT_PERMITTED = '42501'

export interface Reset extends Partial<ResetOutcome> {
  readonly problems: readonly Problem[]
  /** Statements that put back what stood in the way of creating objects, and belongs to what was not chosen. */
  readonly again?: readonly string[]
  /** Why not all could be dropped. */
  readonly refusal?: ComebackError
}

/** Inside the caller's transaction, at its top level: rows can be loaded as frozen only where no savepoint is open. */
export async function resetAsPermitted(
  connection: Connection,
  detail: DatabaseDetail,
  entries: readonly SchemaEntry[],
  facts: TargetFacts,
): Promise<Reset> {
  await connection.query('SAVEPOINT untouched')
  try {
    const reset = await resetTarget(connection, detail, entries, facts)
    await connection.query('RELEASE SAVEPOINT untouched')
    return reset
  } catch (refusal) {
    if (!hasCode(refusal, 'permission')) throw refusal
    await connection.query('ROLLBACK TO SAVEPOINT untouched; RELEASE SAVEPOINT untouched')
    const left: string[] = []
    const { problems, aside } = await resetTarget(connection, detail, entries, facts, async (one, statements) => {
      left.push(...(await dropPermitted(one, statements)))
    })
    return { problems: [...problems, staying(left, facts.currentUser)], aside, refusal }
  }
}

/** Returns the statements that the role may not run. */
async function dropPermitted(connection: Connection, statements: readonly string[]): Promise<string[]> {
  const left: string[] = []
  for (let first = 0; first < statements.length; first += BATCH) {
    const batch = statements.slice(first, first + BATCH)
    if (await tried(connection, batch)) continue
    for (const one of batch) if (!(await tried(connection, [one]))) left.push(one)
  }
  return left
}

async function tried(connection: Connection, statements: readonly string[]): Promise<boolean> {
  await connection.query('SAVEPOINT trial')
  const failure = await runBatch(connection, statements)
  if (failure === undefined) {
    await connection.query('RELEASE SAVEPOINT trial')
    return true
  }
  if (sqlStateOf(failure.error) !== NOT_PERMITTED) {
    // Told in the words of the reset.
    await connection.query('ROLLBACK TO SAVEPOINT trial')
    await drop(connection, statements)
    return true
  }
  await connection.query('ROLLBACK TO SAVEPOINT trial; RELEASE SAVEPOINT trial')
  return false
}

function staying(left: readonly string[], user: string): Problem {
  const named = left
    .slice(0, NAMED)
    .map(sql => sql.replace(/^DROP (.*?)(?: CASCADE)?$/s, '$1').replace('IF EXISTS ', ''))
  const more = left.length > NAMED ? ` and ${left.length - NAMED} more` : ''
  return {
    severity: 'warning',
    message: `The target could not be emptied as a whole: ${user} may not drop or change ${named.join(', ')}${more}. That stays as it is; all else was replaced, in one transaction.`,
    hint: 'To have it replaced too, restore as the role that owns it.',
  }
}
