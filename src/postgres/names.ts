/** Names that say something of whose database it is: of its objects, its roles, and the databases beside it. */
import type { SinkProgress, StoredBackup } from '../engine/ports.ts'
import type { Connection } from './connection/connection.ts'
import { namesOfSegment } from './detail.ts'

/** More would take longer to look for in a text than anybody waits. */
const MOST = 100_000

/** On the server that is connected to. */
export async function namesOn(connection: Connection): Promise<readonly string[]> {
  const rows = await connection.query<{ name: string }>(
    `WITH own AS (SELECT oid, nspname FROM pg_catalog.pg_namespace WHERE nspname !~ '^(pg_|information_schema$)')
     SELECT nspname AS name FROM own
      UNION SELECT relname FROM pg_catalog.pg_class WHERE relnamespace IN (SELECT oid FROM own)
      UNION SELECT conname FROM pg_catalog.pg_constraint WHERE connamespace IN (SELECT oid FROM own)
      UNION SELECT proname FROM pg_catalog.pg_proc WHERE pronamespace IN (SELECT oid FROM own)
      UNION SELECT typname FROM pg_catalog.pg_type WHERE typnamespace IN (SELECT oid FROM own)
      UNION SELECT tgname FROM pg_catalog.pg_trigger WHERE NOT tgisinternal
      UNION SELECT pubname FROM pg_catalog.pg_publication
      UNION SELECT rolname FROM pg_catalog.pg_roles WHERE rolname !~ '^pg_'
      UNION SELECT datname FROM pg_catalog.pg_database
      LIMIT ${MOST}`,
  )
  return rows.map(({ name }) => name)
}

export function namesIn({ segments }: StoredBackup): readonly string[] {
  return [...new Set(segments.flatMap(({ detail }) => namesOfSegment(detail)))]
}

/** Those of both: what a restore says of its target or of the backup may be for other readers than theirs. */
export async function tellNames(connection: Connection, backup: StoredBackup, progress: SinkProgress): Promise<void> {
  progress.names?.([...namesIn(backup), ...(await namesOn(connection))])
}
