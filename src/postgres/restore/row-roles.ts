/**
 * Roles that rows name: a column of the type regrole holds a number, is written as a name, and is read again only where there is
 * a role of that name.
 */
import type { Connection } from '../connection/connection.ts'
import type { Relation } from '../detail.ts'
import { createRoles } from './create-roles.ts'
import type { LoadContext } from './load.ts'
import type { RestoreContext } from './restore-context.ts'
import type { RangeSegment } from './restore-plan.ts'

const NEWLINE = 0x0a

interface Column extends Relation {
  readonly column: string
  readonly many: boolean
}

/** Of tables that are there by now. */
const COLUMNS = `
  SELECT n.nspname AS schema, c.relname AS name, a.attname AS column, t.typelem <> 0 AS many
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
   WHERE a.attnum > 0 AND NOT a.attisdropped
     AND (t.oid = 'pg_catalog.regrole'::pg_catalog.regtype OR t.typelem = 'pg_catalog.regrole'::pg_catalog.regtype
          OR t.typbasetype = 'pg_catalog.regrole'::pg_catalog.regtype)`

/** When the tables are made, and before their rows come: creates those roles that are missing, if the restore may, and adds them to its list. */
export async function createRowRoles(
  connection: Connection,
  { plan, load, facts, roles }: RestoreContext,
): Promise<void> {
  if (roles === undefined) return
  const columns = await connection.query<Column>(COLUMNS)
  if (columns.length === 0) return
  const named = new Set<string>()
  for (const { into, ranges } of [...plan.loads, ...plan.added]) {
    const own = columns.filter(({ schema, name }) => schema === into.schema && name === into.name)
    for (const range of own.length === 0 ? [] : ranges) {
      for await (const name of namesIn(connection, range, own, load)) named.add(name)
    }
  }
  const missing = await connection.query<{ name: string }>(
    `SELECT DISTINCT name FROM pg_catalog.unnest($1::text[]) AS t(name)
      WHERE name !~ '^(-|[0-9]+|pg_.*)$' AND NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = name) ORDER BY name`,
    [[...named]],
  )
  const names = missing.map(({ name }) => name)
  await createRoles(connection, names, facts)
  roles.push(...names)
}

async function* namesIn(
  connection: Connection,
  range: RangeSegment,
  columns: readonly Column[],
  load: LoadContext,
): AsyncGenerator<string> {
  const places = columns.map(({ column, many }) => ({ many, place: range.detail.columns.indexOf(column) }))
  const lists = new Set<string>()
  for await (const line of linesOf(range, load)) {
    const fields = line.split('\t')
    for (const { place, many } of places) {
      const field = fields[place]
      if (field === undefined || field === '\\N') continue
      const text = field.replace(/\\(.)/g, '$1')
      if (many) lists.add(text)
      else yield unquoted(text)
    }
  }
  const elements = await connection.query<{ name: string }>(
    'SELECT DISTINCT e AS name FROM pg_catalog.unnest($1::text[]) AS l(list), pg_catalog.unnest(list::text[]) AS e WHERE e IS NOT NULL',
    [[...lists]],
  )
  for (const { name } of elements) yield unquoted(name)
}

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name
}

async function* linesOf({ segment, detail }: RangeSegment, { backup, signal }: LoadContext): AsyncGenerator<string> {
  const end = segment.bytes - detail.tail
  let position = 0
  let begun: Buffer[] = []
  for await (const piece of backup.read(segment, signal)) {
    const from = Math.max(detail.head - position, 0)
    const to = Math.min(end - position, piece.length)
    position += piece.length
    if (from >= to) continue
    const bytes = Buffer.from(piece.subarray(from, to))
    let start = 0
    for (let stop = bytes.indexOf(NEWLINE); stop >= 0; stop = bytes.indexOf(NEWLINE, start)) {
      yield Buffer.concat([...begun, bytes.subarray(start, stop)]).toString('utf8')
      begun = []
      start = stop + 1
    }
    begun.push(bytes.subarray(start))
  }
}
