/** Runs a backup's schema entries on one connection, and says which of them the server refused. */
import pg from 'pg'
import { ComebackError } from '../../errors.ts'
import { KiB } from '../../format/sizes.ts'
import type { Connection } from '../connection/connection.ts'
import { serverError } from '../connection/server-error.ts'
import { sqlStateOf } from '../connection/sql-state.ts'
import { runBatch } from './batch.ts'
import { borne } from './borne.ts'
import type { EntryFilter } from './entry-filter.ts'
import { isOptional, refusalReason } from './optional-entries.ts'
import { entryName, type PlannedEntry } from './restore-plan.ts'
import { isTolerable, withWayOut } from './tolerable.ts'
import { isNeeded, isTableWithoutType, type Tolerance } from './tolerance.ts'
import { tolerate } from './tolerant-entries.ts'

/** A batch is sent when it has this many statements or characters. */
const BATCH_STATEMENTS = 64
const BATCH_LENGTH = 128 * KiB
/** Characters of a refused statement that the message repeats. */
const QUOTED_LENGTH = 200

const CANNOT_RUN_IN_TRANSACTION = '25001'
const DEADLOCK = '40P01'
const DEADLOCK_ATTEMPTS = 5

/** The settings that an entry may ask for, with what holds where it doesn't. */
const ENTRY_SETTINGS = { default_tablespace: '', default_table_access_method: 'heap' } as const

export interface EntryContext {
  readonly filter: EntryFilter
  readonly signal: AbortSignal
  /** True inside a transaction of the caller's. */
  readonly atomic: boolean
  /** Absent where everything must be made. */
  readonly tolerance?: Tolerance | undefined
}

interface Item {
  readonly sql: string
  readonly planned: PlannedEntry
  /** It sets what the entry's own statements, and those after it, rely on. */
  readonly isSetting?: boolean
}

/** In order, in batches; outside of a transaction each batch is one. Errors name the entry. */
export async function runEntries(
  connection: Connection,
  planned: readonly PlannedEntry[],
  context: EntryContext,
): Promise<void> {
  let batch: Item[] = []
  let length = 0
  const settings = new Map<string, string>(Object.entries(ENTRY_SETTINGS))
  for (const one of planned) {
    if (isOptional(one)) {
      await runItems(connection, batch, context)
      batch = []
      length = 0
      await runOptional(connection, one, context)
      continue
    }
    const statements = adapted(one, context)
    if (statements.length === 0) continue
    for (const item of [...changedSettings(settings, one, context), ...itemsOf(one, statements)]) {
      batch.push(item)
      length += item.sql.length
    }
    if (batch.length < BATCH_STATEMENTS && length < BATCH_LENGTH) continue
    await runItems(connection, batch, context)
    batch = []
    length = 0
  }
  const last = planned.at(-1)
  if (last !== undefined) batch.push(...changedBack(settings, last))
  await runItems(connection, batch, context)
}

/** One entry, each statement by itself: it holds its locks no longer than it must. */
export async function runEntry(connection: Connection, planned: PlannedEntry, context: EntryContext): Promise<void> {
  const statements = adapted(planned, context)
  if (statements.length === 0) return
  const settings = new Map<string, string>(Object.entries(ENTRY_SETTINGS))
  const changes = changedSettings(settings, planned, context)
  for (const item of [...changes, ...itemsOf(planned, statements), ...changedBack(settings, planned)]) {
    await runItems(connection, [item], context)
  }
}

/** None for what is about something that was left out. */
function adapted(planned: PlannedEntry, { filter, tolerance }: EntryContext): readonly string[] {
  const statements = filter.adapt(planned)
  return statements.length === 0 || tolerance?.follows(planned, statements) ? [] : statements
}

function itemsOf(planned: PlannedEntry, statements: readonly string[]): Item[] {
  return statements.map(sql => ({ sql, planned }))
}

async function runOptional(connection: Connection, planned: PlannedEntry, context: EntryContext): Promise<void> {
  const { filter, tolerance, atomic } = context
  const statements = adapted(planned, context)
  if (statements.length === 0) return
  const reasonFor = (error: unknown) => refusalReason(planned.entry, error)
  const bears = (error: unknown) => reasonFor(error) !== undefined || (tolerance !== undefined && isTolerable(error))
  const refused = await borne(connection, atomic, bears, async () => {
    const failure = await send(connection, itemsOf(planned, statements), context)
    if (failure !== undefined) throw refusal(planned, statements[failure.index] ?? '', failure.error)
  })
  if (refused === undefined) return
  const reason = reasonFor(refused)
  // What an extension brings others need, and that it is not there is more than that the role may not make it.
  const isAbsent =
    planned.entry.type === 'EXTENSION' && sqlStateOf(refused) !== '42501' && sqlStateOf(refused) !== '42710'
  if (reason === undefined || (tolerance !== undefined && isAbsent)) tolerance?.leaveOut(planned, statements, refused)
  else filter.leaveOut(planned, reason)
}

