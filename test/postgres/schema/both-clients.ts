/** What the bundled pg_dump and another one say of one database, entry by entry, each as the backup would keep it. */
import { connect } from '../../../src/postgres/connection/connection.ts'
import { type Survey, surveyDatabase } from '../../../src/postgres/dump/survey.ts'
import type { Client } from '../../../src/postgres/schema/client.ts'
import { cutEntries, PREAMBLE, statementsOf } from '../../../src/postgres/schema/entries.ts'
import { dumpSchema } from '../../../src/postgres/schema/pg-dump.ts'
import { scriptFor } from '../../../src/postgres/schema/script-for.ts'

/** By an entry's type and name, what stands there, in pg_dump's order of entries. */
export interface Difference {
  readonly entry: string
  readonly bundled: readonly string[]
  readonly native: readonly string[]
}

/** Of both sections. Empty if it cannot be told who wrote the text. */
export async function differences(url: string, native: string): Promise<readonly Difference[]> {
  const sections = await Promise.all(
    (['pre-data', 'post-data'] as const).map(section => compared(url, native, section)),
  )
  return sections.flat()
}

async function compared(
  url: string,
  program: string,
  section: 'pre-data' | 'post-data',
): Promise<readonly Difference[]> {
  const options = { url, connectTimeout: 10_000, signal: new AbortController().signal }
  await using connection = await connect(options)
  const survey: Survey = await surveyDatabase(connection, [], { schemaOnly: true, exclusions: [] })
  const server = { serverVersion: connection.serverVersion, unloggedRoots: survey.unloggedRoots }
  const read = async (client: { readonly client?: Client }) => {
    const text = await dumpSchema({ connect: options, snapshot: undefined, section, args: [], ...client })
    return entriesOf(scriptFor(text, section, server))
  }
  const [bundled, native] = [
    await read({}),
    await read({ client: { kind: 'program', path: program, version: '', requested: true } }),
  ]
  return [...new Set([...bundled.keys(), ...native.keys()])].flatMap(entry => {
    const [ours, theirs] = [bundled.get(entry) ?? [], native.get(entry) ?? []]
    return JSON.stringify(ours) === JSON.stringify(theirs) ? [] : [{ entry, bundled: ours, native: theirs }]
  })
}

function entriesOf(text: Buffer): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  for (const entry of cutEntries(text).filter(({ type }) => type !== PREAMBLE)) {
    const title = [entry.type, entry.schema, entry.name].join(' ')
    const said = [`owner ${entry.owner} ${JSON.stringify(entry.settings)}`, ...statementsOf(text, entry)]
    found.set(title, [...(found.get(title) ?? []), ...said])
  }
  return found
}
