/**
 * Patterns of `--exclude-table-data`, as pg_dump reads them: `table`, `schema.table`, `*`, `?`, folded to lower case
 * unless quoted. Without a schema only tables on the role's search path match. Unlike pg_dump's, a pattern that names a
 * partitioned table stands for all of its partitions.
 */
import { ComebackError } from '../../errors.ts'
import type { Relation } from '../detail.ts'

export interface Exclusion {
  /** As it was given. */
  readonly pattern: string
  matches(table: Relation & { readonly visible: boolean }): boolean
}

/** Throws `usage` on a quote that is never closed or on more parts than schema and table. */
export function parseExclusion(pattern: string): Exclusion {
  const parts = ['']
  let isQuoted = false
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern.charAt(at)
    if (character === '"' && isQuoted && pattern[at + 1] === '"') {
      at++
      append(parts, '"')
    } else if (character === '"') isQuoted = !isQuoted
    else if (isQuoted) append(parts, literal(character))
    else if (character === '.') parts.push('')
    else if (character === '*') append(parts, '.*')
    else if (character === '?') append(parts, '.')
    else append(parts, literal(character.toLowerCase()))
  }
  if (isQuoted || parts.length > 2 || parts.includes('')) {
    throw new ComebackError('usage', `The pattern ${pattern} names no table.`, {
      hint: 'Write table or schema.table; * and ? stand for any characters, double quotes keep capitals and dots.',
    })
  }
  const [name, schema] = parts.toReversed().map(part => new RegExp(`^${part}$`, 's'))
  return {
    pattern,
    matches: table =>
      (schema === undefined ? table.visible : schema.test(table.schema)) && name !== undefined && name.test(table.name),
  }
}

/** Oids of the tables that match, and of all partitions below them. */
export function excludedOids(
  tables: readonly (Relation & {
    readonly oid: string
    readonly visible: boolean
    readonly ancestors: readonly string[]
  })[],
  exclusions: readonly Exclusion[],
): Set<string> {
  const matched = new Set(tables.filter(table => exclusions.some(one => one.matches(table))).map(table => table.oid))
  return new Set(
    tables.filter(table => [table.oid, ...table.ancestors].some(oid => matched.has(oid))).map(table => table.oid),
  )
}

function append(parts: string[], text: string): void {
  parts.push(`${parts.pop() ?? ''}${text}`)
}

function literal(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&')
}
