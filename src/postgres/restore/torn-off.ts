/**
 * What hangs on a table of somebody else's, and went because it depends on what is replaced: a policy that calls a function of
 * people's, a column of their type. The table stays, and only its owner could put that back. Triggers that the restoring role may
 * make are its own: they become what the backup has of them.
 */
import type { Problem } from '../../engine/ports.ts'
import { ComebackError } from '../../errors.ts'
import type { Connection } from '../connection/connection.ts'
import type { RestoreContext } from './restore-context.ts'
import { listed } from './selection.ts'

interface Part {
  /** The table's OID and what hangs on it, which name it in the catalogue. */
  readonly key: string
  readonly relation: string
  readonly owner: string
  /** `POLICY people ON storage.objects` */
  readonly name: string
  /** As pg_dump's entry of a policy has it: `objects people` in its schema. */
  readonly schema: string
  readonly tag: string
  /** Without it nobody may do more than with it, and nothing is lost: a policy that lets somebody in. */
  readonly isSpare: boolean
}

const catalogue = (name: string) => `'pg_catalog.${name}'::pg_catalog.regclass::oid`

const PARTS = `
  SELECT c.oid || ' ' || p.kind || ' ' || p.name AS key, c.oid::text AS relation, pg_catalog.pg_get_userbyid(c.relowner)::text AS owner,
         p.kind || ' ' || p.name || ' ON ' || c.oid::pg_catalog.regclass AS name,
         n.nspname::text AS schema, c.relname || ' ' || p.name AS tag, p.spare AS "isSpare", p.class, p.object, p.place, c.oid
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   CROSS JOIN LATERAL (
     SELECT 'COLUMN' AS kind, attname::text AS name, false AS spare, ${catalogue('pg_class')} AS class, attrelid AS object, attnum AS place
       FROM pg_catalog.pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped
     UNION ALL
     SELECT 'DEFAULT OF COLUMN', a.attname, false, ${catalogue('pg_attrdef')}, d.oid, 0
       FROM pg_catalog.pg_attrdef d JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
      WHERE d.adrelid = c.oid
     UNION ALL SELECT 'CONSTRAINT', conname, false, ${catalogue('pg_constraint')}, oid, 0 FROM pg_catalog.pg_constraint WHERE conrelid = c.oid
     UNION ALL SELECT 'INDEX', i.relname, false, ${catalogue('pg_class')}, i.oid, 0
       FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid WHERE x.indrelid = c.oid
     UNION ALL SELECT 'TRIGGER', tgname, false, ${catalogue('pg_trigger')}, oid, 0 FROM pg_catalog.pg_trigger
      WHERE tgrelid = c.oid AND NOT tgisinternal AND NOT pg_catalog.has_table_privilege(c.oid, 'TRIGGER')
     UNION ALL SELECT 'POLICY', polname, polpermissive, ${catalogue('pg_policy')}, oid, 0 FROM pg_catalog.pg_policy WHERE polrelid = c.oid
   ) p
   WHERE c.relkind IN ('r', 'p', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`
