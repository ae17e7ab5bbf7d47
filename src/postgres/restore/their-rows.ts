/**
 * Rows of the backup for tables that belong to somebody else. They are loaded where the table is empty and the restoring role may
 * write there, by themselves, so that a refusal costs nothing else; all others are told, each with its number, unless the table
 * holds just these: rows that don't come back are never passed over in silence.
 */
import type { Problem } from '../../engine/ports.ts'
import type { Connection } from '../connection/connection.ts'
import { databaseErrorIn, safeMessage } from '../connection/safe-message.ts'
import { displayName, qualified } from '../sql-text.ts'
import { borne } from './borne.ts'
import { keyOf } from './entry-subject.ts'
import { type LoadContext, loadTable } from './load.ts'
import type { RestorePlan, TableLoad } from './restore-plan.ts'
import { holdsSameRows } from './same-rows.ts'
import { isTolerable } from './tolerable.ts'

/** Tables that a line names; the problem's list has them all. */
const NAMED = 10

export interface TheirRows {
  /** Those that can be tried, referenced tables first. */
  readonly loads: readonly TableLoad[]
  /** Sequences that go with them, by `keyOf`, where their value may be set. */
  readonly sequences: ReadonlySet<string>
  readonly problems: readonly Problem[]
}

interface Place {
  readonly key: string
  readonly oid: string
  readonly columns: string[]
  readonly inserts: boolean
  readonly reads: boolean
  readonly filtered: boolean
  /** Of an extension's table, which of its rows are people's: `WHERE …`. */
  readonly condition: string
  readonly refersTo: string[]
  readonly sequences: { readonly schema: string; readonly name: string }[] | null
}

const PLACES = `
  SELECT json_build_array(n.nspname, c.relname)::text AS place, n.nspname AS schema, c.relname AS name, c.oid::text AS oid,
         ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
                WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns,
         pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'INSERT') AS inserts,
         pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AS reads,
         pg_catalog.row_security_active(c.oid) AS filtered,
         COALESCE((SELECT e.extcondition[pg_catalog.array_position(e.extconfig, c.oid)] FROM pg_catalog.pg_extension e
                    WHERE c.oid = ANY (e.extconfig)), '') AS condition,
         ARRAY(SELECT k.confrelid::text FROM pg_catalog.pg_constraint k
                WHERE k.conrelid = c.oid AND k.contype = 'f' AND k.confrelid <> c.oid) AS "refersTo",
         (SELECT json_agg(json_build_object('schema', sn.nspname, 'name', s.relname))
            FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S'
            JOIN pg_catalog.pg_namespace sn ON sn.oid = s.relnamespace
           WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refclassid = d.classid AND d.refobjid = c.oid
             AND d.deptype IN ('a', 'i') AND CASE WHEN s.relkind = 'S' THEN pg_catalog.has_sequence_privilege(s.oid, 'UPDATE') END) AS sequences
    FROM unnest($1::text[], $2::text[]) AS w(schema, name)
    JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
    JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.name AND c.relkind IN ('r', 'p')`

/** `ownerOf`: whose the table is, undefined if it is the restoring role's. `absent`: tables that are not there, by `keyOf`. */
export async function decideRows(
  connection: Connection,
  plan: RestorePlan,
  ownerOf: (load: TableLoad) => string | undefined,
  absent: ReadonlySet<string>,
  context: LoadContext,
): Promise<TheirRows> {
  const all = [...plan.loads, ...plan.added].filter(load => ownerOf(load) !== undefined && rowsOf(load) !== 0)
  const found = await connection.query<Place & { readonly schema: string; readonly name: string }>(PLACES, [
    all.map(({ into }) => into.schema),
    all.map(({ into }) => into.name),
  ])
  const places = new Map(found.map(one => [keyOf(one), one]))
  const tried: TableLoad[] = []
  const left: LeftRows[] = []
  for (const load of all) {
    const place = absent.has(keyOf(load.into)) ? undefined : places.get(keyOf(load.into))
    const reason = await reasonAgainst(connection, load, place)
    if (reason === undefined) tried.push(load)
    else if (!(await isThere(connection, load, place, context)))
      left.push({ load, reason: `${ownerOf(load)}'s table ${reason}` })
  }
  const sequences = tried.flatMap(({ into }) => places.get(keyOf(into))?.sequences ?? [])
  return {
    loads: referencedFirst(tried, places),
    sequences: new Set(sequences.map(keyOf)),
    problems: leftRows(left),
  }
}

