/** What a script tells of the database that it came from. */
import type { DatabaseDetail, Relation } from '../detail.ts'
import { NAME, QUALIFIED_NAME, unquoted } from '../schema/sql-name.ts'
import type { PlannedEntry } from './script-entries.ts'

const CREATE_SCHEMA = new RegExp(`^CREATE SCHEMA ${NAME}`)
const CREATE_EXTENSION = new RegExp(`^CREATE EXTENSION IF NOT EXISTS ${NAME} WITH SCHEMA ${NAME}$`)
const CREATE_TABLE = new RegExp(`^CREATE (?:UNLOGGED )?TABLE ${QUALIFIED_NAME} `)
/** The rows of such a table lie in its partitions. */
const PARTITIONED = /\)\nPARTITION BY [^\n]+$/

export interface ScriptFacts {
  readonly serverVersion: number
  readonly encoding: string
  readonly pgDump: string
  readonly rows: Readonly<Record<string, number>>
  /** Keys of the tables whose rows it holds. */
  readonly loaded: ReadonlySet<string>
  /** Whether it holds values of sequences or large objects. */
  readonly otherData: boolean
}

export function describeScript(all: readonly PlannedEntry[], facts: ScriptFacts): DatabaseDetail {
  const { loaded, otherData, serverVersion, encoding, pgDump, rows } = facts
  const tables = all.flatMap(({ statements: [first = ''] }) =>
    PARTITIONED.test(first) ? [] : (tableCreated(first) ?? []),
  )
  const schemaOnly = tables.length > 0 && loaded.size === 0 && !otherData
  return {
    kind: 'database',
    serverVersion,
    database: '',
    encoding,
    collate: '',
    ctype: '',
    schemaOnly,
    excludedData: schemaOnly ? [] : tables.filter(table => !loaded.has(keyOf(table))),
    extensions: all.flatMap(({ entry, statements }) => {
      const [, name, schema] = (entry.type === 'EXTENSION' && CREATE_EXTENSION.exec(statements[0] ?? '')) || []
      return name === undefined || schema === undefined
        ? []
        : [{ name: unquoted(name), version: '', schema: unquoted(schema) }]
    }),
    schemas: schemasOf(all),
    rows,
    pgDump,
  }
}

/** The table that a statement creates, if it does that. */
export function tableCreated(sql: string): Relation | undefined {
  const [, schema, name] = CREATE_TABLE.exec(sql) ?? []
  return schema === undefined || name === undefined ? undefined : { schema: unquoted(schema), name: unquoted(name) }
}

/** The same for a name and for what pg_dump's comments make of it, where line breaks are spaces. */
export function keyOf({ schema, name }: Relation): string {
  return JSON.stringify([schema, name]).replaceAll(/\\[nr]/g, ' ')
}

/** Those that the dump creates by their real names, and those in which it has something. */
function schemasOf(all: readonly PlannedEntry[]): string[] {
  const created = all.flatMap(({ entry, statements }) => {
    const name = entry.type === 'SCHEMA' ? CREATE_SCHEMA.exec(statements[0] ?? '')?.[1] : undefined
    return name === undefined ? [] : [unquoted(name)]
  })
  const known = new Set(created.map(name => name.replaceAll(/[\n\r]/g, ' ')))
  const others = all.flatMap(({ entry: { schema, name } }) =>
    // A name with all that in it may have been taken apart in the wrong place.
    schema === null || known.has(schema) || name.includes('; Type: ') ? [] : [schema],
  )
  // What it says of the server's own schemas, privileges say, is no reason to empty them.
  return [...new Set([...created, ...others])].filter(name => !/^pg_|^information_schema$/.test(name)).sort()
}
