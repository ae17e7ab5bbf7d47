/**
 * The objects of people in a database, each as `DROP` wants it named and as pg_dump calls it. What an extension brought along is
 * not among them, nor what only serves another object (a column's sequence, an array's type): it goes with that one.
 */
import type { Connection } from '../connection/connection.ts'
import type { SchemaEntry } from '../detail.ts'

export interface DatabaseObject {
  /** Of this database, for as long as the object lives. */
  readonly key: string
  /** As `DROP` wants it: `TABLE`, `FUNCTION`. */
  readonly type: string
  /** Quoted, with argument types where it has them. */
  readonly identity: string
  /** Empty for what is in no schema. */
  readonly schema: string
  /** As the header of pg_dump's entry has it: `users`, `area(integer)`, `CAST (a AS b)`. */
  readonly name: string
  readonly owner: string
  /** The restoring role owns it, and may make it again. */
  readonly ours: boolean
  /** It may drop it and make it again: whoever owns a schema may drop what others have made there. */
  readonly droppable: boolean
}

const TYPES = `ARRAY(SELECT pg_catalog.format_type(t, NULL) FROM unnest(p.proargtypes) t)`
const IS_MEMBER = (class_: string, oid: string, kinds: string) => `EXISTS (
  SELECT FROM pg_catalog.pg_depend d WHERE d.classid = ${class_} AND d.objid = ${oid} AND d.objsubid = 0 AND d.deptype IN (${kinds}))`
const catalogue = (name: string) => `'pg_catalog.${name}'::pg_catalog.regclass`
/** Those that are named by schema and name alone, with what their owner's column is called. */
const PLAIN: readonly (readonly [type: string, catalogue: string, prefix: string, owner: string])[] = [
  ['OPERATOR FAMILY', 'pg_opfamily', 'opf', 'opfowner'],
  ['OPERATOR CLASS', 'pg_opclass', 'opc', 'opcowner'],
  ['COLLATION', 'pg_collation', 'coll', 'collowner'],
  ['CONVERSION', 'pg_conversion', 'con', 'conowner'],
  ['STATISTICS', 'pg_statistic_ext', 'stx', 'stxowner'],
  // Only superusers make them, and nobody owns them.
  ['TEXT SEARCH PARSER', 'pg_ts_parser', 'prs', '10'],
  ['TEXT SEARCH TEMPLATE', 'pg_ts_template', 'tmpl', '10'],
  ['TEXT SEARCH DICTIONARY', 'pg_ts_dict', 'dict', 'dictowner'],
  ['TEXT SEARCH CONFIGURATION', 'pg_ts_config', 'cfg', 'cfgowner'],
]
const plain = ([type, table, prefix, owner]: (typeof PLAIN)[number]) => `
    SELECT ${catalogue(table)}, x.oid, '${type}', x.${prefix}namespace, x.${prefix}name::text, x.${prefix}name::text,
           ${type.startsWith('OPERATOR ') ? `' USING ' || pg_catalog.quote_ident((SELECT amname FROM pg_catalog.pg_am a WHERE a.oid = x.${prefix}method))` : `''`},
           ${owner}::oid FROM pg_catalog.${table} x`

/**
 * Of the schemas `$1`. An aggregate without arguments is named with `*`, one of an ordered set with its `ORDER BY`, and a
 * procedure with the modes of its arguments, without which it may be taken for another one.
 */
