/** Entries of which one was refused: each is tried by itself, then in a second way, and left out if nothing helps. */
import type { Connection } from '../connection/connection.ts'
import { borne } from './borne.ts'
import type { PlannedEntry } from './restore-plan.ts'
import { secondWay } from './second-ways.ts'
import { isTolerable, withWayOut } from './tolerable.ts'
import { isNeeded, isTableWithoutType, type Tolerance } from './tolerance.ts'

export interface TolerantContext {
  /** True inside a transaction of the caller's. */
  readonly atomic: boolean
  readonly tolerance: Tolerance
  /** Runs statements of the entry, all or none of them; throws the refusal. */
  readonly run: (statements: readonly string[]) => Promise<void>
}

/** `statements`: of the entry, those that were not carried out, for which the server gave `error`. Throws where rows need it. */
export async function tolerate(
  connection: Connection,
  planned: PlannedEntry,
  statements: readonly string[],
  error: unknown,
  context: TolerantContext,
): Promise<void> {
  const { tolerance, run, atomic } = context
  // It was sent along with what it is about.
  if (tolerance.follows(planned, statements)) return
  const attempt = (one: readonly string[]) => borne(connection, atomic, isTolerable, () => run(one))
  const tried = new Set<string>()
  let refused: unknown = error
  while (await tolerance.paths.help(connection, refused, tried)) {
    refused = await attempt(statements)
    if (refused === undefined) return
  }
  if (planned.entry.type === 'ACL' && statements.length > 1) {
    // Each right by itself: what closes something must not be lost with what opens it.
    for (const sql of statements) {
      const one = await attempt([sql])
      if (one !== undefined) tolerance.leaveOut(planned, [sql], one)
    }
    return
  }
  const [first = '', ...rest] = statements
  const way = secondWay(planned, first)
  if (way !== undefined && (await attempt([way.statement, ...rest])) === undefined) {
    return tolerance.madeOtherwise(planned, way, refused)
  }
  if (isNeeded(planned)) {
    if (!isTableWithoutType(planned, refused)) throw refused
    if (!tolerance.leavesTables) throw withWayOut(refused)
  }
  tolerance.leaveOut(planned, statements, refused)
}
