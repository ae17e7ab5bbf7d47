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
}

const PARTS = `
  SELECT c.oid || ' ' || p.kind || ' ' || p.name AS key, c.oid::text AS relation, pg_catalog.pg_get_userbyid(c.relowner)::text AS owner,
         p.kind || ' ' || p.name || ' ON ' || c.oid::pg_catalog.regclass AS name
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   CROSS JOIN LATERAL (
     SELECT 'COLUMN' AS kind, attname::text AS name FROM pg_catalog.pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped
     UNION ALL
     SELECT 'DEFAULT OF COLUMN', a.attname FROM pg_catalog.pg_attrdef d JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
      WHERE d.adrelid = c.oid
     UNION ALL SELECT 'CONSTRAINT', conname FROM pg_catalog.pg_constraint WHERE conrelid = c.oid
     UNION ALL SELECT 'INDEX', i.relname FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid WHERE x.indrelid = c.oid
     UNION ALL SELECT 'TRIGGER', tgname FROM pg_catalog.pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal
        AND NOT pg_catalog.has_table_privilege(c.oid, 'TRIGGER')
     UNION ALL SELECT 'POLICY', polname FROM pg_catalog.pg_policy WHERE polrelid = c.oid
   ) p
   WHERE c.relkind IN ('r', 'p', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`
const OF_OTHERS = `${PARTS} AND NOT pg_catalog.pg_has_role(c.relowner, 'USAGE') ORDER BY 1`
const NOW = `${PARTS} AND c.oid::text = ANY($1)`

export async function partsOfOthers(connection: Connection): Promise<readonly Part[]> {
  return await connection.query<Part>(OF_OTHERS)
}

/** Inside the transaction, when all is done. `before`: as it was. Throws `permission` unless the restore may do without. */
export async function refuseTornOff(
  { connection, facts, tolerance }: RestoreContext,
  before: readonly Part[],
): Promise<Problem[]> {
  if (before.length === 0) return []
  const now = await connection.query<Part>(NOW, [[...new Set(before.map(({ relation }) => relation))]])
  const stay = new Set(now.map(({ relation }) => relation))
  const there = new Set(now.map(({ key }) => key))
  const lost = before.filter(({ key, relation }) => stay.has(relation) && !there.has(key))
  if (lost.length === 0) return []
  const names = lost.map(({ name }) => name)
  const owners = [...new Set(lost.map(({ owner }) => owner))].join(', ')
  const message = `What depends on what is replaced goes with it, and ${facts.currentUser} may not make it again, since the tables are another role's: ${listed(names)}.`
  if (tolerance !== undefined) {
    return [{ severity: 'partial', message, hint: `It can be made again as a member of ${owners}.`, entries: names }]
  }
  throw new ComebackError('permission', message, {
    hint: `Nothing was changed. Restore as a member of ${owners}, or rows alone, with --data-only. With --tolerate it goes, and is listed.`,
  })
}
