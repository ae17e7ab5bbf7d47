/** Objects outside of schemas, and how to drop the one that an entry will create. */
import pg from 'pg'
import type { SchemaEntry } from '../detail.ts'

export interface DatabaseObject {
  /** As `DROP` wants it: `TABLE`, `FUNCTION`. */
  readonly type: string
  /** Quoted, with argument types where it has them. */
  readonly identity: string
  readonly schema: string
  readonly name: string
}

/** Types that are dropped by their name alone. Subscriptions are not here: dropping one drops a slot on another server. */
const BY_NAME: Readonly<Record<string, string>> = {
  'EVENT TRIGGER': 'EVENT TRIGGER',
  PUBLICATION: 'PUBLICATION',
  'FOREIGN DATA WRAPPER': 'FOREIGN DATA WRAPPER',
  SERVER: 'SERVER',
  'PROCEDURAL LANGUAGE': 'LANGUAGE',
  'ACCESS METHOD': 'ACCESS METHOD',
}

/** Undefined for what lives in a schema. */
export function dropStatement(entry: SchemaEntry): string | undefined {
  const type = BY_NAME[entry.type]
  if (type !== undefined) return `DROP ${type} IF EXISTS ${pg.escapeIdentifier(entry.name)} CASCADE`
  // Their names are `CAST (a AS b)` and `TRANSFORM FOR a LANGUAGE b`.
  if (entry.type === 'CAST') return `DROP CAST IF EXISTS ${entry.name.slice('CAST '.length)} CASCADE`
  if (entry.type === 'TRANSFORM') return `DROP TRANSFORM IF EXISTS ${entry.name.slice('TRANSFORM '.length)} CASCADE`
  return undefined
}
