/**
 * Makes room for a chosen part, inside the transaction that restores it: the chosen tables go, and what is in the chosen
 * schemas. Everything else stays, so nothing is dropped as long as something outside of the choice depends on it.
 */
import { ComebackError } from '../../errors.ts'
import type { Connection } from '../connection/connection.ts'
import { qualified } from '../sql-text.ts'
import type { Reset } from './reset-permitted.ts'
import { defaultPrivileges, schemaRights } from './rights.ts'
import { allEntries, type Choice, listed } from './selection.ts'
import type { TargetFacts } from './target-facts.ts'
import { madeBy } from './target-objects.ts'
import { drop, emptySchemas, expectsClosedPublic, keptProblems } from './target-reset.ts'

/** The relations `$1.$2` that there are. */
const CHOSEN = `
  SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relkind,
         pg_catalog.pg_has_role(c.relowner, 'USAGE') OR pg_catalog.pg_has_role(n.nspowner, 'USAGE') AS droppable
    FROM unnest($1::text[], $2::text[]) AS w(schema, name)
    JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
    JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.name AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')`

/**
 * What depends on the relations `$1.$2` and on what is in the schemas `$3` without being a part of them. A part (an index, a
 * column's sequence, a partition) depends by `a`, `i`, `P` or `S`; `n` is everything that could stand by itself.
 */
const DOOMED = `
  WITH RECURSIVE doomed(classid, objid) AS (
    SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::oid, oid FROM (${CHOSEN}) chosen
    UNION
    SELECT d.classid, d.objid FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_namespace n ON n.oid = d.refobjid
     WHERE d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND n.nspname = ANY($3) AND d.deptype = 'n'
       AND d.classid <> 'pg_catalog.pg_extension'::pg_catalog.regclass
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                        WHERE e.classid = d.classid AND e.objid = d.objid AND e.objsubid = 0 AND e.deptype = 'e')
    UNION
    SELECT d.classid, d.objid
      FROM doomed JOIN pg_catalog.pg_depend d ON d.refclassid = doomed.classid AND d.refobjid = doomed.objid
     WHERE d.deptype IN ('a', 'i', 'P', 'S')
  ), hung AS (
    SELECT t.oid, t.tgname AS name, t.tgrelid FROM pg_catalog.pg_trigger t
     WHERE ('pg_catalog.pg_proc'::pg_catalog.regclass, t.tgfoid) IN (SELECT classid, objid FROM doomed)
       AND ('pg_catalog.pg_class'::pg_catalog.regclass, t.tgrelid) NOT IN (SELECT classid, objid FROM doomed)
       AND NOT t.tgisinternal AND t.tgparentid = 0 AND t.tgenabled = 'O' AND pg_catalog.has_table_privilege(t.tgrelid, 'TRIGGER')
  )`

/** Triggers on tables outside that run a function inside: they go with it, and can be made again as they were. */
const HUNG = `${DOOMED}
  SELECT pg_catalog.pg_get_triggerdef(h.oid) AS make,
         pg_catalog.format('COMMENT ON TRIGGER %I ON %s IS %L', h.name, h.tgrelid::pg_catalog.regclass, m.comment) AS comment
    FROM hung h JOIN pg_catalog.pg_class c ON c.oid = h.tgrelid
    LEFT JOIN LATERAL (SELECT pg_catalog.obj_description(h.oid, 'pg_trigger') AS comment
                        WHERE pg_catalog.pg_has_role(c.relowner, 'USAGE')) m ON true
   ORDER BY 1`

const DEPENDENTS = `${DOOMED}
  SELECT DISTINCT CASE WHEN r.oid IS NULL THEN pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid)
                       ELSE pg_catalog.pg_describe_object('pg_catalog.pg_class'::pg_catalog.regclass, r.ev_class, 0) END AS name
    FROM doomed
    JOIN pg_catalog.pg_depend d ON d.refclassid = doomed.classid AND d.refobjid = doomed.objid AND d.deptype = 'n'
    LEFT JOIN pg_catalog.pg_rewrite r ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND r.oid = d.objid
   WHERE (d.classid, d.objid) NOT IN (SELECT classid, objid FROM doomed)
     AND NOT (d.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass AND d.objid IN (SELECT oid FROM hung))
   ORDER BY 1`

const KINDS: Readonly<Record<string, string>> = {
  r: 'TABLE',
  p: 'TABLE',
  v: 'VIEW',
  m: 'MATERIALIZED VIEW',
  f: 'FOREIGN TABLE',
  S: 'SEQUENCE',
}

export interface Colliding {
  readonly schema: string
  readonly name: string
  readonly relkind: string
  readonly droppable: boolean
}

/** The chosen relations that the target has. */
export async function collisions(connection: Connection, choice: Choice): Promise<Colliding[]> {
  return await connection.query<Colliding>(
    `SELECT schema, name, relkind::text, droppable FROM (${CHOSEN}) chosen ORDER BY 1, 2`,
    [...names(choice)],
  )
}

/** Throws `not-empty`, naming what depends on the choice from outside. */
export async function refuseDependents(connection: Connection, choice: Choice): Promise<void> {
  const dependents = await connection.query<{ name: string }>(DEPENDENTS, [...names(choice), choice.schemas])
  if (dependents.length === 0) return
  throw new ComebackError(
    'not-empty',
    `What was not chosen depends on what would be replaced in ${connection.description}: ${listed(dependents.map(({ name }) => name))}.`,
    {
      hint: 'Nothing was changed. Choose the tables of these too, or drop them first. --data-only replaces rows and leaves the tables in place.',
    },
  )
}

export async function resetChoice(connection: Connection, choice: Choice, facts: TargetFacts): Promise<Reset> {
  // What others have in a schema that is chosen whole stays, as it does where all is restored.
  const colliding = (await collisions(connection, choice)).filter(
    ({ droppable, schema }) => droppable || !choice.schemas.includes(schema),
  )
  // So that nothing new can come to depend on them between the look and the drop.
  await drop(
    connection,
    colliding
      .filter(({ relkind }) => relkind === 'r' || relkind === 'p')
      .map(table => `LOCK TABLE ${qualified(table)} IN ACCESS EXCLUSIVE MODE`),
  )
  await refuseDependents(connection, choice)
  const hung = await connection.query<{ make: string; comment: string }>(HUNG, [...names(choice), choice.schemas])
  await drop(
    connection,
    colliding.map(one => `DROP ${KINDS[one.relkind] ?? 'TABLE'} IF EXISTS ${qualified(one)} CASCADE`),
  )
  const schemas = choice.schemas.filter(schema => facts.schemas.has(schema))
  const kept = await emptySchemas(connection, schemas)
  const isMeant = madeBy(allEntries(choice.plan).map(({ entry }) => entry))
  const chosen = await defaultPrivileges(connection, { schemas, everywhere: false, mine: false })
  const own = await schemaRights(connection, schemas, !expectsClosedPublic(choice.plan.detail))
  await drop(connection, [...chosen.reset, ...own.reset])
  const others = await defaultPrivileges(connection, { everywhere: true, mine: true })
  await drop(connection, others.reset)
  const triggers = hung.flatMap(({ make, comment }) => [make, ...(comment.endsWith(' IS NULL') ? [] : [comment])])
  return { problems: keptProblems(kept.filter(one => !isMeant(one))), again: [...others.again, ...triggers] }
}

function names({ relations }: Choice): [string[], string[]] {
  const all = [...relations.values()]
  return [all.map(({ schema }) => schema), all.map(({ name }) => name)]
}
