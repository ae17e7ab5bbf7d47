/**
 * Into an empty target by several lanes: tables; then rows (in what order says `load-order.ts`), and indexes and keys of each table as
 * soon as its rows are there; then foreign keys; then the rest in pg_dump's order. If it fails, what was made is dropped again (`removeRestored`).
 */
import { asComebackError } from '../../errors.ts'
import type { Connection } from '../connection/connection.ts'
import { readingFunctions } from '../looking.ts'
import { withoutAbsent } from './absent-relations.ts'
import { borne } from './borne.ts'
import { createRoles } from './create-roles.ts'
import { createEntryFilter } from './entry-filter.ts'
import { readFamilies } from './families.ts'
import {
  indexTasks,
  type LaneTask,
  lateLoads,
  loadConfigurationAlone,
  loadTasks,
  sortIndexes,
  stageTasks,
} from './lane-tasks.ts'
import { orderLoads } from './load-order.ts'
import { closeOpened, openedAgain } from './opened.ts'
import { type PostDataStage, postDataStages } from './post-data.ts'
import type { RestoreContext, RestoreOutcome } from './restore-context.ts'
import type { PlannedEntry } from './restore-plan.ts'
import { createRowRoles } from './row-roles.ts'
import { runEntries } from './run-entries.ts'
import { runTasks } from './run-tasks.ts'
import { targetFacts } from './target-facts.ts'
import { drop, rightsOf } from './target-reset.ts'
import { loadTheirs } from './their-rows.ts'
import { findTheirs, sparingTheirs } from './theirs.ts'
import { isTolerable } from './tolerable.ts'
import { putBack } from './tolerant-load.ts'

/** A lane's own commits need not wait for the disk: the last one of all does, and the server writes in order. */
export const LANE_SETTINGS = { synchronous_commit: 'off' } as const

export async function restoreInParallel(given: RestoreContext): Promise<RestoreOutcome> {
  const { connection, sessions, tolerance } = given
  const { detail } = given.plan
  await createRoles(connection, given.roles ?? [], given.facts)
  await drop(connection, (await rightsOf(connection, detail, detail.schemas)).reset)
  const facts = await targetFacts(connection)
  const theirs = await findTheirs(connection, given.plan, facts, given.load)
  const whole = { ...given, plan: theirs.plan, load: sparingTheirs(given.load, theirs) }
  const { progress, signal } = whole.load
  const filter = createEntryFilter(facts, given.lost)
  const schema = { filter, signal, atomic: false, tolerance }
  progress.phase('Creating tables')
  await runEntries(connection, whole.plan.preData, schema)
  const context = await withoutAbsent(whole)
  const { plan } = context
  await createRowRoles(connection, context)

  const families = await readFamilies(connection)
  const { plain, looking } = await orderLoads(connection, plan)
  const [first, ...later] = stagesWithIndexesFirst(plan.postData)
  const parallel = first.kind === 'serial' ? [] : first.parallel
  const sorted = sortIndexes(parallel, looking, await readingFunctions(connection))
  progress.phase('Loading rows and building indexes')
  const ofOthers = await loadTheirs(connection, theirs.rows, context.load, false)
  const configuration = (lane: Connection) => loadConfigurationAlone(lane, context)
  const refusal =
    plan.added.length === 0 ? undefined : await borne(connection, false, isTolerable, () => configuration(connection))
  const early = loadTasks(context, plain, filter, families)
  const keys = indexTasks(sorted.early, early, families, schema)
  const needed = [...early.map(({ task }) => task), ...keys]
  const loads = [...early, ...lateLoads(context, looking, refusal === undefined ? [] : [configuration], needed)]
  const all = loads.map(({ task }) => task)
  const indexes = [...keys, ...indexTasks(sorted.later, loads, families, schema, all)]
  const { lanes, problems } = await openLanes(context, loads.length + indexes.length)
  const inLanes = (tasks: readonly LaneTask[]) => runTasks(lanes, tasks, error => sessions.fail(error))
  await inLanes([...all, ...indexes])
  if (tolerance !== undefined) await putBack(connection, { tolerance, atomic: false })
  await runEntries(connection, first.after, schema)

  for (const stage of later) {
    if (stage.kind !== 'serial') {
      progress.phase(stage.kind === 'indexes' ? 'Building indexes' : 'Checking foreign keys')
      await inLanes(stageTasks(stage, families, schema, loads))
    } else {
      progress.phase('Creating triggers, rules and policies')
    }
    await runEntries(connection, stage.after, schema)
  }
  const again = await openedAgain(connection)
  await closeOpened(connection, plan.preData, facts)
  await runEntries(connection, await context.lost.close(connection, plan), schema)
  if (plan.last.length > 0) progress.phase('Filling materialized views')
  await runEntries(connection, plan.last, schema)
  await flush(connection)
  return {
    lanes,
    problems: [...problems, ...theirs.problems, ...ofOthers.problems, ...again, ...filter.problems()],
    plan: { ...plan, added: [...plan.added, ...ofOthers.loaded] },
  }
}

/** No more lanes than there is work for, nor than the server has connections left. */
async function openLanes({ connection, sessions, lanes }: RestoreContext, tasks: number): Promise<RestoreOutcome> {
  const count = Math.max(1, Math.min(lanes, tasks))
  const more = await Promise.allSettled(Array.from({ length: count - 1 }, () => sessions.open(LANE_SETTINGS)))
  sessions.signal.throwIfAborted()
  const refused = more.flatMap(one => (one.status === 'rejected' ? [asComebackError(one.reason)] : []))
  return {
    lanes: [connection, ...more.flatMap(one => (one.status === 'fulfilled' ? [one.value] : []))],
    problems: refused.slice(0, 1).map(error => ({
      severity: 'warning',
      message: `${refused.length} of ${count} lanes could not connect; the others did all the work: ${error.message}`,
      hint: 'Ask for fewer --lanes, or raise max_connections.',
    })),
  }
}

/** There is always a first stage of indexes, an empty one perhaps. */
function stagesWithIndexesFirst(planned: readonly PlannedEntry[]): [PostDataStage, ...PostDataStage[]] {
  const [first, ...rest] = postDataStages(planned)
  const none = { kind: 'indexes', parallel: [], after: [] } as const
  if (first === undefined) return [none]
  return first.kind === 'indexes' ? [first, ...rest] : [none, first, ...rest]
}

/** A commit that waits for the disk makes all those before it durable, if it has written anything. */
async function flush(connection: Connection): Promise<void> {
  await connection.query('SET synchronous_commit = on')
  await connection.query('SELECT pg_catalog.pg_current_xact_id()')
}
