/**
 * What pg_dump leaves out without a word: indexes that are not valid, as `CREATE INDEX CONCURRENTLY` leaves them when it fails, and
 * the options of user mappings that the role may not see.
 */
import type { Problem } from '../../engine/ports.ts'
import type { Connection } from '../connection/connection.ts'

/** Names in a message before "and N more". */
const NAMED = 10

const INVALID = `
  SELECT pg_catalog.format('%I.%I', n.nspname, i.relname) AS name FROM pg_catalog.pg_index x
    JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid JOIN pg_catalog.pg_class c ON c.oid = x.indrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = i.relnamespace
   WHERE NOT x.indisvalid AND c.relkind IN ('r', 'm') AND i.relkind = 'i' AND n.nspname !~ '^pg_'
     -- One that is being built right now is nobody's loss.
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid = i.oid)
   ORDER BY 1`

/** As the view pg_user_mappings hides them, and as a superuser sees them all. */
const HIDDEN = `
  SELECT m.usename || ' on server ' || m.srvname AS name
    FROM pg_catalog.pg_user_mappings m JOIN pg_catalog.pg_foreign_server s ON s.oid = m.srvid
   WHERE m.umoptions IS NULL AND NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)
     AND NOT CASE WHEN m.umuser = 0 THEN pg_catalog.pg_has_role(s.srvowner, 'USAGE')
                  ELSE m.usename = current_user
                   AND (pg_catalog.pg_has_role(s.srvowner, 'USAGE') OR pg_catalog.has_server_privilege(s.oid, 'USAGE')) END
   ORDER BY 1`

export async function unseenProblems(connection: Connection): Promise<readonly Problem[]> {
  const names = async (sql: string) => (await connection.query<{ name: string }>(sql)).map(({ name }) => name)
  return [
    ...problemOf(
      await names(INVALID),
      'Indexes that are not valid are not in the backup',
      'Build them again (REINDEX INDEX CONCURRENTLY), or drop them.',
    ),
    ...problemOf(
      await names(HIDDEN),
      'Options of user mappings, such as passwords, are not in the backup where the role may not see them',
      'A superuser sees them all. Otherwise keep them elsewhere: after a restore such mappings have none.',
    ),
  ]
}

/** None without a name. */
export function problemOf(names: readonly string[], what: string, hint: string): Problem[] {
  if (names.length === 0) return []
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : ''
  return [
    { severity: 'warning', message: `${what}: ${names.slice(0, NAMED).join(', ')}${more}.`, hint, entries: names },
  ]
}
