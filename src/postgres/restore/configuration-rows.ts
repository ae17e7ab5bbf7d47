/**
 * Rows that people have put into the tables of extensions (custom reference systems, jobs, queues): these tables come with the
 * extension, with all their keys and triggers. The rows come before all others, which may need them, and as they were: a trigger
 * that stamps, encrypts or derives has done so already when the row was backed up. So keys and triggers are set aside meanwhile, where the
 * restoring role owns the table; where it doesn't, the rows come in the order of the keys.
 */
import type { Connection } from '../connection/connection.ts'
import type { Relation } from '../detail.ts'
import { type LoadContext, loadTable } from './load.ts'
import type { RestorePlan } from './restore-plan.ts'
import { runStatements } from './run-statements.ts'
import { constraintsOf, triggersOf } from './set-aside.ts'

interface Aside {
  readonly before: readonly string[]
  readonly after: readonly string[]
}

interface ConfigurationTable extends Relation {
  readonly oid: string
  readonly ours: boolean
}

const TABLES = `
  SELECT c.oid::text AS oid, n.nspname AS schema, c.relname AS name, pg_catalog.pg_has_role(c.relowner, 'USAGE') AS ours
    FROM pg_catalog.pg_extension e CROSS JOIN LATERAL unnest(e.extconfig) AS t(oid)
    JOIN pg_catalog.pg_class c ON c.oid = t.oid AND c.relkind = 'r'
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE e.extname = ANY($1)`

/**
 * Statements that delete from the tables of the extensions `$1`, which stay, what the backup will add again. All tables of an
 * extension in one statement, at whose end their foreign keys are checked: they may refer to each other in any way.
 */
const CONFIGURATION_ROWS = `
  WITH deletions AS (
    SELECT e.extname, t.number, 'DELETE FROM ONLY ' || t.tableoid::pg_catalog.regclass || ' ' || t.condition AS sql
      FROM pg_catalog.pg_extension e
     CROSS JOIN LATERAL unnest(e.extconfig, e.extcondition) WITH ORDINALITY AS t(tableoid, condition, number)
      JOIN pg_catalog.pg_class c ON c.oid = t.tableoid AND c.relkind = 'r'
     WHERE e.extname = ANY($1)
  )
  SELECT CASE count(*) WHEN 1 THEN min(sql)
           ELSE 'WITH ' || string_agg('d' || number || ' AS (' || sql || ')', ', ' ORDER BY number) || ' SELECT' END AS sql
    FROM deletions GROUP BY extname ORDER BY extname`

/** What is to be set aside where the configuration of these extensions goes and comes. */
async function configurationAside(connection: Connection, extensions: readonly string[]): Promise<Aside> {
  const tables = await connection.query<ConfigurationTable>(TABLES, [extensions])
  const keys = await constraintsOf(
    connection,
    tables.map(({ oid }) => oid),
  )
  const own = keys.filter(({ ours }) => ours)
  const triggers = await triggersOf(
    connection,
    tables.filter(({ ours }) => ours).map(({ oid }) => oid),
  )
  return {
    before: [...own.map(({ drop }) => drop), ...triggers.flatMap(({ off }) => off ?? [])],
    // With events pending, no table can be altered.
    after: [...own.flatMap(({ add }) => add), ...triggers.flatMap(({ on }) => on ?? [])],
  }
}

/** Inside a transaction. Returns the statements that put back, once the rows are there, what was set aside. */
export async function emptyConfiguration(
  connection: Connection,
  extensions: readonly string[],
  runAll: (connection: Connection, statements: readonly string[]) => Promise<void> = (to, statements) =>
    runStatements(to, statements, 'Emptying the tables of extensions'),
): Promise<readonly string[]> {
  const aside = await configurationAside(connection, extensions)
  await runAll(connection, aside.before)
  const rows = await connection.query<{ sql: string }>(CONFIGURATION_ROWS, [extensions])
  await runAll(
    connection,
    rows.map(({ sql }) => sql),
  )
  return aside.after
}

/** Inside the caller's transaction. `again` is what an emptying before it has set aside. */
export async function loadConfiguration(
  connection: Connection,
  { added, detail }: RestorePlan,
  load: LoadContext,
  again: readonly string[] = [],
): Promise<void> {
  const names = detail.extensions.map(({ name }) => name)
  const aside = added.length === 0 ? { before: [], after: [] } : await configurationAside(connection, names)
  await runStatements(connection, aside.before, 'Setting aside keys and triggers of extensions')
  for (const table of added) await loadTable(connection, table, load, { freeze: false })
  await runStatements(connection, [...aside.after, ...again], 'Putting back keys and triggers of extensions')
}
