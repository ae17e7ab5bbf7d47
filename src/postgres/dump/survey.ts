/** What is there to back up, asked of the leader in one go as soon as the tables are locked. */
import { listColumnOrder } from '../column-order.ts'
import type { Connection } from '../connection/connection.ts'
import { DATABASE_LOCALE } from '../database-locale.ts'
import { DATABASE_PROPERTIES } from '../database-properties.ts'
import type { DatabaseDetail, DatabaseLocale, Relation } from '../detail.ts'
import { type Exclusion, excludedOids } from './exclusion.ts'
import { type LargeObjects, listLargeObjects } from './large-objects.ts'
import type { Table } from './plan.ts'
import { readSequences } from './sequences.ts'
import { IS_USER_SCHEMA, type LockableTable, listTables } from './tables.ts'
import { listUnlogged, type Unlogged } from './unlogged.ts'

export interface Survey {
  /** Tables whose rows are to be read. */
  readonly tables: readonly Table[]
  readonly excluded: readonly Relation[]
  /** What a standby does not have. */
  readonly unlogged: Unlogged
  /** Patterns that no table matched. */
  readonly unmatched: readonly string[]
  /** Statements, one a line. */
  readonly sequences: string
  readonly largeObjects: readonly LargeObjects[]
  /** Partitioned tables that are unlogged, which 18 put an end to. */
  readonly unloggedRoots: readonly Relation[]
  readonly database: DatabaseFacts
}

type DatabaseFacts = Pick<
  DatabaseDetail,
  | 'database'
  | 'encoding'
  | 'collate'
  | 'ctype'
  | 'locale'
  | 'properties'
  | 'searchPath'
  | 'extensions'
  | 'schemas'
  | 'columnOrder'
  | 'superusers'
>

export interface SurveyOptions {
  readonly schemaOnly: boolean
  readonly exclusions: readonly Exclusion[]
}

export async function surveyDatabase(
  connection: Connection,
  lockable: readonly LockableTable[],
  { schemaOnly, exclusions }: SurveyOptions,
): Promise<Survey> {
  const database = await describeDatabase(connection)
  const unloggedRoots = await listUnloggedRoots(connection)
  if (schemaOnly) {
    const nothing = { tables: [], excluded: [], unmatched: [], sequences: '', largeObjects: [] }
    return { ...nothing, unlogged: { tables: [], sequences: [] }, unloggedRoots, database }
  }
  const excluded = excludedOids(lockable, exclusions)
  const tables = await listTables(connection)
  const unlogged = await listUnlogged(connection, excluded)
  return {
    tables: tables.filter(table => !excluded.has(table.oid)),
    excluded: tables.filter(table => excluded.has(table.oid)).map(({ schema, name }) => ({ schema, name })),
    unlogged,
    unmatched: exclusions.filter(one => !lockable.some(table => one.matches(table))).map(one => one.pattern),
    sequences: await readSequences(connection),
    largeObjects: await listLargeObjects(connection),
    unloggedRoots,
    database,
  }
}

async function listUnloggedRoots(connection: Connection): Promise<readonly Relation[]> {
  return await connection.query<Relation>(`
    SELECT n.nspname::text AS schema, c.relname::text AS name
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'p' AND c.relpersistence = 'u'`)
}

async function describeDatabase(connection: Connection): Promise<DatabaseFacts> {
  const [row] = await connection.query<
    Omit<DatabaseFacts, 'extensions' | 'schemas' | 'columnOrder' | 'superusers' | 'locale'> & {
      readonly locale: DatabaseLocale | null
    }
  >(`
    SELECT datname::text AS database, pg_catalog.pg_encoding_to_char(encoding)::text AS encoding,
           datcollate::text AS collate, datctype::text AS ctype, ${DATABASE_LOCALE} AS locale, ${DATABASE_PROPERTIES} AS properties,
           (SELECT reset_val FROM pg_catalog.pg_settings WHERE name = 'search_path') AS "searchPath"
      FROM pg_catalog.pg_database d WHERE datname = pg_catalog.current_database()`)
  const extensions = await connection.query<DatabaseFacts['extensions'][number]>(`
    SELECT e.extname::text AS name, e.extversion AS version, n.nspname::text AS schema
      FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace ORDER BY e.extname`)
  const schemas = await connection.query<{ name: string }>(
    `SELECT n.nspname::text AS name FROM pg_catalog.pg_namespace n WHERE ${IS_USER_SCHEMA} ORDER BY n.nspname`,
  )
  const superusers = await connection.query<{ name: string }>(
    'SELECT rolname::text AS name FROM pg_catalog.pg_roles WHERE rolsuper ORDER BY rolname',
  )
  if (row === undefined) throw new Error('The database does not know itself.')
  const { locale, ...facts } = row
  const columnOrder = (await listColumnOrder(connection)).map(table => ({ ...table, columns: [...table.columns] }))
  return {
    ...facts,
    ...(locale && { locale }),
    extensions,
    schemas: schemas.map(schema => schema.name),
    superusers: superusers.map(({ name }) => name),
    ...(columnOrder.length > 0 && { columnOrder }),
  }
}
