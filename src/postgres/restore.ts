/** The database Sink. */
import type { Problem, Sink, SinkProgress, SinkResult, StoredBackup, Unmade } from '../engine/ports.ts'
import { asComebackError, ComebackError } from '../errors.ts'
import type { Connection } from './connection/connection.ts'
import { identityOf } from './connection/connection-url.ts'
import { unguardedProblems } from './connection/unguarded.ts'
import { writtenUnder } from './detail.ts'
import { tellNames } from './names.ts'
import { analyzeRestored } from './restore/analyze.ts'
import { modeFor, planChosen } from './restore/chosen-plan.ts'
import { checkCompatibility } from './restore/compatibility.ts'
import { type Consent, refuseOtherName, refuseUnconfirmed } from './restore/consent.ts'
import { missingRoles, refuseRoles, roleProblems } from './restore/create-roles.ts'
import { applyProperties, missingProperties, propertyProblems } from './restore/database-settings.ts'
import { halfFilled, markHalfFilled, unmarkHalfFilled } from './restore/half-filled.ts'
import { textEncoding } from './restore/load.ts'
import { LostOwners } from './restore/lost-owners.ts'
import { movedProblems } from './restore/moved-columns.ts'
import { tellingNoted } from './restore/noted.ts'
import { previewRestore } from './restore/preview.ts'
import { type Before, lookBefore, removeRestored } from './restore/remove-restored.ts'
import { restoreAtomically } from './restore/restore-atomic.ts'
import type { RestoreContext, RestoreOutcome } from './restore/restore-context.ts'
import type { RestoreMode } from './restore/restore-mode.ts'
import { LANE_SETTINGS, restoreInParallel } from './restore/restore-parallel.ts'
import { entryName, type RestorePlan } from './restore/restore-plan.ts'
import { restoreRows } from './restore/restore-rows.ts'
import { type RestoreSessions, restoreSessions, type TargetOptions } from './restore/restore-sessions.ts'
import { restoreBySwap } from './restore/restore-swap.ts'
import { lostDefaults, namesOfDefaults } from './restore/rights.ts'
import {
  onlyChosenSequences,
  parseSelection,
  type Selection,
  type SelectionOptions,
  schemasOf,
} from './restore/selection.ts'
import { skippedProblems } from './restore/skipped.ts'
import { databaseName, inspectTarget } from './restore/target.ts'
import { targetFacts } from './restore/target-facts.ts'
import { Tolerance, tolerates } from './restore/tolerance.ts'

export interface DatabaseSinkOptions extends Consent {
  readonly url: string
  /** Milliseconds. */
  readonly connectTimeout: number
  /** Milliseconds that a statement of an atomic restore waits for locks of others. */
  readonly lockTimeout?: number
  /** Connections that work side by side, at most. */
  readonly lanes: number
  /** Before a swap, end the sessions of others that are connected to the database. */
  readonly endSessions?: boolean
  /** A part of the backup, or its structure or its rows alone; all of it by default. */
  readonly selection?: SelectionOptions
  /** Create roles that the backup names and the server lacks. */
  readonly createRoles?: boolean
  /** Apply what the backup's database had besides its contents. */
  readonly databaseSettings?: boolean
  /** The target is a disposable server, of a proof. */
  readonly ofProof?: boolean
  /** Do without what cannot be made also where the target is restored in one transaction. */
  readonly tolerate?: boolean
}

/**
 * `atomic`: in one transaction the target becomes the backup, or stays exactly as it was. `swap`: into a new database, which then
 * takes the target's name; the old one is kept under another. `parallel`: only into an empty
 * target; if it fails or is aborted, what was made is dropped again, and the error says whether that worked.
 *
 * Where nothing is lost that way, and wherever it is asked for, what the server will not take is left out and listed, but never rows.
 *
 * Throws `not-empty`, `unsupported` (encoding, extensions), `permission`, `server-error` naming the entry, `mismatch`,
 * `connection`, `damaged`.
 */
export function createDatabaseSink(given: DatabaseSinkOptions): Sink {
  const selection = parseSelection(given.selection)
  const optionsFor = ({ detail }: StoredBackup) => ({ ...given, written: writtenUnder(detail) })
  return {
    component: 'database',
    identity: identityOf(given.url),
    inspect(backup, progress, signal) {
      const options = optionsFor(backup)
      return withSessions(options, signal, sessions => previewRestore(sessions, options, selection, backup, progress))
    },
    async restore(backup, progress, signal) {
      const options = optionsFor(backup)
      const noted: Problem[] = []
      try {
        return await withSessions(options, signal, sessions =>
          restoreWith(sessions, options, selection, backup, progress, noted),
        )
      } catch (error) {
        throw tellingNoted(error, noted)
      }
    },
  }
}

