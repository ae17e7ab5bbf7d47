/** Who may do what in a database: every privilege of every role on every object, as the server itself answers. */
import type { TestDatabase } from './database.ts'

const TABLE = `'{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]`
const OURS = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`

/** Each asks with `r.oid` the role, and names kind, object and privilege. */
const QUESTIONS = `
  SELECT 'schema' AS kind, quote_ident(n.nspname) AS name, p AS privilege, has_schema_privilege(r.oid, n.oid, p) AS held
    FROM pg_namespace n, unnest('{USAGE,CREATE}'::text[]) p WHERE ${OURS}
  UNION ALL
  SELECT 'table', c.oid::regclass::text, p, has_table_privilege(r.oid, c.oid, p)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, unnest(${TABLE}) p WHERE ${OURS} AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  UNION ALL
  SELECT 'column', c.oid::regclass::text || '.' || a.attname, p, has_column_privilege(r.oid, c.oid, a.attnum, p)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped,
         unnest('{SELECT,INSERT,UPDATE,REFERENCES}'::text[]) p WHERE ${OURS} AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  UNION ALL
  SELECT 'sequence', c.oid::regclass::text, p, has_sequence_privilege(r.oid, c.oid, p)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, unnest('{USAGE,SELECT,UPDATE}'::text[]) p WHERE ${OURS} AND c.relkind = 'S'
  UNION ALL
  SELECT 'function', f.oid::regprocedure::text, p, has_function_privilege(r.oid, f.oid, p)
    FROM pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace, unnest('{EXECUTE}'::text[]) p WHERE ${OURS}
  UNION ALL
  SELECT 'type', t.oid::regtype::text, p, has_type_privilege(r.oid, t.oid, p)
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace, unnest('{USAGE}'::text[]) p WHERE ${OURS} AND t.typelem = 0
  UNION ALL
  SELECT 'language', l.lanname::text, p, has_language_privilege(r.oid, l.oid, p) FROM pg_language l, unnest('{USAGE}'::text[]) p
  UNION ALL
  SELECT 'wrapper', w.fdwname::text, p, has_foreign_data_wrapper_privilege(r.oid, w.oid, p) FROM pg_foreign_data_wrapper w, unnest('{USAGE}'::text[]) p
  UNION ALL
  SELECT 'server', s.srvname::text, p, has_server_privilege(r.oid, s.oid, p) FROM pg_foreign_server s, unnest('{USAGE}'::text[]) p
  UNION ALL
  SELECT 'large object', m.oid::text, p, pg_has_role(r.oid, m.lomowner, 'USAGE') OR EXISTS (
           SELECT FROM aclexplode(m.lomacl) x WHERE x.privilege_type = p AND (x.grantee = 0 OR pg_has_role(r.oid, x.grantee, 'USAGE')))
    FROM pg_largeobject_metadata m, unnest('{SELECT,UPDATE}'::text[]) p`

/** `role: kind name PRIVILEGE` of all that the roles hold, sorted. */
export async function privilegesOf(database: TestDatabase, roles: readonly string[]): Promise<string[]> {
  const rows = await database.query(
    `SELECT r.rolname || ': ' || q.kind || ' ' || q.name || ' ' || q.privilege AS held
       FROM pg_roles r CROSS JOIN LATERAL (${QUESTIONS}) q WHERE r.rolname = ANY($1) AND q.held ORDER BY 1`,
    [roles],
  )
  return rows.map(({ held }) => String(held))
}

/** Default privileges, one text each. */
export async function defaultPrivilegesOf(database: TestDatabase): Promise<string[]> {
  const rows = await database.query(
    `SELECT pg_get_userbyid(d.defaclrole) || ' ' || COALESCE(n.nspname, '*') || ' ' || d.defaclobjtype::text || ' ' ||
            ARRAY(SELECT x::text FROM unnest(d.defaclacl) x ORDER BY 1)::text AS text
       FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace ORDER BY 1`,
  )
  return rows.map(({ text }) => String(text))
}
