/**
 * In which order rows come: those of extensions first, then all tables that need nothing but themselves, then those that look
 * elsewhere, in their order (`looking.ts`). Of these one may still need another that comes later: what the server refuses is tried again
 * once the others are there, as long as that helps; only then is anything set aside for it.
 */
import type { Connection } from '../connection/connection.ts'
import { lookingTables } from '../looking.ts'
import { qualified } from '../sql-text.ts'
import { borne } from './borne.ts'
import { loadConfiguration } from './configuration-rows.ts'
import { keyOf } from './entry-subject.ts'
import { type LoadContext, loadTable, uncounted } from './load.ts'
import type { RestorePlan, TableLoad } from './restore-plan.ts'
import { isTolerable } from './tolerable.ts'
import type { Tolerance } from './tolerance.ts'
import { loadTolerantly } from './tolerant-load.ts'

export interface LoadOrder {
  readonly plain: readonly TableLoad[]
  readonly looking: readonly TableLoad[]
}

/** When all tables are there. */
export async function orderLoads(connection: Connection, { loads }: RestorePlan): Promise<LoadOrder> {
  if (loads.length === 0) return { plain: [], looking: [] }
  const places = new Map((await lookingTables(connection)).map((table, place) => [keyOf(table), place]))
  const placed = loads.map(load => {
    const own = [load.into, ...load.ranges.map(({ detail }) => detail.table)].flatMap(
      table => places.get(keyOf(table)) ?? [],
    )
    return { load, place: own.length === 0 ? undefined : Math.max(...own) }
  })
  const looking = placed.filter(({ place }) => place !== undefined)
  return {
    plain: placed.filter(({ place }) => place === undefined).map(({ load }) => load),
    looking: looking.toSorted((a, b) => (a.place ?? 0) - (b.place ?? 0)).map(({ load }) => load),
  }
}

export interface Attempt {
  readonly work: (load: LoadContext) => Promise<void>
  /** For what the server goes on to refuse when all else is there. */
  readonly lastResort?: (load: LoadContext) => Promise<void>
}

/**
 * Does all that the server refuses anew until nothing more of it passes, and takes then to the last resorts. Throws the first refusal of
 * what has none. `atomic`: inside a transaction of the caller's; otherwise each work is one of its own.
 */
export async function untilAllPass(
  connection: Connection,
  atomic: boolean,
  attempts: readonly Attempt[],
  load: LoadContext,
): Promise<void> {
  let left = attempts
  let using = load
  while (left.length > 0) {
    const refused: { readonly attempt: Attempt; readonly error: unknown }[] = []
    for (const attempt of left) {
      const error = await borne(connection, atomic, isTolerable, () => attempt.work(using))
      if (error !== undefined) refused.push({ attempt, error })
    }
    using = uncounted(load)
    const hasEnded = refused.length === left.length
    left = hasEnded ? [] : refused.map(({ attempt }) => attempt)
    if (!hasEnded) continue
    for (const { attempt, error } of refused) {
      if (attempt.lastResort === undefined) throw error
      await attempt.lastResort(using)
    }
  }
}

export interface InTransaction {
  readonly tolerance?: Tolerance | undefined
  /** Statements that put back what an emptying has set aside of extensions' tables. */
  readonly aside?: readonly string[] | undefined
}

/** All rows, inside the caller's transaction, in which the tables were created or truncated. */
export async function loadInTransaction(
  connection: Connection,
  plan: RestorePlan,
  load: LoadContext,
  { tolerance, aside }: InTransaction,
): Promise<void> {
  const { plain, looking } = await orderLoads(connection, plan)
  const configuration = { work: (using: LoadContext) => loadConfiguration(connection, plan, using, aside) }
  const refusal = await borne(connection, true, isTolerable, () => configuration.work(load))
  const inSavepoint = (table: TableLoad) => async (using: LoadContext) => {
    // Rows may be frozen where the table was made, or emptied, in the innermost transaction; and a refused attempt leaves rows.
    if (table.own) await connection.query(`TRUNCATE ONLY ${qualified(table.into)}`)
    await loadTable(connection, table, using, { freeze: table.own })
  }
  const tolerantly = (table: TableLoad, to: Tolerance, using: LoadContext) =>
    loadTolerantly(connection, table, using, { tolerance: to, atomic: true }, inSavepoint(table))
  for (const table of plain) {
    if (tolerance === undefined) await loadTable(connection, table, load, { freeze: table.own })
    else await tolerantly(table, tolerance, load)
  }
  await untilAllPass(
    connection,
    true,
    [
      ...(refusal === undefined ? [] : [configuration]),
      ...looking.map(table => ({
        work: inSavepoint(table),
        ...(tolerance === undefined ? {} : { lastResort: (using: LoadContext) => tolerantly(table, tolerance, using) }),
      })),
    ],
    load,
  )
}