async function runItems(connection: Connection, items: readonly Item[], context: EntryContext): Promise<void> {
  if (items.length === 0) return
  const { atomic, tolerance } = context
  const isNested = atomic && tolerance !== undefined
  if (isNested) await connection.query('SAVEPOINT batch')
  const failure = await send(connection, items, context)
  if (failure === undefined) {
    if (isNested) await connection.query('RELEASE SAVEPOINT batch')
    return
  }
  const item = items[failure.index]
  if (item === undefined) throw failure.error
  const { planned } = item
  const refused = refusal(planned, item.sql, failure.error)
  if (tolerance === undefined) {
    const canDoWithout = atomic && (!isNeeded(planned) || isTableWithoutType(planned, refused))
    throw canDoWithout ? withWayOut(refused) : refused
  }
  if (!isTolerable(refused)) throw refused
  if (isNested) await connection.query('ROLLBACK TO SAVEPOINT batch; RELEASE SAVEPOINT batch')
  // All that is left is run again: what came before the entry, the entry alone, and what comes after it.
  const left = items.slice(failure.done)
  const first = left.findIndex(one => one.planned === planned)
  const after = left.findIndex((one, index) => index > first && one.planned !== planned)
  const own = left.slice(first, after < 0 ? left.length : after)
  await runItems(connection, left.slice(0, first), context)
  await runItems(
    connection,
    own.filter(one => one.isSetting),
    { ...context, tolerance: undefined },
  )
  const statements = own.filter(one => !one.isSetting).map(one => one.sql)
  if (item.isSetting || statements.length === 0) throw refused
  await tolerate(connection, planned, statements, refused, {
    atomic,
    tolerance,
    run: async sql => {
      const again = await send(connection, itemsOf(planned, sql), context)
      if (again !== undefined) throw refusal(planned, sql[again.index] ?? '', again.error)
    },
  })
  await runItems(connection, after < 0 ? [] : left.slice(after), context)
}

interface Failure {
  readonly index: number
  readonly error: Error
  /** How many statements are carried out, and stay so. */
  readonly done: number
}

/** As one batch, or one by one where the server demands it. */
async function send(
  connection: Connection,
  items: readonly Item[],
  context: EntryContext,
  attempt = 1,
): Promise<Failure | undefined> {
  context.signal.throwIfAborted()
  const failure = await runBatch(
    connection,
    items.map(item => item.sql),
  )
  if (failure === undefined) return undefined
  context.signal.throwIfAborted()
  const { error } = failure
  if (hasState(error, CANNOT_RUN_IN_TRANSACTION) && !context.atomic && items.length > 1) {
    // The batch was rolled back as a whole. One by one, each statement is a transaction of its own.
    for (const [index, item] of items.entries()) {
      const one = await send(connection, [item], context)
      if (one !== undefined) return { error: one.error, index, done: index }
    }
    return undefined
  }
  if (hasState(error, DEADLOCK) && !context.atomic && attempt < DEADLOCK_ATTEMPTS) {
    // Functions in an index may read tables that nobody can foresee. The victim was rolled back and simply tries again.
    return await send(connection, items, context, attempt + 1)
  }
  return { ...failure, done: 0 }
}

function refusal({ entry }: PlannedEntry, sql: string, error: Error): ComebackError {
  const told = serverError(error, `Restoring ${entryName(entry)}`, sql)
  const quote = sql.length <= QUOTED_LENGTH ? sql : `${sql.slice(0, QUOTED_LENGTH)}…`
  return new ComebackError(told.code, `${told.message} The statement: ${quote}`, {
    hint: told.hint,
    cause: error,
  })
}

function hasState(error: Error, state: string): boolean {
  return error instanceof pg.DatabaseError && error.code === state
}

function changedSettings(settings: Map<string, string>, planned: PlannedEntry, { filter }: EntryContext): Item[] {
  const wanted = { ...ENTRY_SETTINGS, ...planned.entry.settings }
  return Object.entries(wanted).flatMap(([name, value]) => {
    const setting = name === 'default_tablespace' ? filter.adaptTablespace(value) : value
    if (settings.get(name) === setting) return []
    settings.set(name, setting)
    return [set(name, setting, planned)]
  })
}

function changedBack(settings: ReadonlyMap<string, string>, planned: PlannedEntry): Item[] {
  return Object.entries(ENTRY_SETTINGS).flatMap(([name, setting]) =>
    settings.get(name) === setting ? [] : [set(name, setting, planned)],
  )
}

function set(name: string, setting: string, planned: PlannedEntry): Item {
  return { sql: `SET ${pg.escapeIdentifier(name)} = ${pg.escapeLiteral(setting)}`, planned, isSetting: true }
}
