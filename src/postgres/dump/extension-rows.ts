/**
 * Rows that nobody backs up: those of an extension's tables that it has not marked as its users' data (pg_cron's history, queues that
 * a function has made and added to the extension), or has under a condition that they don't meet. pg_dump leaves them to the
 * extension without a word.
 *
 * What the extension's own script has put there comes back with it. Such a row was made by the transaction that made, or last
 * updated, the extension or one of its functions. Rows older than all of these came by pg_upgrade, which keeps no trace of who made them; they
 * are taken for the script's.
 */
import type { Problem } from '../../engine/ports.ts'
import type { Connection } from '../connection/connection.ts'
import { databaseErrorIn } from '../connection/safe-message.ts'
import type { Relation } from '../detail.ts'
import { displayName, displayPart, qualified } from '../sql-text.ts'
import { EXTENSION_MEMBERSHIP } from './tables.ts'

/** Names in a message before "and N more". */
const NAMED = 10
/** Rows that are counted of a table, at most. */
const COUNTED = 1_000_000
/** Milliseconds for a table, and for its lock. */
const PATIENCE = 10_000
const LOCK_PATIENCE = 2_000

interface Candidate extends Relation {
  readonly oid: string
  readonly extension: string
  readonly condition: string | null
  /** Transactions of the extension's scripts, and how long ago the oldest was. */
  readonly scripts: readonly string[]
  readonly oldest: number
}

interface Counted extends Candidate {
  /** Undefined where it could not be found out. */
  readonly rows: number | undefined
}

const CANDIDATES = `
  SELECT c.oid::text AS oid, n.nspname AS schema, c.relname AS name, e.extname AS extension, x.condition, s.scripts, s.oldest
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_depend o ON o.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND o.objid = c.oid
     AND o.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND o.deptype = 'e'
    JOIN pg_catalog.pg_extension e ON e.oid = o.refobjid ${EXTENSION_MEMBERSHIP}
   CROSS JOIN LATERAL (
     SELECT pg_catalog.array_agg(DISTINCT t.xmin::text) AS scripts, pg_catalog.max(pg_catalog.age(t.xmin)) AS oldest
       FROM (SELECT e.xmin
             UNION ALL
             SELECT d.xmin FROM pg_catalog.pg_depend d
              WHERE d.classid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.objid = e.oid
             UNION ALL
             SELECT u.xmin FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_proc p ON p.oid = d.objid
              CROSS JOIN LATERAL (VALUES (d.xmin), (p.xmin)) AS u(xmin)
              WHERE d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.refobjid = e.oid AND d.deptype = 'e'
                AND d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass) t
   ) s
   WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND (is_config IS NULL OR x.condition IS NOT NULL)
     AND NOT (c.relpersistence = 'u' AND pg_catalog.pg_is_in_recovery())
   ORDER BY n.nspname, c.relname`

/** Outside of any transaction. Throws nothing that a table of an extension's may be the reason for. */
export async function extensionRowProblems(connection: Connection): Promise<readonly Problem[]> {
  const counted: Counted[] = []
  for (const table of await connection.query<Candidate>(CANDIDATES)) {
    const rows = await count(connection, table)
    if (rows !== 0) counted.push({ ...table, rows })
  }
  const [first] = counted
  if (first === undefined) return []
  const lines = counted.map(table => `${displayName(table)} of ${displayPart(table.extension)} (${rowsText(table)})`)
  const more = lines.length - NAMED
  return [
    {
      severity: 'warning',
      message: `Rows in tables of extensions are not in the backup, since the extensions don't declare them as their users' data: ${lines.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}.`,
      hint: `Where such rows are yours, back them up by themselves, or take their table out of the extension: ALTER EXTENSION ${displayPart(first.extension)} DROP TABLE ${displayName(first)}.`,
      entries: lines,
    },
  ]
}

async function count(connection: Connection, table: Candidate): Promise<number | undefined> {
  const name = qualified(table)
  const meets = table.condition === null ? '' : ` AND ctid NOT IN (SELECT ctid FROM ONLY ${name} ${table.condition})`
  try {
    await connection.query(
      `BEGIN READ ONLY; SET LOCAL lock_timeout = ${LOCK_PATIENCE}; SET LOCAL statement_timeout = ${PATIENCE}; SET LOCAL search_path = ''`,
    )
    // Needs no right to the table.
    const [size] = await connection.query<{ bytes: string }>('SELECT pg_catalog.pg_relation_size($1::oid) AS bytes', [
      table.oid,
    ])
    if (size?.bytes === '0') return 0
    const [row] = await connection.query<{ rows: number }>(
      `SELECT count(*)::int AS rows FROM (
         SELECT FROM ONLY ${name}
          WHERE xmin::text <> ALL ($1) AND pg_catalog.age(xmin) <= $2${meets} LIMIT ${COUNTED + 1}) t`,
      [table.scripts, table.oldest],
    )
    return row?.rows
  } catch (error) {
    if (databaseErrorIn(error) === undefined) throw error
    // No right to read it, a lock, a condition that fails: a reason to say so, and none to have no backup.
    return undefined
  } finally {
    await connection.query('ROLLBACK')
  }
}

function rowsText({ rows }: Counted): string {
  if (rows === undefined) return 'how many could not be found out'
  if (rows > COUNTED) return `more than ${COUNTED.toLocaleString('en')} rows`
  return `${rows.toLocaleString('en')} ${rows === 1 ? 'row' : 'rows'}`
}
