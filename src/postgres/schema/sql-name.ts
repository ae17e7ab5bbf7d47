/** Names inside pg_dump's statements, for patterns that recognise their shapes. */

/** The source of a pattern that captures one name, quoted or not. */
export const NAME = String.raw`("(?:[^"]|"")*"|[^\s"(),;.]+)`
/** Captures a schema, if there is one, and a name. */
export const QUALIFIED_NAME = String.raw`(?:${NAME}\.)?${NAME}`

export function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name
}
