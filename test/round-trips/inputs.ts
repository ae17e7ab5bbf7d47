/**
 * What goes around: schemas that hurt people elsewhere, each with what must come of it. `same` is held against what the server's own
 * `pg_dump | psql` makes of the source, object by object and row by row.
 */
import { readFileSync } from 'node:fs'

export interface Input {
  readonly name: string
  readonly about: string
  readonly sql: string
  /** Only a superuser can make it. */
  readonly superuser: boolean
  /** Rows that cannot come back as they are: bytes that are not of the database's encoding. */
  readonly changesRows: boolean
  /** What no restore can make again: so many objects are left out, or made in another way, and listed. */
  readonly amiss: number
  /** The last major whose servers let anybody make it. */
  readonly until: number
  /** What a proof says where that is not `verified` and no more. */
  readonly proof?: string
}

const file = (name: string) => readFileSync(new URL(`sql/${name}.sql`, import.meta.url), 'utf8')

type Facts = Pick<Input, 'superuser' | 'changesRows' | 'amiss' | 'until' | 'proof'>

function input(name: string, about: string, facts: Partial<Facts> = {}): Input {
  return {
    name,
    about,
    sql: file(name),
    superuser: false,
    changesRows: false,
    amiss: 0,
    until: Number.POSITIVE_INFINITY,
    ...facts,
  }
}

export const INPUTS: readonly Input[] = [
  // A limit of pg_dump's own.
  input('attached-children', 'children that joined by `ALTER … INHERIT`, columns added to the parent later', {
    proof: 'verified, columns-moved public.first_child, columns-moved public.later',
  }),
  input('bad-utf8', 'text that is not valid in the database’s encoding', {
    superuser: true,
    amiss: 1,
    changesRows: true,
  }),
  input('changed-check', 'a check whose function became stricter', { amiss: 1 }),
  input('check-other-table', 'a check that looks rows up in another table'),
  input('duplicates', 'duplicates behind a unique index', { superuser: true, amiss: 1 }),
  input('hash-enum-array', 'partitions by hash of an array of an enum'),
  input('in-lists', '`CHECK (x IN (…))` and others that print otherwise after a reload'),
  input('inherited-not-null', 'children with keys and `NOT NULL` of their own'),
  input('odd-objects', 'names and objects that are hard to name or to drop'),
  input('orphan-key', 'a foreign key whose rows are orphans', { superuser: true, amiss: 1 }),
  input('privileges', 'default privileges that open, and what was closed again'),
  input('self-view', 'a view that selects from itself', { amiss: 1 }),
  input('unlogged', 'unlogged identities'),
  input('unlogged-roots', 'unlogged partitioned tables and keys', { until: 17 }),
  input('unqualified', 'a generated column whose function needs the search path', { amiss: 1 }),
  input('unqualified-view', 'a materialized view whose function needs the search path', { amiss: 1, until: 16 }),
  input('unreachable-server', 'a materialized view over a foreign server that is gone', { superuser: true, amiss: 1 }),
  input('values-of-types', 'values whose text depends on settings'),
]
