/**
 * Patterns of `--exclude-table-data`. Without a schema only tables on the role's search path match. Unlike pg_dump's, a pattern
 * that names a partitioned table stands for all of its partitions.
 */
import type { Relation } from '../detail.ts'
import { parseTablePattern } from '../schema/name-pattern.ts'

export interface Exclusion {
  /** As it was given. */
  readonly pattern: string
  matches(table: Relation & { readonly visible: boolean }): boolean
}

/** Throws `usage` on a quote that is never closed or on more parts than schema and table. */
export function parseExclusion(pattern: string): Exclusion {
  const { schema, name } = parseTablePattern(pattern)
  return {
    pattern,
    matches: table => (schema === undefined ? table.visible : schema.test(table.schema)) && name.test(table.name),
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
