/**
 * What changed in the schema, as a unified diff of pg_dump's text. Entry by entry, so that each hunk says of what it is part and a
 * large schema costs no more than its changes.
 */
import { structuredPatch } from 'diff'
import type { ConnectOptions } from '../connection/connection.ts'
import type { SchemaEntry } from '../detail.ts'
import { chooseClient, type PgDumpRequest, type ReadServer } from '../schema/client.ts'
import { cutEntries, PREAMBLE, statementsOf } from '../schema/entries.ts'
import { dumpSections } from '../schema/pg-dump.ts'
import { scriptFor } from '../schema/script-for.ts'

/** Lines of a diff that are shown. */
const SHOWN = 400
/** Characters of a line. */
const LINE_LIMIT = 500
/** Milliseconds; two texts that have little in common are shown one after the other. */
const SEARCH_LIMIT = 2_000
const CONTEXT = 3
/** Subscriptions and foreign servers hold passwords in clear. */
const SECRETS = /\b(password|CONNECTION) (E?'(?:[^']|'')*')/gi

/** By what an entry is, the text of each such entry: functions of one name may be several. */
export type SchemaText = ReadonlyMap<string, readonly string[]>

export interface SchemaDiff {
  readonly text: string
  /** Lines that are left out at its end. */
  readonly cut: number
}

export async function readSchemaText(
  target: ConnectOptions,
  pgDump: PgDumpRequest,
  { serverVersion, description }: ReadServer,
): Promise<SchemaText> {
  const entries = new Map<string, string[]>()
  const request = { connect: target, snapshot: undefined, args: [] } as const
  const server = { serverVersion, description }
  const client = await chooseClient(pgDump, server, { signal: target.signal, phase: () => undefined })
  const { texts } = await dumpSections({ ...request, client }, ['schema'], server)
  const text = scriptFor(Buffer.concat(texts), 'schema', server)
  for (const entry of cutEntries(text)) {
    if (entry.type === PREAMBLE) continue
    const title = titleOf(entry)
    entries.set(title, [...(entries.get(title) ?? []), textOf(text, entry)])
  }
  return entries
}

export function diffSchemas(before: SchemaText, after: SchemaText): SchemaDiff {
  const lines: string[] = []
  for (const [title, old] of before) lines.push(...diffEntries(title, old, after.get(title) ?? []))
  for (const [title, now] of after) if (!before.has(title)) lines.push(...diffEntries(title, [], now))
  const cut = Math.max(0, lines.length - SHOWN)
  const shown = lines.slice(0, SHOWN).map(line => (line.length > LINE_LIMIT ? `${line.slice(0, LINE_LIMIT)}…` : line))
  return { text: shown.map(line => `${line}\n`).join(''), cut }
}

function diffEntries(title: string, before: readonly string[], after: readonly string[]): readonly string[] {
  const lost = before.filter(text => !after.includes(text))
  const found = after.filter(text => !before.includes(text))
  return Array.from({ length: Math.max(lost.length, found.length) }, (_, place) =>
    hunks(title, lost[place] ?? '', found[place] ?? ''),
  ).flat()
}

function hunks(title: string, before: string, after: string): readonly string[] {
  const patch = structuredPatch('', '', before, after, '', '', { context: CONTEXT, timeout: SEARCH_LIMIT })
  const found = patch?.hunks ?? [whole(before, after)]
  return found.flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => [
    `@@ -${oldLines === 0 ? 0 : oldStart},${oldLines} +${newLines === 0 ? 0 : newStart},${newLines} @@ ${title}`,
    ...lines.filter(line => !line.startsWith('\\')),
  ])
}

function whole(before: string, after: string) {
  const [old, now] = [linesOf(before), linesOf(after)]
  const lines = [...old.map(line => `-${line}`), ...now.map(line => `+${line}`)]
  return { oldStart: 1, oldLines: old.length, newStart: 1, newLines: now.length, lines }
}

function linesOf(text: string): readonly string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n')
}

function textOf(text: Buffer, entry: SchemaEntry): string {
  const settings = Object.entries(entry.settings).map(([name, value]) => `SET ${name} = ${value};\n`)
  const statements = statementsOf(text, entry).map(statement => `${statement};\n`)
  return [...settings, ...statements].join('').replace(SECRETS, "$1 '…'")
}

function titleOf({ type, schema, name }: SchemaEntry): string {
  return `${type} ${schema === null ? name : `${schema}.${name}`}`
}
