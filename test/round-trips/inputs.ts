/**
 * What goes around: schemas that hurt people elsewhere, each with what must come of it. `same` is held against what the server's own
 * `pg_dump | psql` makes of the source, object by object and row by row.
 */
import { readFileSync } from 'node:fs'

export interface Input {
  readonly name: string
  readonly sql: string
  /** Only a superuser can make it. */
  readonly superuser: boolean
  /** What no restore can make again: so many objects are left out, or made in another way, and listed. */
  readonly amiss: number
}

const file = (name: string) => readFileSync(new URL(`sql/${name}.sql`, import.meta.url), 'utf8')

function input(name: string, about: Partial<Omit<Input, 'name' | 'sql'>> = {}): Input {
  return { name, sql: file(name), superuser: false, amiss: 0, ...about }
}

export const INPUTS: readonly Input[] = [
  input('attached-children'),
  input('bad-utf8', { superuser: true, amiss: 1 }),
  input('changed-check', { amiss: 1 }),
  input('check-other-table'),
  input('duplicates', { superuser: true, amiss: 1 }),
  input('hash-enum-array'),
  input('in-lists'),
  input('inherited-not-null'),
  input('odd-objects'),
  input('orphan-key', { superuser: true, amiss: 1 }),
  input('privileges'),
  input('self-view', { amiss: 1 }),
  input('unlogged'),
  input('unqualified', { amiss: 0 }),
  input('unqualified-view', { amiss: 0 }),
  input('unreachable-server', { superuser: true, amiss: 1 }),
  input('values-of-types'),
]
