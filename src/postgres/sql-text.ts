/** Names and strings inside SQL and inside sentences. */
import pg from 'pg'
import type { Relation } from './detail.ts'

/** For SQL. Always quoted: what is a keyword differs between the server read and the one restored to. */
export function qualified({ schema, name }: Relation): string {
  return `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`
}

/** `public.users` for people, on one line and never the same for two relations. */
export function displayName({ schema, name }: Relation): string {
  return `${displayPart(schema)}.${displayPart(name)}`
}

/** One name for people, on one line: a column's, say. */
export function displayPart(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? name : JSON.stringify(name)
}

/** A string literal without line breaks, for scripts that hold one statement a line. */
export function lineLiteral(text: string): string {
  const quoted = text.replaceAll("'", "''")
  if (!/[\\\n\r]/.test(quoted)) return `'${quoted}'`
  return `E'${quoted.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}'`
}
