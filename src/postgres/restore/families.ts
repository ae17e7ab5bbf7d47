/** Which tables belong together by partitioning or inheritance: a statement on one of them may lock the others. */
import type { Connection } from '../connection/connection.ts'
import { tableKey } from './post-data.ts'

export interface Families {
  /** A name for the family of a table; its own, if it has none. */
  of(table: string): string
  /** Whether the table has partitions or children. */
  isParent(table: string): boolean
}

interface Link {
  readonly parentSchema: string
  readonly parent: string
  readonly childSchema: string
  readonly child: string
}

export async function readFamilies(connection: Connection): Promise<Families> {
  const links = await connection.query<Link>(`
    SELECT pn.nspname AS "parentSchema", p.relname AS parent, cn.nspname AS "childSchema", c.relname AS child
      FROM pg_catalog.pg_inherits i
      JOIN pg_catalog.pg_class p ON p.oid = i.inhparent JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
      JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid JOIN pg_catalog.pg_namespace cn ON cn.oid = c.relnamespace
     WHERE p.relkind IN ('r', 'p', 'f')`)
  const up = new Map<string, string>()
  const of = (table: string): string => {
    let top = table
    for (let next = up.get(top); next !== undefined; next = up.get(top)) top = next
    return top
  }
  const parents = new Set<string>()
  for (const link of links) {
    const parent = tableKey(link.parentSchema, link.parent)
    parents.add(parent)
    const [a, b] = [of(parent), of(tableKey(link.childSchema, link.child))]
    if (a !== b) up.set(b, a)
  }
  return { of, isParent: table => parents.has(table) }
}
