/** What lanes do, with the locks that it takes: loading tables, building indexes and keys, checking foreign keys. */
import type { Connection } from '../connection/connection.ts'
import { serverError } from '../connection/server-error.ts'
import { displayName, qualified } from '../sql-text.ts'
import { loadConfiguration } from './configuration-rows.ts'
import type { EntryFilter } from './entry-filter.ts'
import type { Families } from './families.ts'
import { type LoadContext, loadTable } from './load.ts'
import { untilAllPass } from './load-order.ts'
import { type PostDataStage, tableKey, tablesOf } from './post-data.ts'
import type { RestoreContext } from './restore-context.ts'
import type { PlannedEntry, TableLoad } from './restore-plan.ts'
import { type EntryContext, runEntry } from './run-entries.ts'
import { runScript } from './run-script.ts'
import type { Task } from './run-tasks.ts'
import { setSequences } from './set-sequences.ts'
import { loadTolerantly } from './tolerant-load.ts'

export type LaneTask = Task<Connection>

export interface LoadTask {
  readonly task: LaneTask
  /** Keys of the tables whose rows it loads. */
  readonly tables: readonly string[]
  readonly bytes: number
}

/** Of tables that need nothing but themselves, of large objects and of sequences. */
export function loadTasks(
  context: RestoreContext,
  plain: readonly TableLoad[],
  filter: EntryFilter,
  families: Families,
): LoadTask[] {
  const { plan, load } = context
  const tables = plain.map(table => {
    const into = tableKey(table.into.schema, table.into.name)
    const isRoot = families.isParent(into)
    // A COPY reads the bounds of a partition from its parents, and so locks them.
    const family = `family ${families.of(into)}`
    const locks = isRoot ? { shared: [], exclusive: [family] } : { shared: [family], exclusive: [into] }
    const run = (connection: Connection) => loadOne(connection, table, context)
    return { task: { weight: table.bytes, needs: [], ...locks, run }, tables: tablesIn(table), bytes: table.bytes }
  })
  const scripts = [
    alone(sum(plan.largeObjects), [], async connection => {
      for (const segment of plan.largeObjects) await runScript(connection, segment, filter, load)
    }),
    alone(sum(plan.sequences), [], connection => setSequences(connection, plan.sequences, filter, load)),
  ]
  return [...tables, ...scripts.filter(({ bytes }) => bytes > 0)]
}

/** In a transaction of its own. */
export async function loadConfigurationAlone(connection: Connection, { plan, load }: RestoreContext): Promise<void> {
  await inTransaction(connection, 'Loading rows of extensions', [], () => loadConfiguration(connection, plan, load))
}

/**
 * Tables that look elsewhere, one after the other when `needs` are done: all other rows, and the keys by which they are found
 * quickly. `refused` is tried again along with them.
 */
export function lateLoads(
  context: RestoreContext,
  looking: readonly TableLoad[],
  refused: readonly LaneTask['run'][],
  needs: readonly LaneTask[],
): LoadTask[] {
  if (looking.length + refused.length === 0) return []
  const late = alone(sum(looking), needs, connection =>
    untilAllPass(
      connection,
      false,
      [
        ...refused.map(run => ({ work: () => run(connection) })),
        ...looking.map(table => ({
          work: (load: LoadContext) => loadOnce(connection, table, load),
          ...(context.tolerance === undefined
            ? {}
            : { lastResort: (load: LoadContext) => loadOne(connection, table, { ...context, load }) }),
        })),
      ],
      context.load,
    ),
  )
  return [{ ...late, tables: looking.flatMap(tablesIn) }]
}

async function loadOne(connection: Connection, table: TableLoad, { load, tolerance }: RestoreContext): Promise<void> {
  if (tolerance === undefined) return await loadOnce(connection, table, load)
  await loadTolerantly(connection, table, load, { tolerance, atomic: false }, using =>
    loadOnce(connection, table, using),
  )
}

async function loadOnce(connection: Connection, table: TableLoad, load: LoadContext): Promise<void> {
  const first = table.own ? [`TRUNCATE ONLY ${qualified(table.into)}`] : []
  await inTransaction(connection, `Loading ${displayName(table.into)}`, first, () =>
    loadTable(connection, table, load, { freeze: table.own }),
  )
}

