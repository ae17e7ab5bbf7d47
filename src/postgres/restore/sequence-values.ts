/** The statements that set sequences: `SELECT pg_catalog.setval('"public"."t_id_seq"', 7, true)`, as this program and pg_dump write them. */
import type { Relation } from '../detail.ts'
import { QUALIFIED_NAME, unquoted } from '../schema/sql-name.ts'

const SETVAL = /^SELECT pg_catalog\.setval\((E?)'((?:[^'\\]|''|\\.)*)', /s
const WHOLE_NAME = new RegExp(`^${QUALIFIED_NAME}$`, 's')
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' }

/** Undefined for any other statement. */
export function sequenceIn(statement: string): Relation | undefined {
  const [, escaped, literal] = SETVAL.exec(statement) ?? []
  if (literal === undefined) return undefined
  const plain = literal.replaceAll("''", "'")
  const text = escaped === 'E' ? plain.replace(/\\(.)/gs, (_, letter: string) => ESCAPES[letter] ?? letter) : plain
  const [, schema, name] = WHOLE_NAME.exec(text) ?? []
  return schema === undefined || name === undefined ? undefined : { schema: unquoted(schema), name: unquoted(name) }
}
