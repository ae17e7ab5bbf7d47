/**
 * What event triggers of the target, which an ordinary role cannot keep quiet, have granted on objects as they were made. pg_dump's
 * grants are told relative to those that the server gives by itself, and never take such a grant away: objects are brought back to
 * the server's own before the backup's grants are made.
 */
import type { Problem } from '../../engine/ports.ts'
import type { Connection } from '../connection/connection.ts'
import type { PlannedEntry } from './restore-plan.ts'
import { GRANTEE } from './rights.ts'
import { listed } from './selection.ts'
import type { TargetFacts } from './target-facts.ts'
import { madeBy, objectsIn } from './target-objects.ts'
import { drop } from './target-reset.ts'

const ANY_LISTENS = `SELECT EXISTS (SELECT FROM pg_catalog.pg_event_trigger WHERE evtenabled <> 'D' AND evtevent = 'ddl_command_end') AS any`

/** Of the objects with the keys `$1`, the schemas `$2`, and the foreign servers `$3`. */
const CLOSE = `
  WITH objects(kind, identity, owner, acl, usual, public) AS (
    SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, c.oid::pg_catalog.regclass::text, c.relowner,
           COALESCE(c.relacl, '{}') || ARRAY(SELECT x FROM pg_catalog.pg_attribute a CROSS JOIN LATERAL unnest(a.attacl) x
                                              WHERE a.attrelid = c.oid AND NOT a.attisdropped),
           pg_catalog.acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner), false
      FROM pg_catalog.pg_class c WHERE 'pg_catalog.pg_class'::pg_catalog.regclass::oid || '/' || c.oid = ANY($1)
    UNION ALL
    SELECT 'ROUTINE', p.oid::pg_catalog.regprocedure::text, p.proowner, p.proacl, pg_catalog.acldefault('f', p.proowner), true
      FROM pg_catalog.pg_proc p WHERE 'pg_catalog.pg_proc'::pg_catalog.regclass::oid || '/' || p.oid = ANY($1)
    UNION ALL
    SELECT 'TYPE', t.oid::pg_catalog.regtype::text, t.typowner, t.typacl, pg_catalog.acldefault('T', t.typowner), true
      FROM pg_catalog.pg_type t WHERE 'pg_catalog.pg_type'::pg_catalog.regclass::oid || '/' || t.oid = ANY($1)
    UNION ALL
    SELECT 'SCHEMA', pg_catalog.quote_ident(n.nspname), n.nspowner, n.nspacl, pg_catalog.acldefault('n', n.nspowner), false
      FROM pg_catalog.pg_namespace n WHERE n.nspname = ANY($2) AND pg_catalog.pg_has_role(n.nspowner, 'USAGE')
    UNION ALL
    SELECT 'FOREIGN SERVER', pg_catalog.quote_ident(s.srvname), s.srvowner, s.srvacl, pg_catalog.acldefault('S', s.srvowner), false
      FROM pg_catalog.pg_foreign_server s WHERE s.srvname = ANY($3) AND pg_catalog.pg_has_role(s.srvowner, 'USAGE')
  ), opened AS (SELECT * FROM objects WHERE acl <> '{}' AND NOT usual @> acl)
  SELECT sql FROM (
    SELECT DISTINCT 1 AS step, 'REVOKE ALL ON ' || kind || ' ' || identity || ' FROM ' || ${GRANTEE} || ' CASCADE' AS sql
      FROM opened CROSS JOIN LATERAL pg_catalog.aclexplode(acl) x WHERE x.grantee <> owner
    UNION ALL
    SELECT 2, 'GRANT ALL ON ' || kind || ' ' || identity || ' TO ' || pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(owner))
           || CASE WHEN public THEN ', PUBLIC' ELSE '' END FROM opened
  ) s ORDER BY step, sql`

/** Those that run with the backup's own grants, when it is too late to take anything back, and whose function may grant. */
const GRANTING = `
  SELECT e.evtname::text AS name FROM pg_catalog.pg_event_trigger e
    JOIN pg_catalog.pg_proc p ON p.oid = e.evtfoid JOIN pg_catalog.pg_language l ON l.oid = p.prolang
   WHERE e.evtenabled <> 'D' AND e.evtevent IN ('ddl_command_end', 'ddl_command_start')
     AND (e.evttags IS NULL OR e.evttags && '{GRANT,REVOKE,REFRESH MATERIALIZED VIEW}')
     AND (l.lanname NOT IN ('plpgsql', 'sql') OR p.prosrc ~* '\\m(grant|execute)\\M')
   ORDER BY 1`

/** Before the grants are made: afterwards some may be the backup's own. */
export async function openedAgain(connection: Connection): Promise<Problem[]> {
  const [listens] = await connection.query<{ any: boolean }>(ANY_LISTENS)
  if (listens?.any !== true) return []
  const names = (await connection.query<{ name: string }>(GRANTING)).map(({ name }) => name)
  if (names.length === 0) return []
  return [
    {
      severity: 'warning',
      message: `Event triggers of the target run when rights are granted, and may have granted more than the backup does: ${listed(names)}.`,
      hint: 'Compare the rights with those of the source (\\dp in psql), or disable them for the restore: ALTER EVENT TRIGGER … DISABLE.',
      entries: names.map(name => `EVENT TRIGGER ${name}`),
    },
  ]
}

/** `preData`: what the restore has made. `facts` from before that. */
export async function closeOpened(
  connection: Connection,
  preData: readonly PlannedEntry[],
  facts: TargetFacts,
): Promise<void> {
  const [listens] = await connection.query<{ any: boolean }>(ANY_LISTENS)
  if (listens?.any !== true) return
  const entries = preData.map(({ entry }) => entry)
  const isMade = madeBy(entries)
  const schemas = [...new Set(entries.flatMap(({ schema }) => schema ?? []))]
  const keys = (await objectsIn(connection, schemas)).filter(one => one.ours && isMade(one)).map(({ key }) => key)
  const made = entries.flatMap(({ type, name }) => (type === 'SCHEMA' && !facts.schemas.has(name) ? [name] : []))
  const servers = entries.flatMap(({ type, name }) =>
    /^(?:FOREIGN )?SERVER$/.test(type) && !facts.servers.has(name) ? [name] : [],
  )
  const statements = await connection.query<{ sql: string }>(CLOSE, [keys, made, servers])
  await drop(
    connection,
    statements.map(({ sql }) => sql),
  )
}
