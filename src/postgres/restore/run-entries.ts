/** Runs a backup's schema entries on one connection, and says which of them the server refused. */
import pg from 'pg'
import { ComebackError } from '../../errors.ts'
import { KiB } from '../../format/sizes.ts'
import type { Connection } from '../connection/connection.ts'
import { serverError } from '../connection/server-error.ts'
import type { SchemaEntry } from '../detail.ts'
import { runBatch } from './batch.ts'
import type { EntryFilter } from './entry-filter.ts'
import { attempt, isOptional } from './optional-entries.ts'
import { entryName, type PlannedEntry } from './restore-plan.ts'

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
}

interface Item {
  readonly sql: string
  readonly entry: SchemaEntry
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
    if (isOptional(one.entry)) {
      await runItems(connection, batch, context)
      batch = []
      length = 0
      await runOptional(connection, one, context)
      continue
    }
    const statements = context.filter.adapt(one)
    if (statements.length === 0) continue
    for (const sql of [...changedSettings(settings, one.entry, context), ...statements]) {
      batch.push({ sql, entry: one.entry })
      length += sql.length
    }
    if (batch.length < BATCH_STATEMENTS && length < BATCH_LENGTH) continue
    await runItems(connection, batch, context)
    batch = []
    length = 0
  }
  const last = planned.at(-1)
  if (last !== undefined) batch.push(...changedBack(settings).map(sql => ({ sql, entry: last.entry })))
  await runItems(connection, batch, context)
}

/** One entry, each statement by itself: it holds its locks no longer than it must. */
export async function runEntry(connection: Connection, planned: PlannedEntry, context: EntryContext): Promise<void> {
  const statements = context.filter.adapt(planned)
  if (statements.length === 0) return
  const settings = new Map<string, string>(Object.entries(ENTRY_SETTINGS))
  const changes = changedSettings(settings, planned.entry, context)
  for (const sql of [...changes, ...statements, ...changedBack(settings)]) {
    await runItems(connection, [{ sql, entry: planned.entry }], context)
  }
}

async function runOptional(connection: Connection, one: PlannedEntry, context: EntryContext): Promise<void> {
  const { entry } = one
  const items = context.filter.adapt(one).map(sql => ({ sql, entry }))
  if (items.length === 0) return
  const refused = await attempt(connection, entry, context.atomic, () => runItems(connection, items, context))
  if (refused !== undefined) context.filter.leaveOut(entry, refused)
}

async function runItems(
  connection: Connection,
  items: readonly Item[],
  context: EntryContext,
  attempt = 1,
): Promise<void> {
  context.signal.throwIfAborted()
  const failure = await runBatch(
    connection,
    items.map(item => item.sql),
  )
  if (failure === undefined) return
  context.signal.throwIfAborted()
  const { index, error } = failure
  if (hasState(error, CANNOT_RUN_IN_TRANSACTION) && !context.atomic && items.length > 1) {
    // The batch was rolled back as a whole. One by one, each statement is a transaction of its own.
    for (const item of items) await runItems(connection, [item], context)
    return
  }
  if (hasState(error, DEADLOCK) && !context.atomic && attempt < DEADLOCK_ATTEMPTS) {
    // Functions in an index may read tables that nobody can foresee. The victim was rolled back and simply tries again.
    return await runItems(connection, items, context, attempt + 1)
  }
  const item = items[index]
  throw item === undefined ? error : refusal(item, error)
}

function refusal({ sql, entry }: Item, error: Error): ComebackError {
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

function changedSettings(settings: Map<string, string>, entry: SchemaEntry, { filter }: EntryContext): string[] {
  const wanted = { ...ENTRY_SETTINGS, ...entry.settings }
  return Object.entries(wanted).flatMap(([name, value]) => {
    const setting = name === 'default_tablespace' ? filter.adaptTablespace(value) : value
    if (settings.get(name) === setting) return []
    settings.set(name, setting)
    return [set(name, setting)]
  })
}

function changedBack(settings: ReadonlyMap<string, string>): string[] {
  return Object.entries(ENTRY_SETTINGS).flatMap(([name, setting]) =>
    settings.get(name) === setting ? [] : [set(name, setting)],
  )
}

function set(name: string, setting: string): string {
  return `SET ${pg.escapeIdentifier(name)} = ${pg.escapeLiteral(setting)}`
}
