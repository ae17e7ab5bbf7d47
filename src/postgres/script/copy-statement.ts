/** `COPY schema.table (a, "B") FROM stdin`, as pg_dump writes it, and as a segment of rows begins and ends. */
import pg from 'pg'
import type { Relation } from '../detail.ts'
import { NAME, QUALIFIED_NAME, unquoted } from '../schema/sql-name.ts'
import { qualified } from '../sql-text.ts'

const COPY = new RegExp(String.raw`^COPY ${QUALIFIED_NAME}\s+(?:\((${NAME}(?:, ${NAME})*)\) )?FROM stdin$`, 's')
const EACH_NAME = new RegExp(NAME, 'g')

export interface CopyStatement {
  readonly into: Relation
  /** None for a table without columns. */
  readonly columns: readonly string[]
}

/** Undefined for every other shape: from a file or a program, to anywhere, with options. */
export function parseCopy(sql: string): CopyStatement | undefined {
  const [, schema, name, list = ''] = COPY.exec(sql) ?? []
  if (schema === undefined || name === undefined) return undefined
  return {
    into: { schema: unquoted(schema), name: unquoted(name) },
    columns: (list.match(EACH_NAME) ?? []).map(unquoted),
  }
}

/** The line before the rows. */
export function copyLine({ into, columns }: CopyStatement): Buffer {
  const list = columns.length === 0 ? '' : ` (${columns.map(pg.escapeIdentifier).join(', ')})`
  return Buffer.from(`COPY ${qualified(into)}${list} FROM stdin;\n`)
}

/** What follows them. */
export const COPY_END = Buffer.from('\\.\n\n')
