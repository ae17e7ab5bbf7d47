/**
 * Statistics for the planner: without them a database answers badly. One that goes live the moment it is restored gets them all
 * at once; in a new one autovacuum collects them within minutes, but for partitioned tables, which it never visits.
 */
import type { Problem } from '../../engine/ports.ts'
import { asComebackError } from '../../errors.ts'
import type { Connection } from '../connection/connection.ts'
import { databaseErrorIn, safeMessage } from '../connection/safe-message.ts'
import { isConnectionLoss } from '../connection/server-error.ts'
import type { Relation } from '../detail.ts'
import { displayName, qualified } from '../sql-text.ts'
import { runBatch } from './batch.ts'
import { runTasks } from './run-tasks.ts'

/** Tables that one transaction analyzes. */
const BATCH = 16

/**
 * Partitions are analyzed with their roots, but not where a foreign table is among them: that would ask another server. Big tables
 * first.
 */
const TABLES = `
  WITH RECURSIVE remote AS (
    SELECT oid FROM pg_catalog.pg_class WHERE relkind = 'f'
    UNION
    SELECT i.inhparent FROM remote JOIN pg_catalog.pg_inherits i ON i.inhrelid = remote.oid
  )
  SELECT n.nspname AS schema, c.relname AS name
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind::text = ANY($2) AND c.relpersistence <> 't' AND n.nspname = ANY($1)
     AND pg_catalog.pg_has_role(c.relowner, 'USAGE')
     AND c.oid NOT IN (SELECT oid FROM remote)
     AND (NOT c.relispartition OR pg_catalog.pg_partition_root(c.oid) IN (SELECT oid FROM remote))
   ORDER BY c.relpages DESC, c.oid`

const KINDS = { all: ['r', 'm', 'p'], partitioned: ['p'] } as const

/** Tables that a warning names. */
const NAMED = 5

/** The restore is done by then: a failure is only a warning, and one table's is no other's. */
export async function analyzeRestored(
  lanes: readonly Connection[],
  schemas: readonly string[],
  which: keyof typeof KINDS,
): Promise<Problem[]> {
  const [first] = lanes
  const failed: string[] = []
  try {
    const tables = (await first?.query<Relation>(TABLES, [schemas, KINDS[which]])) ?? []
    const batches = Array.from({ length: Math.ceil(tables.length / BATCH) }, (_, index) =>
      tables.slice(index * BATCH, (index + 1) * BATCH),
    )
    await runTasks(
      lanes,
      batches.map(batch => ({
        weight: 0,
        needs: [],
        shared: [],
        exclusive: [],
        run: async lane => void failed.push(...(await analyze(lane, batch))),
      })),
    )
  } catch (error) {
    failed.push(reason(error))
  }
  if (failed.length === 0) return []
  const more = failed.length > NAMED ? ` and ${failed.length - NAMED} more` : ''
  return [
    {
      severity: 'warning',
      message: `All is restored, but not all tables could be analyzed: ${failed.slice(0, NAMED).join(', ')}${more}.`,
      hint: 'Run ANALYZE on the database, so that its queries are planned well.',
    },
  ]
}

/** Those that could not be, and why. A batch of which one fails is taken back, so each of it is tried by itself. */
async function analyze(connection: Connection, tables: readonly Relation[]): Promise<readonly string[]> {
  const failure = await runBatch(
    connection,
    tables.map(table => `ANALYZE ${qualified(table)}`),
  )
  if (failure === undefined) return []
  if (isConnectionLoss(failure.error)) throw failure.error
  const [table] = tables
  if (tables.length === 1 && table !== undefined) return [`${displayName(table)} (${reason(failure.error)})`]
  const failed: string[] = []
  for (const one of tables) failed.push(...(await analyze(connection, [one])))
  return failed
}

/** A function of the table's own may have put its rows into the message. */
function reason(error: unknown): string {
  const said = databaseErrorIn(error)
  return said === undefined ? asComebackError(error).message : safeMessage(said)
}