const OF_OTHERS = `${PARTS} AND NOT pg_catalog.pg_has_role(c.relowner, 'USAGE') ORDER BY 1`
const NOW = `${PARTS} AND c.oid::text = ANY($1)`
/** What would go with what the restoring role may drop in the schemas `$1`. */
const DOOMED = `
  WITH RECURSIVE doomed(class, object, place) AS (
    SELECT d.classid, d.objid, 0 FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_namespace n ON n.oid = d.refobjid
     WHERE d.refclassid = ${catalogue('pg_namespace')} AND n.nspname = ANY($1) AND d.classid <> ${catalogue('pg_extension')}
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = d.classid AND e.objid = d.objid AND e.deptype = 'e')
       AND (pg_catalog.pg_has_role(n.nspowner, 'USAGE') OR EXISTS (
         SELECT FROM pg_catalog.pg_shdepend o WHERE o.classid = d.classid AND o.objid = d.objid AND o.deptype = 'o'
            AND o.dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
            AND pg_catalog.pg_has_role(o.refobjid, 'USAGE')))
    UNION
    SELECT d.classid, d.objid, d.objsubid FROM doomed
      JOIN pg_catalog.pg_depend d ON d.refclassid = doomed.class AND d.refobjid = doomed.object AND doomed.place IN (0, d.refobjsubid)
     WHERE d.deptype IN ('n', 'a', 'i', 'P', 'S')
  ), parts AS (${PARTS} AND NOT pg_catalog.pg_has_role(c.relowner, 'USAGE'))
  SELECT * FROM parts p
   WHERE EXISTS (SELECT FROM doomed d WHERE (d.class, d.object, d.place) = (p.class, p.object, p.place))
     AND NOT EXISTS (SELECT FROM doomed d WHERE (d.class, d.object, d.place) = (${catalogue('pg_class')}, p.oid, 0))
   ORDER BY key`

export async function partsOfOthers(connection: Connection): Promise<readonly Part[]> {
  return await connection.query<Part>(OF_OTHERS)
}

type Restoring = Pick<RestoreContext, 'facts' | 'plan' | 'choice'> & { readonly tolerates: boolean }

/** Inside the transaction, when all is done. `before`: as it was. Throws `permission` unless the restore may do without. */
export async function refuseTornOff(
  { connection, facts, plan, choice, tolerance }: RestoreContext,
  before: readonly Part[],
): Promise<Problem[]> {
  if (before.length === 0) return []
  const now = await connection.query<Part>(NOW, [[...new Set(before.map(({ relation }) => relation))]])
  const stay = new Set(now.map(({ relation }) => relation))
  const there = new Set(now.map(({ key }) => key))
  const lost = before.filter(({ key, relation }) => stay.has(relation) && !there.has(key))
  return refuse(lost, { facts, plan, tolerates: tolerance !== undefined, ...(choice && { choice }) })
}

/** The same before anything is done. */
export async function foreseeTornOff(connection: Connection, restoring: Restoring): Promise<Problem[]> {
  const { plan, facts } = restoring
  const schemas = plan.detail.schemas.filter(schema => facts.schemas.has(schema))
  return refuse(await connection.query<Part>(DOOMED, [schemas]), restoring)
}

function refuse(torn: readonly Part[], { facts, plan, choice, tolerates }: Restoring): Problem[] {
  const policies = new Set(
    [...plan.postData, ...plan.preData].flatMap(({ entry: { type, schema, name } }) =>
      type === 'POLICY' ? [JSON.stringify([schema, name])] : [],
    ),
  )
  // What a part of a backup lacks may well be in the rest of it.
  const isNewer = ({ isSpare, schema, tag }: Part) =>
    isSpare && choice?.isPart !== true && !policies.has(JSON.stringify([schema, tag]))
  const newer = torn.filter(isNewer).map(({ name }) => name)
  const gone: Problem[] =
    newer.length === 0
      ? []
      : [
          {
            severity: 'warning',
            message: `Newer than the backup, and gone with what they call: ${listed(newer)}.`,
            hint: 'They let somebody in, so nobody may do more without them. The owner of the table can make them again.',
            entries: newer,
          },
        ]
  const lost = torn.filter(part => !isNewer(part))
  if (lost.length === 0) return gone
  const names = lost.map(({ name }) => name)
  const owners = [...new Set(lost.map(({ owner }) => owner))].join(', ')
  const message = `What depends on what is replaced goes with it, and ${facts.currentUser} may not make it again, since the tables are another role's: ${listed(names)}.`
  if (tolerates) {
    return [
      ...gone,
      { severity: 'partial', message, hint: `It can be made again as a member of ${owners}.`, entries: names },
    ]
  }
  throw new ComebackError('permission', message, {
    hint: `Nothing was changed. Restore as a member of ${owners}, or rows alone, with --data-only. With --tolerate it goes, and is listed.`,
  })
}