async function reasonAgainst(
  connection: Connection,
  load: TableLoad,
  place: Place | undefined,
): Promise<string | undefined> {
  if (place === undefined) return 'is not there'
  if (!place.inserts) return 'may not be written by the restoring role'
  if (!place.reads || place.filtered) return 'hides from the restoring role which rows it has'
  const lacking = lackingColumns(load, place)
  if (lacking.length > 0) return `lacks the columns ${lacking.join(', ')}`
  const rows = await connection.query(`SELECT FROM ONLY ${qualified(load.into)} ${place.condition} LIMIT 1`)
  return rows.length === 0 ? undefined : 'has rows, which stay'
}

async function isThere(
  connection: Connection,
  load: TableLoad,
  place: Place | undefined,
  context: LoadContext,
): Promise<boolean> {
  if (place === undefined || !place.reads || place.filtered || lackingColumns(load, place).length > 0) return false
  return await holdsSameRows(connection, load, place.condition, context)
}

function lackingColumns({ ranges }: TableLoad, { columns }: Place): string[] {
  return ranges[0]?.detail.columns.filter(column => !columns.includes(column)) ?? []
}

function referencedFirst(loads: readonly TableLoad[], places: ReadonlyMap<string, Place>): TableLoad[] {
  const byOid = new Map(loads.map(load => [places.get(keyOf(load.into))?.oid, load]))
  const sorted = new Set<TableLoad>()
  const visit = (load: TableLoad, above: ReadonlySet<TableLoad>): void => {
    if (sorted.has(load) || above.has(load)) return
    for (const oid of places.get(keyOf(load.into))?.refersTo ?? []) {
      const referenced = byOid.get(oid)
      if (referenced !== undefined) visit(referenced, new Set([...above, load]))
    }
    sorted.add(load)
  }
  for (const load of loads) visit(load, new Set())
  return [...sorted]
}

/**
 * Loads them one after the other. Triggers of theirs would do once more what they did when the rows were first written: they are
 * kept quiet where the server lets the role do so (platforms often do).
 */
export async function loadTheirs(
  connection: Connection,
  loads: readonly TableLoad[],
  context: LoadContext,
  atomic: boolean,
): Promise<{ readonly loaded: readonly TableLoad[]; readonly problems: readonly Problem[] }> {
  const loaded: TableLoad[] = []
  const left: LeftRows[] = []
  for (const load of loads) {
    const refused = await borne(connection, atomic, isTolerable, async () => {
      if (!atomic) await connection.query('BEGIN')
      const quiet = await borne(connection, true, isTolerable, async () => {
        await connection.query('SET LOCAL session_replication_role = replica')
      })
      await loadTable(connection, load, context, { freeze: false })
      if (quiet === undefined) await connection.query('SET LOCAL session_replication_role = origin')
      if (!atomic) await connection.query('COMMIT')
    })
    if (refused === undefined) loaded.push(load)
    else left.push({ load, reason: wordsOf(refused) })
  }
  return { loaded, problems: leftRows(left) }
}

function wordsOf(error: unknown): string {
  const said = databaseErrorIn(error)
  return said === undefined ? String(error) : safeMessage(said)
}

interface LeftRows {
  readonly load: TableLoad
  readonly reason: string
}

function leftRows(left: readonly LeftRows[]): Problem[] {
  if (left.length === 0) return []
  const texts = left.map(({ load, reason }) => `${displayName(load.into)} (${numberText(load)}: ${reason})`)
  const total = left.reduce((sum, { load }) => sum + (rowsOf(load) ?? 0), 0)
  const more = texts.length > NAMED ? ` and ${texts.length - NAMED} more` : ''
  return [
    {
      severity: 'partial',
      message: `${total.toLocaleString('en')} row${total === 1 ? '' : 's'} of the backup ${total === 1 ? 'is' : 'are'} not restored, since others own their tables: ${texts.slice(0, NAMED).join(', ')}${more}.`,
      hint: 'Their owner can load them from the files that comeback export writes.',
      entries: texts,
    },
  ]
}

function numberText(load: TableLoad): string {
  const rows = rowsOf(load)
  return rows === undefined ? 'rows' : `${rows.toLocaleString('en')} row${rows === 1 ? '' : 's'}`
}

/** Undefined where the backup did not count them. */
function rowsOf({ ranges }: TableLoad): number | undefined {
  return ranges.reduce<number | undefined>(
    (sum, { rows }) => (sum === undefined || rows === undefined ? undefined : sum + rows),
    0,
  )
}
