/**
 * What a server said, with whatever may come from the data taken out: reports are read by many. Detail, hint and context quote
 * rows and are dropped. In the message itself a quoted word stays only if it is a name that the error's own fields, or the
 * statement, know as one; so does no text behind a colon, where servers quote what they could not read.
 */
import pg from 'pg'

/** Raised by people's own functions: such a message may hold anything. */
const RAISED: readonly string[] = ['P0001', 'P0002', 'P0003', 'P0004']
/** Classes of PostgreSQL's own errors; any other is somebody's invention. */
const KNOWN_CLASS = /^(0[0-9A-Z]|2[0-9A-Z]|3[0-9A-Z]|4[024]|5[3-8]|72|F0|HV|XX)/
const QUOTED = /"((?:[^"]|"")*)"/g
const WITHHELD = 'a message of the database’s own making, withheld'

export interface SafeFields {
  readonly code?: string | undefined
  readonly message: string
  readonly schema?: string | undefined
  readonly table?: string | undefined
  readonly column?: string | undefined
  readonly dataType?: string | undefined
  readonly constraint?: string | undefined
}

/** `names`: words that the statement uses as identifiers. */
export function safeMessage(fields: SafeFields, names: ReadonlySet<string> = new Set()): string {
  const { code = '', message, schema, table, column, dataType, constraint } = fields
  if (RAISED.includes(code) || !KNOWN_CLASS.test(code)) return WITHHELD
  const known = new Set([...names, ...[schema, table, column, dataType, constraint].filter(name => name !== undefined)])
  const keeps = (word: string) =>
    known.has(word) || word.split('.').every(part => known.has(part.replace(/^"|"$/g, '')))
  return message
    .replace(QUOTED, (whole, word: string) => (keeps(word.replaceAll('""', '"')) ? whole : '"…"'))
    .replace(/:(?!:)\s.*$/s, rest => (/^: ("…"|"(?:[^"]|"")*")$/.test(rest) ? rest : ': …'))
    .replace(/\b\d[\d.,:-]*\b/g, '…')
}

/** The error of the server somewhere in the causes of another one. */
export function databaseErrorIn(error: unknown): pg.DatabaseError | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof pg.DatabaseError) return cause
  return undefined
}