const IN_SCHEMAS = `
  WITH objects(class, oid, type, schema, name, plain, suffix, owner) AS (
    SELECT ${catalogue('pg_class')}, c.oid, CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
             WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END,
           c.relnamespace, c.relname::text, c.relname::text, '', c.relowner
      FROM pg_catalog.pg_class c WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
    UNION ALL
    SELECT ${catalogue('pg_type')}, t.oid, CASE t.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END,
           t.typnamespace, t.typname::text, t.typname::text, '', t.typowner
      FROM pg_catalog.pg_type t
     WHERE t.typrelid = 0 OR EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c')
    UNION ALL
    SELECT ${catalogue('pg_proc')}, p.oid, CASE p.prokind WHEN 'a' THEN 'AGGREGATE' WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END,
           p.pronamespace, p.proname || '(' || CASE WHEN p.prokind = 'a' AND p.pronargs = 0 THEN '*' ELSE pg_catalog.array_to_string(${TYPES}, ', ') END || ')',
           p.proname::text,
           '(' || CASE WHEN p.prokind = 'a' AND p.pronargs = 0 THEN '*' ELSE pg_catalog.pg_get_function_identity_arguments(p.oid) END || ')',
           p.proowner
      FROM pg_catalog.pg_proc p
    UNION ALL
    SELECT ${catalogue('pg_operator')}, o.oid, 'OPERATOR', o.oprnamespace, o.oprname::text, NULL,
           o.oprname || ' (' || CASE o.oprleft WHEN 0 THEN 'NONE' ELSE pg_catalog.format_type(o.oprleft, NULL) END || ', '
             || CASE o.oprright WHEN 0 THEN 'NONE' ELSE pg_catalog.format_type(o.oprright, NULL) END || ')',
           o.oprowner
      FROM pg_catalog.pg_operator o
    ${PLAIN.map(one => `UNION ALL ${plain(one)}`).join('\n    ')}
  )
  SELECT o.class::oid || '/' || o.oid AS key, o.type, n.nspname::text AS schema, o.name,
         pg_catalog.quote_ident(n.nspname) || '.' || COALESCE(pg_catalog.quote_ident(o.plain), '') || o.suffix AS identity,
         pg_catalog.pg_get_userbyid(o.owner)::text AS owner,
         pg_catalog.pg_has_role(o.owner, 'USAGE') AND pg_catalog.has_schema_privilege(n.oid, 'CREATE') AS ours,
         (pg_catalog.pg_has_role(o.owner, 'USAGE') OR pg_catalog.pg_has_role(n.nspowner, 'USAGE'))
           AND pg_catalog.has_schema_privilege(n.oid, 'CREATE') AS droppable
    FROM objects o JOIN pg_catalog.pg_namespace n ON n.oid = o.schema
   WHERE n.nspname = ANY($1) AND NOT ${IS_MEMBER('o.class', 'o.oid', `'i'`)} AND ($2 OR NOT ${IS_MEMBER('o.class', 'o.oid', `'e'`)})
   ORDER BY o.type <> 'TABLE', identity`