async function withSessions<T>(
  options: TargetOptions,
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
  options: DatabaseSinkOptions & TargetOptions,
  selection: Selection,
  backup: StoredBackup,
  progress: SinkProgress,
  noted: Problem[],
): Promise<SinkResult> {
  progress.phase('Looking at the target')
  const connection = await sessions.open()
  await tellNames(connection, backup, progress)
  const { description } = connection
  const target = {
    description,
    contents: await inspectTarget(connection),
    database: await databaseName(connection),
    half: await halfFilled(connection),
  }
  refuseOtherName(options, target)
  const mode = modeFor(selection, options, target)
  refuseUnconfirmed(options, target)
  const facts = await targetFacts(connection)
  const chosen = await planChosen(connection, facts, selection, backup, progress, sessions.signal)
  const { choice, skipped } = chosen
  const { plan } = choice
  progress.names?.(missingRoles(plan, facts))
  if (plan.detail.schemaOnly) progress.phase('Tables will come back without rows')
  const tolerant = tolerates(mode, choice, options)
  const warnings = [
    ...(options.ofProof === true ? [] : unguardedProblems(connection, options.url)),

    ...checkCompatibility(choice, facts, mode, options.tolerate === true),
    ...chosen.problems,
    ...skippedProblems(skipped),
  ]
  noted.push(...warnings)
  const rewrite = onlyChosenSequences(choice)
  const roles = options.createRoles ? missingRoles(plan, facts) : []
  refuseRoles(roles, facts)
  const missing = await missingProperties(connection, choice)
  if (!options.databaseSettings) warnings.push(...propertyProblems(missing))
  const applied = async (on: Connection) => (options.databaseSettings ? await applyProperties(on, missing) : [])
  const load = {
    backup,
    progress,
    signal: sessions.signal,
    encoding: textEncoding(plan.detail),
    ...(rewrite && { rewrite }),
  }
  const lost = new LostOwners(plan.detail)
  const tolerance = tolerant ? new Tolerance(plan, options.tolerate === true) : undefined
  const context = {
    ...{ target: options, sessions, connection, plan, facts, load, lanes: options.lanes, choice, lost },
    ...(options.createRoles ? { roles } : {}),
    ...(tolerance === undefined ? {} : { tolerance }),
  }
  const unmade = () => [...(tolerance?.unmade() ?? []), ...lost.unmade()]
  if (mode === 'swap') {
    const { kept, lanes, problems, plan: restored } = await restoreBySwap(context, options.endSessions ?? false)
    return {
      summary: [
        ...summary(restored, connection, mode, lanes, unmade()),
        ...unmadeSummary(unmade()),
        `The database that was there is kept as ${kept}. When it is not needed any more: comeback restore --discard ${kept} --confirm ${kept}`,
      ],
      problems: [...warnings, ...roleProblems(roles), ...problems, ...(await applied(await sessions.open()))],
      ...unmadeBy(unmade()),
    }
  }
  const restoreIn = {
    atomic: selection.what === 'data' ? restoreRows : restoreAtomically,
    parallel: emptyAgainOnFailure,
  }
  const defaults = await namesOfDefaults(connection)
  const outcome = await restoreIn[mode](context)
  await unmarkHalfFilled(connection)
  const defaultsLost = lostDefaults(defaults, await namesOfDefaults(connection))
  progress.phase('Collecting statistics')
  const which = mode === 'atomic' ? 'all' : 'partitioned'
  const unanalyzed = await analyzeRestored(outcome.lanes, schemasOf(choice), which)
  if (mode === 'parallel') await tolerance?.paths.end(connection)
  return {
    summary: [
      ...summary(outcome.plan ?? plan, connection, mode, outcome.lanes.length, unmade()),
      ...unmadeSummary(unmade()),
    ],
    problems: [
      ...warnings,
      ...roleProblems(roles),
      ...outcome.problems,
      ...(await movedProblems(connection, outcome.plan ?? plan)),
      ...defaultsLost,
      ...unanalyzed,
      ...(await applied(connection)),
    ],
    ...unmadeBy(unmade()),
  }
}

async function emptyAgainOnFailure(context: RestoreContext): Promise<RestoreOutcome> {
  const { connection, sessions, plan } = context
  const before = await lookBefore(connection, plan)
  await markHalfFilled(connection, context.load.backup.id)
  try {
    await connection.query(`SET synchronous_commit = ${LANE_SETTINGS.synchronous_commit}`)
    return await restoreInParallel(context)
  } catch (error) {
    sessions.fail(error)
    throw alsoSaying(error, await clearUp(context, before))
  }
}

function alsoSaying(error: unknown, more: string): ComebackError {
  const { code, message, hint } = asComebackError(error)
  return new ComebackError(code, `${message} ${more}`, { hint, cause: error })
}

async function clearUp(
  { target, sessions, plan, facts, connection, roles }: RestoreContext,
  before: Before,
): Promise<string> {
  try {
    await sessions.close()
    if (await removeRestored(target, plan, facts, before, roles))
      return 'What had been restored was dropped: the target is empty again.'
    return `The target ${connection.description} is left with a part of the backup.`
  } catch (error) {
    const reason = asComebackError(error).message
    return `The target ${connection.description} is left with a part of the backup, which could not be dropped: ${reason}`
  }
}

function summary(
  plan: RestorePlan,
  { description }: Connection,
  mode: RestoreMode,
  lanes: number,
  unmade: readonly Unmade[],
): string[] {
  const left = new Set(unmade.flatMap(({ entry, outcome }) => (outcome === 'left-out' ? [entry] : [])))
  const created = plan.preData.filter(({ entry }) => entry.type === 'TABLE' && !left.has(entryName(entry))).length
  // Rows alone create nothing.
  const tables = plan.preData.length > 0 ? created : plan.loads.length
  const rows = [...plan.loads, ...plan.added]
    .flatMap(({ ranges }) => ranges)
    .reduce((sum, range) => sum + (range.rows ?? 0), 0)
  const inLanes = `in ${lanes} lane${lanes === 1 ? '' : 's'}`
  const how = { atomic: 'in one transaction', swap: `${inLanes}, by a new database`, parallel: inLanes }[mode]
  return [`${counted(tables, 'table')} and ${counted(rows, 'row')} restored into ${description}, ${how}.`]
}

function unmadeSummary(unmade: readonly Unmade[]): readonly string[] {
  const count = unmade.filter(({ outcome }) => outcome !== 'helped').length
  return count === 0 ? [] : [`Everything but ${counted(count, 'object')} came back as it was.`]
}

function unmadeBy(unmade: readonly Unmade[]): Pick<SinkResult, 'unmade'> {
  return unmade.length === 0 ? {} : { unmade }
}

function counted(count: number, what: string): string {
  return `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`
}
