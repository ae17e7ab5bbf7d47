/**
 * pg_dump's text as a script that psql can run on a server of the source's own version, and that leaves there what the source
 * has: in that server's dialect, with what its pg_dump would have said and a newer one has no word for.
 */
import type { Relation } from '../detail.ts'
import { inDialectOf } from './dialect.ts'
import { cutEntries, PREAMBLE, statementPlaces } from './entries.ts'
import { QUALIFIED_NAME, unquoted } from './sql-name.ts'

const TRANSACTION_TIMEOUT = { since: 170_000, statement: Buffer.from('\nSET transaction_timeout = 0;') }

/**
 * Since 15 nobody but its owner may create in schema `public`, and a pg_dump that new mentions only what differs from that. On an
 * older server the script must take the privilege away itself; where the source grants it, pg_dump says so further down.
 */
const CLOSED_PUBLIC = {
  since: 150_000,
  major: 15,
  statement: Buffer.from('\nREVOKE CREATE ON SCHEMA public FROM PUBLIC;'),
}

/** The last of the settings, with which every dump begins, and how far into the text it may lie. */
const LAST_SETTING = Buffer.from('\nSET row_security = off;')
const SETTINGS_LIMIT = 2_000

const VERSION = /^-- Dumped by pg_dump version (\d+)/m
const CREATES_ROOT = new RegExp(String.raw`^CREATE (TABLE ${QUALIFIED_NAME} \(.*\)\nPARTITION BY .*)$`, 's')
const BETWEEN = Buffer.from(';\n')

export interface ScriptFor {
  /** `server_version_num` */
  readonly serverVersion: number
  /** Partitioned tables that are unlogged, as they can be before 18: pg_dump 18 does not say so. */
  readonly unloggedRoots?: readonly Relation[]
}

/** `schema`: both sections in one text. */
export function scriptFor(text: Buffer, section: 'pre-data' | 'post-data' | 'schema', server: ScriptFor): Buffer {
  return withEntries(withPreamble(text, section, server), server)
}

function withPreamble(
  text: Buffer,
  section: 'pre-data' | 'post-data' | 'schema',
  { serverVersion }: ScriptFor,
): Buffer {
  let script = text
  if (serverVersion < TRANSACTION_TIMEOUT.since)
    script = replaceSetting(script, TRANSACTION_TIMEOUT.statement, Buffer.alloc(0))
  const major = Number(VERSION.exec(text.toString('latin1', 0, SETTINGS_LIMIT))?.[1] ?? 0)
  // Once: in the second script it would undo what pg_dump granted in the first.
  if (section !== 'post-data' && serverVersion < CLOSED_PUBLIC.since && major >= CLOSED_PUBLIC.major) {
    script = replaceSetting(script, LAST_SETTING, Buffer.concat([LAST_SETTING, CLOSED_PUBLIC.statement]))
  }
  return script
}

function withEntries(text: Buffer, { serverVersion, unloggedRoots = [] }: ScriptFor): Buffer {
  const unlogged = new Set(unloggedRoots.map(({ schema, name }) => JSON.stringify([schema, name])))
  const parts: Buffer[] = []
  let from = 0
  for (const entry of cutEntries(text)) {
    const places = entry.type === PREAMBLE ? [] : statementPlaces(text, entry)
    const [first, last] = [places[0], places.at(-1)]
    if (first === undefined || last === undefined) continue
    // Byte for character: an SQL_ASCII database's text is in no encoding, and no word that matters is outside of ASCII.
    const statements = places.map(({ start, end }) => text.toString('latin1', start, end))
    const said = inDialectOf(serverVersion, entry.type, statements).map(sql => asUnlogged(sql, entry.type, unlogged))
    if (said.length === statements.length && said.every((sql, index) => sql === statements[index])) continue
    parts.push(text.subarray(from, first.start))
    for (const [index, sql] of said.entries()) {
      if (index > 0) parts.push(BETWEEN)
      parts.push(Buffer.from(sql, 'latin1'))
    }
    from = said.length === 0 ? (last.next ?? last.end) : last.end
  }
  return parts.length === 0 ? text : Buffer.concat([...parts, text.subarray(from)])
}

function asUnlogged(sql: string, type: string, unlogged: ReadonlySet<string>): string {
  if (type !== 'TABLE' || unlogged.size === 0) return sql
  const [, rest, schema = '', name = ''] = CREATES_ROOT.exec(sql) ?? []
  if (rest === undefined || !unlogged.has(JSON.stringify([nameOf(schema), nameOf(name)]))) return sql
  return `CREATE UNLOGGED ${rest}`
}

function nameOf(bytes: string): string {
  return unquoted(Buffer.from(bytes, 'latin1').toString('utf8'))
}

function replaceSetting(text: Buffer, setting: Buffer, by: Buffer): Buffer {
  const at = text.indexOf(setting)
  if (at < 0 || at > SETTINGS_LIMIT) return text
  return Buffer.concat([text.subarray(0, at), by, text.subarray(at + setting.length)])
}
