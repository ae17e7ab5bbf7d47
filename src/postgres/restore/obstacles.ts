/** What keeps rows out of their table that the source holds: a check that they no longer pass, an expression that can't be computed. */
import type pg from 'pg'
import type { Unmade } from '../../engine/ports.ts'
import type { Connection } from '../connection/connection.ts'
import { saidBy } from '../connection/said-fields.ts'
import type { Relation } from '../detail.ts'

export interface Obstacle {
  /** As the list of what was not made names it. */
  readonly name: string
  /** Takes it away, and puts it back; some can't be put back once there are rows. */
  readonly away: string
  readonly back: readonly string[]
  readonly outcome: Unmade['outcome']
  readonly later: readonly string[]
  readonly hint: string | undefined
}

/** The table with all that it inherits from, `$1` and `$2` its schema and name. */
const UP = `
  WITH RECURSIVE up AS (
    SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relname = $2
    UNION
    SELECT i.inhparent FROM up JOIN pg_catalog.pg_inherits i ON i.inhrelid = up.oid
  )`
const OWNER = `pg_catalog.format('%I.%I', n.nspname, c.relname)`
const COMMENT = (kind: string) => `
  CASE WHEN pg_catalog.obj_description(k.oid, 'pg_constraint') IS NULL THEN '{}' ELSE ARRAY[pg_catalog.format(
    'COMMENT ON CONSTRAINT %I ON ${kind}%s IS %L', k.conname, o.owner, pg_catalog.obj_description(k.oid, 'pg_constraint'))] END`

const CHECKS = (which: string) => `${UP}
  SELECT 'CHECK CONSTRAINT ' || n.nspname || '.' || c.relname || ' ' || k.conname AS name,
         pg_catalog.format('ALTER TABLE %s DROP CONSTRAINT %I', o.owner, k.conname) AS away,
         ARRAY[pg_catalog.format('ALTER TABLE %s ADD CONSTRAINT %I %s', o.owner, k.conname, pg_catalog.pg_get_constraintdef(k.oid))]
           || ${COMMENT('')} AS back,
         'left-out' AS outcome, '{}'::text[] AS later, NULL AS hint
    FROM up JOIN pg_catalog.pg_constraint k ON k.conrelid = up.oid
    JOIN pg_catalog.pg_class c ON c.oid = up.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace,
         LATERAL (SELECT ${OWNER} AS owner) o
   WHERE k.contype = 'c' AND k.coninhcount = 0 AND ${which}`

const DOMAIN_CHECK = `
  SELECT 'CHECK CONSTRAINT ' || n.nspname || '.' || t.typname || ' ' || k.conname AS name,
         pg_catalog.format('ALTER DOMAIN %s DROP CONSTRAINT %I', o.owner, k.conname) AS away,
         ARRAY[pg_catalog.format('ALTER DOMAIN %s ADD CONSTRAINT %I %s', o.owner, k.conname, pg_catalog.pg_get_constraintdef(k.oid))]
           || ${COMMENT('DOMAIN ')} AS back,
         'left-out' AS outcome, '{}'::text[] AS later, NULL AS hint
    FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_type t ON t.oid = k.contypid
    JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace,
         LATERAL (SELECT pg_catalog.format('%I.%I', n.nspname, t.typname) AS owner) o
   WHERE n.nspname = $1 AND t.typname = $2 AND k.conname = $3`

const NOT_NULL = `${UP}
  SELECT 'NOT NULL ' || n.nspname || '.' || c.relname || ' ' || a.attname AS name,
         pg_catalog.format('ALTER TABLE %s ALTER COLUMN %I DROP NOT NULL', ${OWNER}, a.attname) AS away,
         ARRAY[pg_catalog.format('ALTER TABLE %s ALTER COLUMN %I SET NOT NULL', ${OWNER}, a.attname)] AS back,
         'left-out' AS outcome, '{}'::text[] AS later, NULL AS hint
    FROM up JOIN pg_catalog.pg_attribute a ON a.attrelid = up.oid
    JOIN pg_catalog.pg_class c ON c.oid = up.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE a.attname = $3 AND a.attnotnull
   ORDER BY up.oid`

const COLUMNS = (select: string, which: string) => `
  SELECT 'COLUMN ' || n.nspname || '.' || c.relname || '.' || a.attname AS name, ${select}
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
    LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
   WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped AND a.attinhcount = 0 AND ${which}`

const TYPE = 'pg_catalog.format_type(a.atttypid, a.atttypmod)'

/** What they name may be made after the rows: an index. */
const NAMES_BACK = `pg_catalog.format('ALTER TABLE %s ALTER COLUMN %I TYPE %s USING %2$I::%3$s', ${OWNER}, a.attname, ${TYPE})`

/** Names that the server looks up when it reads them. As text they are what they were. */
const NAMES = COLUMNS(
  `pg_catalog.format('ALTER TABLE %s ALTER COLUMN %I TYPE text', ${OWNER}, a.attname) AS away, ARRAY[${NAMES_BACK}] AS back,
   'changed' AS outcome, ARRAY[${NAMES_BACK}] AS later,
   'It is of type text, as it names something that is not there. Create that, then change the type back.' AS hint`,
  `a.atttypid IN (SELECT t.oid FROM pg_catalog.pg_type t WHERE t.typnamespace = 'pg_catalog'::pg_catalog.regnamespace AND t.typname LIKE 'reg%')`,
)

/** Their values are not in the backup: a server computes them. */
const GENERATED = COLUMNS(
  `pg_catalog.format('ALTER TABLE %s ALTER COLUMN %I DROP EXPRESSION', ${OWNER}, a.attname) AS away, '{}'::text[] AS back,
   'changed' AS outcome,
   ARRAY[pg_catalog.format('ALTER TABLE %s DROP COLUMN %I', ${OWNER}, a.attname),
     pg_catalog.format('ALTER TABLE %s ADD COLUMN %I %s GENERATED ALWAYS AS (%s) STORED', ${OWNER}, a.attname, ${TYPE},
       pg_catalog.pg_get_expr(d.adbin, d.adrelid))] AS later,
   'It is empty, as its expression could not be computed. Correct that, then create the column anew.' AS hint`,
  `a.attgenerated = 's'`,
)

const USES_FUNCTION = `EXISTS (SELECT FROM pg_catalog.pg_depend d
  WHERE d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND d.objid = k.oid
    AND d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.refobjid >= 16384)`

/** What the server's refusal of rows of `table` points to; none if it can't be taken away. */
export async function obstaclesFor(
  connection: Connection,
  table: Relation,
  said: pg.DatabaseError,
): Promise<readonly Obstacle[]> {
  const { code = '', schema, constraint, column, dataType } = said
  const at = [schema ?? table.schema, said.table ?? table.name]
  if (code === '23514') {
    if (constraint === undefined) return []
    return dataType === undefined
      ? await connection.query(CHECKS('k.conname = $3'), [...at, constraint])
      : await connection.query(DOMAIN_CHECK, [schema, dataType, constraint])
  }
  if (code === '23502') return column === undefined ? [] : await connection.query(NOT_NULL, [...at, column])
  const here = [table.schema, table.name]
  const checks = await connection.query<Obstacle>(CHECKS(USES_FUNCTION), here)
  if (checks.length > 0) return checks
  if (/^(?:42704|42P01|42883|3F000|42602|22P02)$/.test(code) && saidBy(said).where !== undefined) {
    const names = await connection.query<Obstacle>(NAMES, here)
    if (names.length > 0) return names
  }
  return await connection.query<Obstacle>(GENERATED, here)
}