function tablesIn({ into, ranges }: TableLoad): string[] {
  return [...new Set([into, ...ranges.map(({ detail }) => detail.table)].map(one => tableKey(one.schema, one.name)))]
}

function alone(bytes: number, needs: readonly LaneTask[], run: LaneTask['run']): LoadTask {
  return { task: { weight: bytes, needs, shared: [], exclusive: [], run }, tables: [], bytes }
}

/**
 * Indexes and keys that can be built as soon as their own table has its rows, and the others: on tables that look elsewhere,
 * calling a function that may, or of unknown shape.
 */
export function sortIndexes(
  planned: readonly PlannedEntry[],
  looking: readonly TableLoad[],
  reading: ReadonlySet<string>,
): { readonly early: readonly PlannedEntry[]; readonly later: readonly PlannedEntry[] } {
  const late = new Set(looking.flatMap(tablesIn))
  const isEarly = (one: PlannedEntry) => {
    const [table] = tablesOf(one) ?? []
    return table !== undefined && !late.has(table) && !one.statements.some(sql => mentions(sql, reading))
  }
  return { early: planned.filter(isEarly), later: planned.filter(one => !isEarly(one)) }
}

function mentions(sql: string, names: ReadonlySet<string>): boolean {
  if (sql.split(/[^\p{L}\p{N}_$]+/u).some(word => names.has(word))) return true
  // A name of several words.
  return [...names].some(name => /[^\p{L}\p{N}_$]/u.test(name) && sql.includes(name))
}

/** A key is built before the plain indexes of its table, since it keeps them off anyway. `needs`: for all; else its table's load. */
export function indexTasks(
  planned: readonly PlannedEntry[],
  loads: readonly LoadTask[],
  families: Families,
  context: EntryContext,
  needs?: readonly LaneTask[],
): LaneTask[] {
  const byTable = new Map(loads.flatMap(load => load.tables.map(table => [table, load] as const)))
  return planned.map(one => {
    const [table] = tablesOf(one) ?? []
    const load = table === undefined ? undefined : byTable.get(table)
    const isKey = one.entry.type !== 'INDEX'
    return {
      weight: (load?.bytes ?? 0) + (isKey ? 1 : 0),
      needs: needs ?? (load === undefined ? [] : [load.task]),
      ...indexLocks(table, isKey, families),
      run: connection => runEntry(connection, one, context),
    }
  })
}

function indexLocks(table: string | undefined, isKey: boolean, families: Families) {
  if (table === undefined) return { shared: [], exclusive: [] }
  const family = `family ${families.of(table)}`
  if (families.isParent(table)) return { shared: [], exclusive: [family] }
  return isKey ? { shared: [family], exclusive: [table] } : { shared: [family, table], exclusive: [] }
}

export function stageTasks(
  stage: Exclude<PostDataStage, { kind: 'serial' }>,
  families: Families,
  context: EntryContext,
  loads: readonly LoadTask[],
): LaneTask[] {
  if (stage.kind === 'indexes') return indexTasks(stage.parallel, [], families, context)
  const bytes = new Map(loads.flatMap(load => load.tables.map(table => [table, load.bytes] as const)))
  // A foreign key keeps other ones off both its tables until it is checked.
  return stage.parallel.map(one => {
    const tables = tablesOf(one) ?? []
    return {
      weight: tables.reduce((total, table) => total + (bytes.get(table) ?? 0), 0),
      needs: [],
      shared: [],
      exclusive: [...new Set(tables.map(table => families.of(table)))],
      run: connection => runEntry(connection, one, context),
    }
  })
}

/** `first` goes along with the `BEGIN`: with thousands of small tables, round trips are what takes the time. */
async function inTransaction(
  connection: Connection,
  what: string,
  first: readonly string[],
  work: () => Promise<void>,
): Promise<void> {
  try {
    await connection.query(['BEGIN', ...first].join('; '))
    await work()
    await connection.query('COMMIT')
  } catch (error) {
    throw serverError(error, what)
  }
}

function sum(of: readonly { readonly bytes: number }[]): number {
  return of.reduce((total, { bytes }) => total + bytes, 0)
}