/** Subscriptions are not here: dropping one drops a slot on another server. */
const OUTSIDE = `
  WITH objects(class, oid, type, name, identity, owner) AS (
    SELECT ${catalogue('pg_event_trigger')}, oid, 'EVENT TRIGGER', evtname::text, pg_catalog.quote_ident(evtname), evtowner
      FROM pg_catalog.pg_event_trigger
    UNION ALL
    SELECT ${catalogue('pg_publication')}, oid, 'PUBLICATION', pubname, pg_catalog.quote_ident(pubname), pubowner FROM pg_catalog.pg_publication
    UNION ALL
    SELECT ${catalogue('pg_foreign_server')}, oid, 'SERVER', srvname, pg_catalog.quote_ident(srvname), srvowner FROM pg_catalog.pg_foreign_server
    UNION ALL
    SELECT ${catalogue('pg_foreign_data_wrapper')}, oid, 'FOREIGN DATA WRAPPER', fdwname, pg_catalog.quote_ident(fdwname), fdwowner
      FROM pg_catalog.pg_foreign_data_wrapper
    UNION ALL
    SELECT ${catalogue('pg_transform')}, t.oid, 'TRANSFORM', 'TRANSFORM ' || i.identity, i.identity,
           CASE WHEN pg_catalog.pg_has_role(y.typowner, 'USAGE') THEN y.typowner ELSE l.lanowner END
      FROM pg_catalog.pg_transform t JOIN pg_catalog.pg_type y ON y.oid = t.trftype JOIN pg_catalog.pg_language l ON l.oid = t.trflang
     CROSS JOIN LATERAL (SELECT 'FOR ' || pg_catalog.format_type(y.oid, NULL) || ' LANGUAGE ' || pg_catalog.quote_ident(l.lanname)) i(identity)
    UNION ALL
    SELECT ${catalogue('pg_cast')}, c.oid, 'CAST', 'CAST ' || i.identity, i.identity,
           CASE WHEN pg_catalog.pg_has_role(s.typowner, 'USAGE') THEN s.typowner ELSE t.typowner END
      FROM pg_catalog.pg_cast c JOIN pg_catalog.pg_type s ON s.oid = c.castsource JOIN pg_catalog.pg_type t ON t.oid = c.casttarget
     CROSS JOIN LATERAL (SELECT '(' || pg_catalog.format_type(s.oid, NULL) || ' AS ' || pg_catalog.format_type(t.oid, NULL) || ')') i(identity)
    UNION ALL
    SELECT ${catalogue('pg_language')}, oid, 'LANGUAGE', lanname, pg_catalog.quote_ident(lanname), lanowner FROM pg_catalog.pg_language
    UNION ALL
    SELECT ${catalogue('pg_am')}, oid, 'ACCESS METHOD', amname, pg_catalog.quote_ident(amname), 10 FROM pg_catalog.pg_am
  )
  SELECT o.class::oid || '/' || o.oid AS key, o.type, '' AS schema, o.name, o.identity, pg_catalog.pg_get_userbyid(o.owner)::text AS owner,
         pg_catalog.pg_has_role(o.owner, 'USAGE') AS ours, pg_catalog.pg_has_role(o.owner, 'USAGE') AS droppable
    FROM objects o
   WHERE $1 OR o.oid >= 16384 AND NOT ${IS_MEMBER('o.class', 'o.oid', `'e'`)}
   ORDER BY o.type <> 'EVENT TRIGGER', key`

/** Tables first. */
export async function objectsIn(connection: Connection, schemas: readonly string[]): Promise<DatabaseObject[]> {
  return await connection.query<DatabaseObject>(IN_SCHEMAS, [schemas, false])
}

/** What is in no schema, event triggers first: they would fire when the others go. */
export async function objectsOutside(connection: Connection): Promise<DatabaseObject[]> {
  return await connection.query<DatabaseObject>(OUTSIDE, [false])
}

/** Of others than the restoring role, extensions and the server itself among them. */
export async function objectsOfOthers(connection: Connection, schemas: readonly string[]): Promise<DatabaseObject[]> {
  const inside = await connection.query<DatabaseObject>(IN_SCHEMAS, [schemas, true])
  const outside = await connection.query<DatabaseObject>(OUTSIDE, [true])
  return [...inside, ...outside].filter(({ ours }) => !ours)
}

export function dropOf({ type, identity }: DatabaseObject): string {
  return `DROP ${type} IF EXISTS ${identity} CASCADE`
}

/** Whether an object is one that the entries make. */
export function madeBy(entries: readonly SchemaEntry[]): (object: DatabaseObject) => boolean {
  const names = new Set(
    entries.flatMap(({ type, schema, name }) => {
      if (schema === null) return [`${type === 'PROCEDURAL LANGUAGE' ? 'LANGUAGE' : type} ${name}`]
      // Types of arguments may be spelled another way by another server.
      return [`${schema}.${name}`, withoutArguments(`${schema}.${name}`)]
    }),
  )
  return ({ type, schema, name }) => {
    // pg_dump has turned line breaks in names into spaces.
    const full = (schema === '' ? `${type} ${name}` : `${schema}.${name}`).replace(/[\r\n]/g, ' ')
    return names.has(full) || (schema !== '' && names.has(withoutArguments(full)))
  }
}

function withoutArguments(name: string): string {
  return name.replace(/\([^(]*\)$/s, '')
}
