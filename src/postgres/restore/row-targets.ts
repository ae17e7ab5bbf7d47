/** What stands between a backup's rows and tables that exist already: columns, foreign keys, triggers, forced row security. */
import { ComebackError } from '../../errors.ts'
import type { Connection } from '../connection/connection.ts'
import type { Relation } from '../detail.ts'
import { displayName } from '../sql-text.ts'
import { keyOf } from './entry-subject.ts'
import { type Choice, listed } from './selection.ts'

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

const WITH_ROOTS = `
  SELECT oid FROM unnest($1::oid[]) AS t(oid) UNION SELECT a.relid::oid FROM unnest($1::oid[]) AS t(oid), pg_catalog.pg_partition_ancestors(t.oid) a`

interface SetAside {
  readonly name: string
  readonly table: string
  readonly drop: string
  readonly add: string
  readonly comment: string | null
  readonly ours: boolean
  readonly crosses: boolean
}

/**
 * Foreign keys, and constraints that never held for the rows there were (`NOT VALID`), which new rows must not break. One of a
 * partition is a copy of its root's, and comes and goes with it.
 */
const CONSTRAINTS = `
  WITH concerned AS (${WITH_ROOTS})
  SELECT k.conname::text AS name, k.conrelid::pg_catalog.regclass::text AS table,
         pg_catalog.format('ALTER TABLE %s DROP CONSTRAINT %I', k.conrelid::pg_catalog.regclass, k.conname) AS drop,
         pg_catalog.format('ALTER TABLE %s ADD CONSTRAINT %I %s', k.conrelid::pg_catalog.regclass, k.conname,
                           pg_catalog.pg_get_constraintdef(k.oid)) AS add,
         pg_catalog.format('COMMENT ON CONSTRAINT %I ON %s IS %L', k.conname, k.conrelid::pg_catalog.regclass,
                           pg_catalog.obj_description(k.oid, 'pg_constraint')) AS comment,
         pg_catalog.pg_has_role(c.relowner, 'USAGE') AS ours,
         k.contype = 'f' AND (k.conrelid NOT IN (SELECT oid FROM concerned) OR k.confrelid NOT IN (SELECT oid FROM concerned)) AS crosses
    FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
   WHERE k.contype = 'f' AND k.conparentid = 0
     AND (k.conrelid IN (SELECT oid FROM concerned) OR k.confrelid IN (SELECT oid FROM concerned))
      OR k.contype IN ('c', 'n') AND NOT k.convalidated AND k.coninhcount = 0 AND k.conrelid IN (SELECT oid FROM concerned)
   ORDER BY 2, 1`

/**
 * Triggers of people. Those of partitions are copies, switched with their root's, each of which may have been switched by itself
 * since (before 15 they pass for internal ones). Roots first.
 */
const TRIGGERS = `
  WITH concerned AS (${WITH_ROOTS}), trees AS (
    SELECT oid FROM concerned
    UNION SELECT p.relid::oid FROM concerned c CROSS JOIN LATERAL pg_catalog.pg_partition_tree(c.oid) p
  )
  SELECT CASE WHEN t.tgenabled <> 'D' AND COALESCE(p.tgenabled, 'D') = 'D'
           THEN pg_catalog.format('ALTER TABLE %s DISABLE TRIGGER %I', t.tgrelid::pg_catalog.regclass, t.tgname) END AS off,
         CASE WHEN t.tgenabled <> COALESCE(p.tgenabled, 'D')
           THEN pg_catalog.format('ALTER TABLE %s %s TRIGGER %I', t.tgrelid::pg_catalog.regclass,
                  CASE t.tgenabled WHEN 'A' THEN 'ENABLE ALWAYS' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'D' THEN 'DISABLE'
                                   ELSE 'ENABLE' END, t.tgname) END AS on
    FROM pg_catalog.pg_trigger t
    LEFT JOIN pg_catalog.pg_trigger p ON p.oid = t.tgparentid
    LEFT JOIN pg_catalog.pg_constraint k ON k.oid = t.tgconstraint
   WHERE t.tgrelid IN (SELECT oid FROM trees) AND (NOT t.tgisinternal OR t.tgparentid <> 0) AND COALESCE(k.contype, 't') = 't'
   ORDER BY (SELECT count(*) FROM pg_catalog.pg_partition_ancestors(t.tgrelid)), t.tgrelid, t.tgname`

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
  const keys = await connection.query<SetAside>(CONSTRAINTS, [oids])
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
  const triggers = await connection.query<{ off: string | null; on: string | null }>(TRIGGERS, [oids])
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
      ...keys.flatMap(({ add, comment }) => [add, ...(comment?.endsWith(' IS NULL') === false ? [comment] : [])]),
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
