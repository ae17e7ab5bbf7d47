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
  /** Rows that cannot come back as they are: bytes that are not of the database's encoding. */
  readonly changesRows: boolean
  /** What no restore can make again: so many objects are left out, or made in another way, and listed. */
  readonly amiss: number
  /** What a proof says where it is not `verified`. */
  readonly proof?: string
}

const file = (name: string) => readFileSync(new URL(`sql/${name}.sql`, import.meta.url), 'utf8')

function input(name: string, about: Partial<Omit<Input, 'name' | 'sql'>> = {}): Input {
  return { name, sql: file(name), superuser: false, changesRows: false, amiss: 0, ...about }
}

export const INPUTS: readonly Input[] = [
  // A limit of pg_dump's own.
  input('attached-children', {
    proof: 'could-not-verify, columns-moved public.later, columns-moved public.first_child',
  }),
  input('bad-utf8', { superuser: true, amiss: 1, changesRows: true }),
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
  input('unqualified', { amiss: 1 }),
  input('unqualified-view', { amiss: 1 }),
  input('unreachable-server', { superuser: true, amiss: 1 }),
  input('values-of-types'),
]
