/** What stands between a backup's rows and tables that exist already: columns, foreign keys, triggers, forced row security. */
import { ComebackError } from '../../errors.ts'
import type { Connection } from '../connection/connection.ts'
import type { Relation } from '../detail.ts'
import { displayName } from '../sql-text.ts'
import { keyOf } from './entry-subject.ts'
import { type Choice, listed } from './selection.ts'
import { constraintsOf, triggersOf, WITH_ROOTS } from './set-aside.ts'

export interface RowTargets {
  /** Tables that are emptied: those whose rows the backup holds, also if it holds none of them. */
  readonly emptied: readonly Relation[]
  /** Statements that take away what is in the way, and that put it back as it was. */
  readonly before: readonly string[]
  readonly after: readonly string[]
  /** Foreign keys of which one side was not chosen. */
  readonly crossing: readonly string[]
  /** Partitions of chosen tables that the backup doesn't know. */
  readonly strange: readonly string[]
  /** Sequences and materialized views that the target has, by `keyOf`. */
  readonly present: ReadonlySet<string>
}

interface TargetTable extends Relation {
  readonly oid: string
  readonly relkind: string
  readonly columns: string[]
}

const RELATIONS = `
  SELECT c.oid::text AS oid, n.nspname AS schema, c.relname AS name, c.relkind::text AS relkind,
         ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
                WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum) AS columns
    FROM unnest($1::text[], $2::text[]) AS w(schema, name)
    JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
    JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
   WHERE c.relkind IN ('r', 'p', 'S', 'm')`

/** Tables whose owner is held to their policies; the check of a foreign key reads both sides. */
const FORCED = `
  WITH concerned AS (${WITH_ROOTS}), sides AS (
    SELECT conrelid, confrelid FROM pg_catalog.pg_constraint
     WHERE contype = 'f' AND (conrelid IN (SELECT oid FROM concerned) OR confrelid IN (SELECT oid FROM concerned))
  )
  SELECT c.oid::pg_catalog.regclass::text AS name FROM pg_catalog.pg_class c
   WHERE c.relforcerowsecurity AND pg_catalog.pg_has_role(c.relowner, 'USAGE')
     AND c.oid IN (SELECT oid FROM concerned UNION SELECT conrelid FROM sides UNION SELECT confrelid FROM sides)
   ORDER BY 1`

/** Partitions below the tables `$1` that are not among them. */
const PARTITIONS = `
  SELECT n.nspname AS schema, c.relname AS name
    FROM unnest($1::oid[]) AS t(oid) CROSS JOIN LATERAL pg_catalog.pg_partition_tree(t.oid) p
    JOIN pg_catalog.pg_class c ON c.oid = p.relid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE p.isleaf AND c.relkind = 'r' AND c.oid <> ALL ($1::oid[]) ORDER BY 1, 2`

/** Only looks. Throws `mismatch` for tables that are missing or have other columns, `permission` for what may not be set aside. */
export async function findRowTargets(connection: Connection, choice: Choice): Promise<RowTargets> {
  const wanted = [...choice.relations.values()].filter(({ type }) =>
    ['TABLE', 'SEQUENCE', 'MATERIALIZED VIEW'].includes(type),
  )
  const found = await connection.query<TargetTable>(RELATIONS, [
    wanted.map(({ schema }) => schema),
    wanted.map(({ name }) => name),
  ])
  const present = new Map(found.map(one => [keyOf(one), one]))
  const unread = new Set(choice.plan.detail.excludedData.map(keyOf))
  const tables = wanted.filter(one => one.type === 'TABLE' && !unread.has(keyOf(one)))
  const missing = tables.filter(table => !['r', 'p'].includes(present.get(keyOf(table))?.relkind ?? ''))
  if (missing.length > 0) {
    throw new ComebackError(
      'mismatch',
      `${connection.description} lacks tables whose rows would be restored: ${listed(missing.map(displayName))}.`,
      {
        hint: 'Nothing was changed. Restore them without --data-only, or leave them out of --tables.',
      },
    )
  }
  const targets = tables.flatMap(table => present.get(keyOf(table)) ?? [])
  refuseOtherColumns(choice, present)
  const oids = targets.map(({ oid }) => oid)
  const keys = await constraintsOf(connection, oids)
  const foreign = keys.filter(({ ours }) => !ours)
  if (foreign.length > 0) {
    throw new ComebackError(
      'permission',
      `Constraints of tables that another role owns are in the way: ${listed(foreign.map(({ name, table }) => `${name} on ${table}`))}.`,
      {
        hint: 'Nothing was changed. Restore as the owner of these tables, or as a superuser.',
      },
    )
  }
  const triggers = await triggersOf(connection, oids)
  const forced = (await connection.query<{ name: string }>(FORCED, [oids])).map(({ name }) => name)
  const strange = await connection.query<Relation>(PARTITIONS, [oids])
  return {
    emptied: targets.filter(({ relkind }) => relkind === 'r'),
    before: [
      ...keys.map(({ drop }) => drop),
      ...triggers.flatMap(({ off }) => off ?? []),
      ...forced.map(table => `ALTER TABLE ${table} NO FORCE ROW LEVEL SECURITY`),
    ],
    after: [
      ...keys.flatMap(({ add }) => add),
      ...forced.map(table => `ALTER TABLE ${table} FORCE ROW LEVEL SECURITY`),
      // Last: with events pending, no table can be altered.
      ...triggers.flatMap(({ on }) => on ?? []),
    ],
    crossing: keys.filter(({ crosses }) => crosses).map(({ name, table }) => `${name} on ${table}`),
    strange: strange.map(displayName),
    present: new Set(present.keys()),
  }
}

function refuseOtherColumns({ plan }: Choice, present: ReadonlyMap<string, TargetTable>): void {
  const different = plan.loads.flatMap(({ into, ranges }) => {
    const there = present.get(keyOf(into))?.columns
    const stored = ranges[0]?.detail.columns
    if (there === undefined || stored === undefined) return []
    const lacks = stored.filter(column => !there.includes(column))
    const more = there.filter(column => !stored.includes(column))
    const words = [
      ...(lacks.length > 0 ? [`lacks ${lacks.join(', ')}`] : []),
      ...(more.length > 0 ? [`has ${more.join(', ')} besides`] : []),
    ]
    return words.length === 0 ? [] : [`${displayName(into)} ${words.join(' and ')}`]
  })
  if (different.length === 0) return
  throw new ComebackError('mismatch', `The target's columns are not those of the backup: ${listed(different)}.`, {
    hint: 'Nothing was changed. Restore these tables without --data-only, or change the target so that its columns match.',
  })
}
