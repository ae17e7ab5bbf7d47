/** What lanes do, with the locks that it takes: loading tables, building indexes and keys, checking foreign keys. */
import type { Connection } from '../connection/connection.ts'
import { serverError } from '../connection/server-error.ts'
import { displayName, qualified } from '../sql-text.ts'
import type { EntryFilter } from './entry-filter.ts'
import type { Families } from './families.ts'
import { type LoadContext, loadTable } from './load.ts'
import { type PostDataStage, tableKey, tablesOf } from './post-data.ts'
import type { RestoreContext } from './restore-context.ts'
import type { PlannedEntry, TableLoad } from './restore-plan.ts'
import { type EntryContext, runEntry } from './run-entries.ts'
import { runScript } from './run-script.ts'
import type { Task } from './run-tasks.ts'
import { loadTolerantly } from './tolerant-load.ts'

export type LaneTask = Task<Connection>

export interface LoadTask {
  readonly task: LaneTask
  /** Keys of the tables whose rows it loads. */
  readonly tables: readonly string[]
  readonly bytes: number
}

export function loadTasks(
  { plan, load, tolerance }: RestoreContext,
  filter: EntryFilter,
  families: Families,
): LoadTask[] {
  const tables = plan.loads.map(table => {
    const into = tableKey(table.into.schema, table.into.name)
    const names = new Set([into, ...table.ranges.map(({ detail }) => tableKey(detail.table.schema, detail.table.name))])
    const isRoot = families.isParent(into)
    const first = table.own ? [`TRUNCATE ONLY ${qualified(table.into)}`] : []
    const run = (connection: Connection) => {
      const work = (using: LoadContext) =>
        inTransaction(connection, table, first, () => loadTable(connection, table, using, { freeze: table.own }))
      if (tolerance === undefined) return work(load)
      return loadTolerantly(connection, table, load, { tolerance, atomic: false }, work)
    }
    // A COPY reads the bounds of a partition from its parents, and so locks them.
    const family = `family ${families.of(into)}`
    const locks = isRoot ? { shared: [], exclusive: [family] } : { shared: [family], exclusive: [into] }
    return { task: { weight: table.bytes, needs: [], ...locks, run }, tables: [...names], bytes: table.bytes }
  })
  const alone = (bytes: number, run: LaneTask['run']): LoadTask => ({
    task: { weight: bytes, needs: [], shared: [], exclusive: [], run },
    tables: [],
    bytes,
  })
  const scripts = [plan.largeObjects, plan.sequences].filter(segments => segments.length > 0)
  return [
    ...tables,
    ...(plan.added.length === 0 ? [] : [alone(sum(plan.added), connection => loadAdded(connection, plan.added, load))]),
    ...scripts.map(segments =>
      alone(sum(segments), async connection => {
        for (const segment of segments) await runScript(connection, segment, filter, load)
      }),
    ),
  ]
}

async function loadAdded(connection: Connection, added: readonly TableLoad[], load: RestoreContext['load']) {
  for (const table of added) {
    await inTransaction(connection, table, [], () => loadTable(connection, table, load, { freeze: false }))
  }
}

/** A key is built before the plain indexes of its table, since it keeps them off anyway. */
export function indexTasks(
  planned: readonly PlannedEntry[],
  loads: readonly LoadTask[],
  families: Families,
  context: EntryContext,
): LaneTask[] {
  const byTable = new Map(loads.flatMap(load => load.tables.map(table => [table, load] as const)))
  return planned.map(one => {
    const [table] = tablesOf(one) ?? []
    const load = table === undefined ? undefined : byTable.get(table)
    const isKey = one.entry.type !== 'INDEX'
    return {
      weight: (load?.bytes ?? 0) + (isKey ? 1 : 0),
      // A statement of unknown shape waits for everything.
      needs: table === undefined ? loads.map(each => each.task) : load === undefined ? [] : [load.task],
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
  { into }: TableLoad,
  first: readonly string[],
  work: () => Promise<void>,
): Promise<void> {
  try {
    await connection.query(['BEGIN', ...first].join('; '))
    await work()
    await connection.query('COMMIT')
  } catch (error) {
    throw serverError(error, `Loading ${displayName(into)}`)
  }
}

function sum(of: readonly { readonly bytes: number }[]): number {
  return of.reduce((total, { bytes }) => total + bytes, 0)
}
