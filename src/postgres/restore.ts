/** The database Sink. */
import type { Sink, SinkProgress, SinkResult, StoredBackup } from '../engine/ports.ts'
import { asComebackError, ComebackError } from '../errors.ts'
import type { Connection } from './connection/connection.ts'
import { analyzeRestored } from './restore/analyze.ts'
import { checkCompatibility } from './restore/compatibility.ts'
import { type Consent, chooseMode, refuseOtherName, refuseUnconfirmed } from './restore/consent.ts'
import { previewRestore } from './restore/preview.ts'
import { removeRestored } from './restore/remove-restored.ts'
import { restoreAtomically } from './restore/restore-atomic.ts'
import type { RestoreContext, RestoreMode, RestoreOutcome } from './restore/restore-context.ts'
import { LANE_SETTINGS, restoreInParallel } from './restore/restore-parallel.ts'
import { planRestore, type RestorePlan } from './restore/restore-plan.ts'
import { type RestoreSessions, restoreSessions } from './restore/restore-sessions.ts'
import { databaseName, inspectTarget } from './restore/target.ts'
import { targetFacts } from './restore/target-facts.ts'

export interface DatabaseSinkOptions extends Consent {
  readonly url: string
  /** Milliseconds. */
  readonly connectTimeout: number
  /** Connections that work side by side, at most. */
  readonly lanes: number
}

/**
 * `atomic`: in one transaction the target becomes the backup, or stays exactly as it was. `parallel`: only into an empty
 * target; if it fails or is aborted, what was made is dropped again, and the error says whether that worked.
 *
 * Throws `not-empty`, `unsupported` (encoding, extensions), `permission`, `server-error` naming the entry, `mismatch`,
 * `connection`, `damaged`.
 */
export function createDatabaseSink(options: DatabaseSinkOptions): Sink {
  return {
    component: 'database',
    inspect: (backup, progress, signal) =>
      withSessions(options, signal, sessions => previewRestore(sessions, options, backup, progress)),
    restore: (backup, progress, signal) =>
      withSessions(options, signal, sessions => restoreWith(sessions, options, backup, progress)),
  }
}

async function withSessions<T>(
  options: DatabaseSinkOptions,
  outer: AbortSignal,
  work: (sessions: RestoreSessions) => Promise<T>,
): Promise<T> {
  const sessions = restoreSessions(options, outer)
  const result = await work(sessions).catch(async (error: unknown) => {
    await sessions.close().catch(closing => {
      throw alsoSaying(
        error,
        `The restore's connections may still be busy on the server: ${asComebackError(closing).message}`,
      )
    })
    throw error
  })
  await sessions.close()
  return result
}

async function restoreWith(
  sessions: RestoreSessions,
  options: DatabaseSinkOptions,
  backup: StoredBackup,
  progress: SinkProgress,
): Promise<SinkResult> {
  progress.phase('Looking at the target')
  const connection = await sessions.open()
  const { description } = connection
  const target = { description, contents: await inspectTarget(connection), database: await databaseName(connection) }
  refuseOtherName(options, target)
  const mode = chooseMode(options, target)
  refuseUnconfirmed(options, target)
  const plan = await planRestore(backup, progress, sessions.signal)
  if (plan.detail.schemaOnly) progress.phase('The backup is schema-only: tables will come back without rows')
  const facts = await targetFacts(connection)
  const warnings = checkCompatibility(plan, facts, mode)
  const load = { backup, progress, signal: sessions.signal, encoding: textEncoding(plan) }
  const context = { target: options, sessions, connection, plan, facts, load, lanes: options.lanes }
  const outcome = mode === 'atomic' ? await restoreAtomically(context) : await emptyAgainOnFailure(context)
  progress.phase('Collecting statistics')
  const which = mode === 'atomic' ? 'all' : 'partitioned'
  const unanalyzed = await analyzeRestored(outcome.lanes, plan.detail.schemas, which)
  return {
    summary: summary(plan, connection, mode, outcome),
    problems: [...warnings, ...outcome.problems, ...unanalyzed],
  }
}

async function emptyAgainOnFailure(context: RestoreContext): Promise<RestoreOutcome> {
  const { connection, sessions } = context
  try {
    await connection.query(`SET synchronous_commit = ${LANE_SETTINGS.synchronous_commit}`)
    return await restoreInParallel(context)
  } catch (error) {
    sessions.fail(error)
    throw alsoSaying(error, await clearUp(context))
  }
}

function alsoSaying(error: unknown, more: string): ComebackError {
  const { code, message, hint } = asComebackError(error)
  return new ComebackError(code, `${message} ${more}`, { hint, cause: error })
}

async function clearUp({ target, sessions, plan, facts, connection }: RestoreContext): Promise<string> {
  try {
    await sessions.close()
    if (await removeRestored(target, plan, facts))
      return 'What had been restored was dropped: the target is empty again.'
    return `The target ${connection.description} is left with a part of the backup.`
  } catch (error) {
    const reason = asComebackError(error).message
    return `The target ${connection.description} is left with a part of the backup, which could not be dropped: ${reason}`
  }
}

/** The Source reads text as UTF-8, but for a database without an encoding, whose bytes it takes as they are. */
function textEncoding({ detail }: RestorePlan): string {
  return detail.encoding === 'SQL_ASCII' ? 'SQL_ASCII' : 'UTF8'
}

function summary(
  plan: RestorePlan,
  { description }: Connection,
  mode: RestoreMode,
  { lanes }: RestoreOutcome,
): string[] {
  const tables = plan.preData.filter(({ entry }) => entry.type === 'TABLE').length
  const rows = Object.values(plan.detail.rows).reduce((sum, count) => sum + count, 0)
  const how = mode === 'atomic' ? 'in one transaction' : `in ${lanes.length} lane${lanes.length === 1 ? '' : 's'}`
  return [`${counted(tables, 'table')} and ${counted(rows, 'row')} restored into ${description}, ${how}.`]
}

function counted(count: number, what: string): string {
  return `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`
}
