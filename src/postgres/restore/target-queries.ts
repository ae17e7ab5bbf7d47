/** What a reset asks the catalogue; most answers are statements, made by the server with its own quoting. */

/** Schemas in which an extension stands or has something; and all where the role could not make again what it drops. */
export const STAYING_SCHEMAS = `
  SELECT n.nspname AS schema FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
  UNION
  SELECT n.nspname
    FROM pg_catalog.pg_depend m
    JOIN pg_catalog.pg_depend d ON d.classid = m.classid AND d.objid = m.objid
     AND d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
    JOIN pg_catalog.pg_namespace n ON n.oid = d.refobjid
   WHERE m.deptype = 'e'
  UNION
  SELECT n.nspname FROM pg_catalog.pg_depend m JOIN pg_catalog.pg_namespace n ON n.oid = m.objid
   WHERE m.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND m.deptype = 'e'
  UNION
  SELECT nspname FROM pg_catalog.pg_namespace
   WHERE NOT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')`

/** What stands outside the schemas `$1`, depends on something inside, and so goes with it. */
export const DEPENDENTS_OUTSIDE = `
  WITH doomed AS (
    SELECT d.classid, d.objid FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_namespace n ON n.oid = d.refobjid
     WHERE d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND n.nspname = ANY($1)
  ), outside AS (
    SELECT DISTINCT d.classid, d.objid, d.objsubid,
           COALESCE(r.ev_class, t.tgrelid, a.adrelid, p.polrelid, c.conrelid, CASE d.classid
             WHEN 'pg_catalog.pg_class'::pg_catalog.regclass THEN d.objid END) AS relation
      FROM doomed JOIN pg_catalog.pg_depend d ON d.refclassid = doomed.classid AND d.refobjid = doomed.objid
      LEFT JOIN pg_catalog.pg_rewrite r ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND r.oid = d.objid
      LEFT JOIN pg_catalog.pg_trigger t ON d.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass AND t.oid = d.objid
      LEFT JOIN pg_catalog.pg_attrdef a ON d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND a.oid = d.objid
      LEFT JOIN pg_catalog.pg_policy p ON d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass AND p.oid = d.objid
      LEFT JOIN pg_catalog.pg_constraint c ON d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND c.oid = d.objid
     WHERE d.deptype IN ('n', 'a')
  )
  SELECT DISTINCT i.type || ' ' || i.identity AS name
    FROM outside o JOIN pg_catalog.pg_class k ON k.oid = o.relation
    JOIN pg_catalog.pg_namespace n ON n.oid = k.relnamespace
   CROSS JOIN LATERAL pg_catalog.pg_identify_object(o.classid, o.objid, o.objsubid) i
   WHERE n.nspname <> ALL($1) AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
   ORDER BY 1`

export const UNLINK_LARGE_OBJECTS = `
  SELECT pg_catalog.lo_unlink(oid) FROM pg_catalog.pg_largeobject_metadata WHERE pg_catalog.pg_has_role(lomowner, 'USAGE')`
