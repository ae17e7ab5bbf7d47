/** Both sections of the schema out of one snapshot: dumped, put into the server's own words, read by the server, and stored. */
import type { Problem, SegmentWriter } from '../../engine/ports.ts'
import type { ConnectOptions } from '../connection/connection.ts'
import { isFull } from '../connection/sql-state.ts'
import type { SchemaDetail, SchemaEntry } from '../detail.ts'
import { type Client, describeClient } from '../schema/client.ts'
import { cutEntries } from '../schema/entries.ts'
import { checkParses } from '../schema/parse-check.ts'
import { dumpSections } from '../schema/pg-dump.ts'
import { asPsqlReads } from '../schema/psql-text.ts'
import { scriptFor } from '../schema/script-for.ts'
import { withTextSettings } from '../schema/script-head.ts'
import type { Snapshot } from './snapshot.ts'
import type { Survey } from './survey.ts'

export interface SchemaReading {
  readonly out: SegmentWriter
  readonly snapshot: Snapshot<Survey>
  /** For connections that end when the leader does. */
  readonly connect: ConnectOptions
  readonly client: Client
  readonly schemaOnly: boolean
  /** Milliseconds that pg_dump may wait for a table's lock. */
  readonly lockTimeout: number
}

export interface ReadSchema {
  /** Of both sections. */
  readonly entries: readonly SchemaEntry[]
  /** Which pg_dump wrote them: `pg_dump 18.3 (bundled)`. */
  readonly writer: string
  readonly problems: readonly Problem[]
}

/** Throws `unsupported` for a text that the server itself does not understand, `unsafe-archive` for one in which psql would find commands, and what `dumpSchema` does. `rows` takes connections. */
export async function readSchema(reading: SchemaReading, rows: Promise<unknown>): Promise<ReadSchema> {
  const { out, snapshot, connect } = reading
  const { serverVersion, survey, encoding } = snapshot
  // One right after the other, for pg_dump locks the tables anew: the sooner it has, the less may come in between. Not side by
  // side, since each takes tens of megabytes.
  const sections = ['pre-data', 'post-data'] as const
  const { texts, client, problems } = await whenThereIsRoom(rows, () =>
    dumpSections(requestOf(reading), sections, snapshot),
  )
  const server = { serverVersion, unloggedRoots: survey.unloggedRoots }
  const [preData = Buffer.alloc(0), postData = Buffer.alloc(0)] = texts.map((text, index) =>
    asPsqlReads(withTextSettings(scriptFor(text, sections[index] ?? 'pre-data', server))),
  )
  const writer = describeClient(client)
  await whenThereIsRoom(rows, () => checkParses({ connect, encoding, texts: [preData, postData], writer }))
  const before = await writeSection(out, 'pre-data', preData)
  if (survey.sequences !== '') {
    const detail = { kind: 'script', content: 'sequences' } as const
    const text = asPsqlReads(Buffer.from(survey.sequences))
    await out.segment({ name: 'sequence values', group: '99-schema', detail }, once(text))
  }
  const after = await writeSection(out, 'post-data', postData)
  return { entries: [...before, ...after], writer, problems }
}

function requestOf({ connect, snapshot, client, schemaOnly, lockTimeout }: SchemaReading) {
  return {
    connect,
    snapshot: snapshot.id,
    settings: snapshot.written,
    client,
    args: [
      `--lock-wait-timeout=${lockTimeout}`,
      // Only then: it leaves out that materialized views are filled.
      ...(schemaOnly ? ['--schema-only'] : []),
    ],
  }
}

/** Perhaps the lanes have taken all connections that there are. They will be back. */
async function whenThereIsRoom<T>(rows: Promise<unknown>, work: () => Promise<T>): Promise<T> {
  return await work().catch(async error => {
    if (!isFull(error)) throw error
    await Promise.allSettled([rows])
    return await work()
  })
}

async function writeSection(
  out: SegmentWriter,
  section: SchemaDetail['section'],
  text: Buffer,
): Promise<readonly SchemaEntry[]> {
  const entries = cutEntries(text)
  const group = section === 'pre-data' ? '00-schema' : '99-schema'
  await out.segment({ name: `schema, ${section}`, group, detail: { kind: 'schema', section, entries } }, once(text))
  return entries
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes
}
