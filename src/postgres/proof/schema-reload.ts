/**
 * What the server itself makes of a backup's schema: its statements, as they were written, are run in a database of their own, by
 * nothing that the restore has a part in, and dumped. A server prints an expression otherwise once it has read its own printing,
 * so this, and not the backup's text, is what a right restore is to come to.
 */
import { connect } from '../connection/connection.ts'
import { databaseErrorIn, safeMessage } from '../connection/safe-message.ts'
import { MEANING, makeSettings, readUnder, WRITING } from '../connection/session-settings.ts'
import { type SchemaDetail, type SchemaEntry, writtenUnder } from '../detail.ts'
import { createDatabaseSource } from '../dump.ts'
import { runBatch } from '../restore/batch.ts'
import { entryName } from '../restore/restore-plan.ts'
import { inDialectOf } from '../schema/dialect.ts'
import { PREAMBLE, statementsOf } from '../schema/entries.ts'
import { createProofDatabase, dropProofDatabase, type ProofDatabase } from './disposable.ts'
import type { ComparisonRequest } from './looking.ts'
import type { DiagnosedServer, SchemaText } from './schema-diagnosis.ts'
import { createComparison } from './segment-comparison.ts'

/** Statements that are sent at once. */
const BATCH = 64
/** The server's own, which every new database has; old dumps create it all the same. */
const PUBLIC = 'SCHEMA public'

export interface ReloadedSchema {
  readonly sections: ReadonlyMap<SchemaDetail['section'], SchemaText>
  /** Entries that came to nothing there, or to a part: by their names, why. */
  readonly unmade: ReadonlyMap<string, string>
}

/** Throws what keeps the database from being made, read, or dropped again. */
export async function reloadSchema(request: ComparisonRequest, texts: readonly SchemaText[]): Promise<ReloadedSchema> {
  const { connect: target, detail, progress } = request
  progress.phase("Loading the backup's schema once more, to see what the server makes of it")
  await using connection = await connect(target)
  await makeSettings(connection, WRITING)
  const scratch = await createProofDatabase(connection, target.url, detail)
  try {
    const unmade = await load(request, scratch, texts)
    return { unmade, sections: await dumped(request, scratch) }
  } finally {
    await dropProofDatabase(target, scratch, [])
  }
}

interface Statement {
  readonly title: string
  readonly sql: string
}

async function load(
  { connect: target, backup }: ComparisonRequest,
  { url }: ProofDatabase,
  texts: readonly SchemaText[],
): Promise<ReadonlyMap<string, string>> {
  await using connection = await connect({ ...target, url })
  await makeSettings(connection, {
    ...MEANING,
    ...WRITING,
    ...readUnder(writtenUnder(backup.detail)),
    synchronous_commit: 'off',
  })
  const named = await connection.query<{ name: string }>('SELECT spcname::text AS name FROM pg_catalog.pg_tablespace')
  const tablespaces = new Set(named.map(({ name }) => name))
  const unmade = new Map<string, string>()
  const all = statementsIn(texts, { tablespaces, version: connection.serverVersion })
  while (all.length > 0) {
    const batch = all.splice(0, BATCH)
    const run = (some: readonly Statement[]) =>
      runBatch(
        connection,
        some.map(({ sql }) => sql),
      )
    if ((await run(batch)) === undefined) continue
    // It was rolled back as a whole.
    for (const one of batch) {
      target.signal.throwIfAborted()
      const failure = await run([one])
      if (failure === undefined) continue
      const said = databaseErrorIn(failure.error)
      if (said === undefined) throw failure.error
      if (one.title !== PUBLIC) unmade.set(one.title, safeMessage(said))
    }
  }
  // Without rows there is nothing to fill them with.
  for (const { entry } of entriesIn(texts)) {
    if (isFilling(entry)) unmade.set(entryName(entry), 'without rows it is not filled')
  }
  return unmade
}

/** Event triggers come last: they would fire on what follows. */
function statementsIn(texts: readonly SchemaText[], { tablespaces, version }: DiagnosedServer): Statement[] {
  const isLast = ({ type, name }: SchemaEntry) => type === 'EVENT TRIGGER' || name.startsWith('EVENT TRIGGER ')
  const all = entriesIn(texts).filter(({ entry }) => !isFilling(entry))
  const ordered = [...all.filter(({ entry }) => !isLast(entry)), ...all.filter(({ entry }) => isLast(entry))]
  return ordered.flatMap(({ entry, text }) => {
    const title = entry.type === PREAMBLE ? '' : entryName(entry)
    const { default_tablespace: space = '', default_table_access_method: method = 'heap' } = entry.settings
    const settings = [
      `SET default_tablespace = '${tablespaces.has(space) ? space.replaceAll("'", "''") : ''}'`,
      `SET default_table_access_method = '${method.replaceAll("'", "''")}'`,
    ]
    return [...settings, ...inDialectOf(version, entry.type, statementsOf(text, entry))].map(sql => ({ title, sql }))
  })
}

function entriesIn(texts: readonly SchemaText[]) {
  return texts.flatMap(({ text, entries }) => entries.map(entry => ({ text, entry })))
}

function isFilling({ type }: SchemaEntry): boolean {
  return type === 'MATERIALIZED VIEW DATA'
}

async function dumped(
  { connect: target, detail, lanes, pgDump, backup, progress }: ComparisonRequest,
  { url }: ProofDatabase,
): Promise<ReloadedSchema['sections']> {
  const { connectTimeout, signal } = target
  const source = createDatabaseSource({
    url,
    connectTimeout,
    lanes,
    schemaOnly: detail.schemaOnly,
    excludeTableData: [],
    ...(pgDump === undefined ? {} : { pgDump }),
  })
  const reading = createComparison({ ...backup, segments: [] }, { phase: () => undefined, advance: () => undefined })
  progress.phase('Reading what the server made of it')
  await source.read(reading, signal)
  return new Map(
    [...reading.different.values()].flatMap(({ detail, text = Buffer.alloc(0) }) =>
      detail.kind === 'schema' ? [[detail.section, { text, entries: detail.entries }] as const] : [],
    ),
  )
}
