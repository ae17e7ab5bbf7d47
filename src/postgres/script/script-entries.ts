/** The schema of a script, its rows taken out: what comes before the rows, what after, and the values of sequences. */
import { ComebackError } from '../../errors.ts'
import type { SchemaEntry } from '../detail.ts'
import { cutEntries, PREAMBLE, statementsOf } from '../schema/entries.ts'
import { lineLiteral } from '../sql-text.ts'

export interface Section {
  readonly text: Buffer
  readonly entries: readonly SchemaEntry[]
}

export interface ScriptSchema {
  readonly preData: Section
  readonly postData: Section
  /** Statements, one a line. */
  readonly sequences: string
  /** What the schema was cut from, without the entries that held data. */
  readonly all: readonly PlannedEntry[]
}

export interface PlannedEntry {
  readonly entry: SchemaEntry
  readonly statements: readonly string[]
}

const SEQUENCE_SET = 'SEQUENCE SET'
const DATA: readonly string[] = ['TABLE DATA', 'BLOBS', SEQUENCE_SET]

/** Where a dump without data goes on to what pg_dump calls post-data. */
const POST_DATA: readonly string[] = [
  ...['INDEX', 'INDEX ATTACH', 'CONSTRAINT', 'CHECK CONSTRAINT', 'FK CONSTRAINT', 'STATISTICS', 'RULE', 'TRIGGER'],
  ...['POLICY', 'ROW SECURITY', 'PUBLICATION', 'PUBLICATION TABLE', 'SUBSCRIPTION', 'EVENT TRIGGER'],
  ...['MATERIALIZED VIEW DATA'],
]

const SETVAL = /^SELECT pg_catalog\.setval\('((?:[^']|'')*)', (-?\d+), (true|false)\)$/s

/** Throws `unsupported` for data in another form. */
export function sortSchema(text: Buffer): ScriptSchema {
  const all = cutEntries(text).map(entry => ({ entry, statements: statementsOf(text, entry) }))
  const firstData = all.findIndex(({ entry }) => DATA.includes(entry.type))
  const cut = firstData < 0 ? all.findIndex(({ entry }) => POST_DATA.includes(entry.type)) : firstData
  const split = cut < 0 ? all.length : cut
  const kept = all.filter(({ entry }) => !DATA.includes(entry.type))
  for (const { entry, statements } of all) {
    if (!DATA.includes(entry.type) || entry.type === SEQUENCE_SET || statements.length === 0) continue
    throw strange(entry, statements[0] ?? '')
  }
  return {
    preData: section(text, all.slice(0, split)),
    postData: section(text, all.slice(split)),
    sequences: all
      .filter(({ entry }) => entry.type === SEQUENCE_SET)
      .map(setval)
      .join(''),
    all: kept.filter(({ entry }) => entry.type !== PREAMBLE),
  }
}

/** The entries' own bytes, one after the other: those with data are gone. */
function section(text: Buffer, planned: readonly PlannedEntry[]): Section {
  const parts: Buffer[] = []
  let offset = 0
  const entries = planned
    .filter(({ entry }) => !DATA.includes(entry.type))
    .map(({ entry }) => {
      parts.push(text.subarray(entry.offset, entry.offset + entry.length))
      const moved = { ...entry, offset }
      offset += entry.length
      return moved
    })
  return { text: Buffer.concat(parts), entries }
}

/** A sequence's name may hold line breaks; a script has one statement a line. */
function setval({ entry, statements }: PlannedEntry): string {
  const [, name, value, called] = SETVAL.exec(statements[0] ?? '') ?? []
  if (name === undefined || statements.length !== 1) throw strange(entry, statements[0] ?? '')
  return `SELECT pg_catalog.setval(${lineLiteral(name.replaceAll("''", "'"))}, ${value}, ${called});\n`
}

function strange({ type, name }: SchemaEntry, statement: string): ComebackError {
  const quote = JSON.stringify(statement.slice(0, 80))
  return new ComebackError('unsupported', `The dump's ${type} ${name} holds a statement that is not known: ${quote}.`, {
    hint: 'Decrypt it with openssl and gunzip, and restore it with psql.',
  })
}
