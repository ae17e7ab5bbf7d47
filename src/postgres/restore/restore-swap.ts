/**
 * Into a new database beside the old one, by several lanes; checked; then both change their names in one transaction. Until
 * then nothing of the old database is touched, and after it the old one is there still, under another name.
 */
import pg from 'pg'
import type { Problem } from '../../engine/ports.ts'
import { asComebackError, ComebackError } from '../../errors.ts'
import type { Connection } from '../connection/connection.ts'
import { inDatabase } from '../connection/connection-url.ts'
import { serverError } from '../connection/server-error.ts'
import { analyzeRestored } from './analyze.ts'
import { movedProblems } from './moved-columns.ts'
import { removeRoles, removeSubscriptions } from './remove-restored.ts'
import type { RestoreContext } from './restore-context.ts'
import { LANE_SETTINGS, restoreInParallel } from './restore-parallel.ts'
import type { RestorePlan } from './restore-plan.ts'
import { openForClearingUp, type RestoreSessions, restoreSessions, type TargetOptions } from './restore-sessions.ts'
import { compareCounts } from './swap/compare-counts.ts'
import { carryOver, createBeside, staysBehind } from './swap/create-beside.ts'
import { keptName, restoringName } from './swap/database-names.ts'
import { exchangeNames } from './swap/exchange-names.ts'
import { findMaintenance } from './swap/maintenance.ts'
import { leftoverProblems, type OldDatabase, readOldDatabase, refuseSwap } from './swap/old-database.ts'
import { refuseOthers } from './swap/refuse-others.ts'
import { targetFacts } from './target-facts.ts'

export interface SwapOutcome {
  /** The name of the old database now. */
  readonly kept: string
  /** How many lanes worked. */
  readonly lanes: number
  readonly problems: readonly Problem[]
  /** What was carried out. */
  readonly plan: RestorePlan
}

/**
 * `context` is that of the old database, whose connection is closed. On any failure the new database is dropped again, and the
 * error says whether that worked. Throws `permission` and `timeout` besides what a restore throws.
 */
export async function restoreBySwap(context: RestoreContext, endSessions: boolean): Promise<SwapOutcome> {
  const { connection, target, load } = context
  const { signal, backup, progress } = load
  const old = await readOldDatabase(connection)
  refuseSwap(old, target.url)
  const fresh = restoringName(old.name)
  const kept = keptName(old.name, backup.id, new Set(old.databases))
  const elsewhere = await findMaintenance(connection, target, [old.name])
  await refuseOthers(connection, old.name, endSessions, signal)
  await connection.close()

  const maintenance = restoreSessions(elsewhere, signal)
  const problems = [...leftoverProblems(old), ...staysBehind(old)]
  let lanes = 0
  let { plan } = context
  try {
    progress.phase(`Creating the database ${fresh}`)
    problems.push(...(await create(maintenance, old, fresh)))
    const filled = await fill({ ...context, target: { ...target, url: inDatabase(target.url, fresh) } })
    lanes = filled.lanes
    plan = filled.plan
    problems.push(...filled.problems)
    progress.phase(`Swapping ${fresh} for ${old.name}`)
    await limitConnections(maintenance, old, fresh)
    await exchangeNames(maintenance, { name: old.name, kept, fresh, endSessions })
    await maintenance.close()
  } catch (error) {
    const swapped = await clearUp(maintenance, elsewhere, old, fresh, context.roles ?? []).catch(
      (clearing: unknown) => {
        throw alsoSaying(
          error,
          `${old.name} is as it was. The new database ${fresh} may be left over, as it could not be dropped (${asComebackError(clearing).message}). To drop it: comeback restore --discard ${fresh} --confirm ${fresh}`,
        )
      },
    )
    if (!swapped) throw alsoSaying(error, `The new database was dropped again; ${old.name} is as it was.`)
  }
  return { kept, lanes, problems, plan }
}

async function create(maintenance: RestoreSessions, old: OldDatabase, fresh: string): Promise<readonly Problem[]> {
  await using connection = await maintenance.open()
  await createBeside(connection, old, fresh)
  return await carryOver(connection, old, fresh)
}

async function fill(outer: RestoreContext): Promise<Pick<SwapOutcome, 'lanes' | 'problems' | 'plan'>> {
  const sessions = restoreSessions(outer.target, outer.load.signal)
  const { progress } = outer.load
  try {
    const connection = await sessions.open(LANE_SETTINGS)
    const load = { ...outer.load, signal: sessions.signal }
    const facts = await targetFacts(connection)
    const {
      lanes,
      problems,
      plan = outer.plan,
    } = await restoreInParallel({ ...outer, sessions, connection, facts, load })
    progress.phase('Counting rows')
    await compareCounts(lanes, plan)
    // It goes live the moment it is renamed: it needs its statistics now.
    progress.phase('Collecting statistics')
    const unanalyzed = await analyzeRestored(lanes, outer.plan.detail.schemas, 'all')
    const moved = await movedProblems(connection, plan)
    await outer.tolerance?.paths.end(connection)
    await sessions.close()
    return { lanes: lanes.length, problems: [...problems, ...unanalyzed, ...moved], plan }
  } catch (error) {
    sessions.fail(error)
    await sessions.close()
    throw error
  }
}

/** At the end: the lanes may be more than the limit lets in. */
async function limitConnections(
  maintenance: RestoreSessions,
  { connectionLimit }: OldDatabase,
  fresh: string,
): Promise<void> {
  if (connectionLimit === -1) return
  await using connection = await maintenance.open()
  try {
    await connection.query(`ALTER DATABASE ${pg.escapeIdentifier(fresh)} CONNECTION LIMIT ${connectionLimit}`)
  } catch (error) {
    throw serverError(error, `Limiting the connections of ${fresh}`)
  }
}

/**
 * Drops the new database. Returns true where there is none to drop because it bears the name already: the connection was lost
 * when the server had carried out the swap and not yet said so.
 */
async function clearUp(
  maintenance: RestoreSessions,
  elsewhere: TargetOptions,
  { name, oid }: OldDatabase,
  fresh: string,
  roles: readonly string[],
): Promise<boolean> {
  await maintenance.close()
  await using connection = await openForClearingUp(elsewhere)
  await unsubscribe(connection, elsewhere, fresh)
  await connection.query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(fresh)} WITH (FORCE)`)
  const [row] = await connection.query<{ oid: number }>(
    'SELECT oid::int AS oid FROM pg_catalog.pg_database WHERE datname = $1',
    [name],
  )
  const swapped = row !== undefined && row.oid !== oid
  // What they owned has gone with the database.
  if (!swapped) await removeRoles(connection, roles)
  return swapped
}

/** A database that subscribes to something can't be dropped. */
async function unsubscribe(connection: Connection, elsewhere: TargetOptions, database: string): Promise<void> {
  const subscriptions = await connection.query(
    `SELECT FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid WHERE d.datname = $1`,
    [database],
  )
  if (subscriptions.length === 0) return
  await using inside = await openForClearingUp({ ...elsewhere, url: inDatabase(elsewhere.url, database) })
  await removeSubscriptions(inside, new Set())
}

function alsoSaying(error: unknown, more: string): ComebackError {
  const { code, message, hint } = asComebackError(error)
  return new ComebackError(code, `${message} ${more}`, { hint, cause: error })
}
