/** Names and strings inside SQL and inside sentences. */
import pg from 'pg'
import type { Relation } from './detail.ts'

/** For SQL. Always quoted: what is a keyword differs between the server read and the one restored to. */
export function qualified({ schema, name }: Relation): string {
  return `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`
}

/** `public.users` for people, on one line and never the same for two relations. */
export function displayName({ schema, name }: Relation): string {
  const part = (text: string) => (/^[a-z_][a-z0-9_$]*$/.test(text) ? text : JSON.stringify(text))
  return `${part(schema)}.${part(name)}`
}

/** A string literal without line breaks, for scripts that hold one statement a line. */
export function lineLiteral(text: string): string {
  const quoted = text.replaceAll("'", "''")
  if (!/[\\\n\r]/.test(quoted)) return `'${quoted}'`
  return `E'${quoted.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}'`
}
