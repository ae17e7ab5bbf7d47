/** What a database holds, before and after: tables with their rows, counted, and their bytes. */
import type { MigratedTable } from '../../engine/migration.ts'
import { type Connection, type ConnectOptions, connect } from '../connection/connection.ts'
import { IS_USER_SCHEMA } from '../dump/tables.ts'
import { displayName, qualified } from '../sql-text.ts'

/** Connections that count. */
const LANES = 4
/** Changed tables that are told. */
const TOLD = 200

export interface Inventory {
  /** Tables with rows of their own, by name. */
  readonly tables: ReadonlyMap<string, { readonly rows: number; readonly bytes: number }>
  /** All that rows can be read from, by oid. */
  readonly relations: ReadonlyMap<string, string>
}

interface Row {
  readonly oid: string
  readonly kind: string
  readonly schema: string
  readonly name: string
  readonly bytes: number
}

/**
 * Bytes are those of the table, its TOAST table and all their indexes, without the maps of free and of visible space: these come
 * and go with every vacuum.
 */
const QUERY = `
  SELECT c.oid::text AS oid, c.relkind AS kind, n.nspname::text AS schema, c.relname::text AS name,
         (SELECT coalesce(sum(pg_catalog.pg_relation_size(part::pg_catalog.regclass, 'main')), 0)::float8
            FROM (SELECT c.oid AS part UNION ALL SELECT c.reltoastrelid WHERE c.reltoastrelid <> 0
                  UNION ALL SELECT i.indexrelid FROM pg_catalog.pg_index i
                   WHERE i.indrelid = c.oid OR (i.indrelid = c.reltoastrelid AND c.reltoastrelid <> 0)) AS parts) AS bytes
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p', 'm', 'f', 'v') AND ${IS_USER_SCHEMA}`

export async function takeInventory(target: ConnectOptions): Promise<Inventory> {
  const options = { ...target, settings: { statement_timeout: '0', row_security: 'off' } }
  await using leader = await connect(options)
  const rows = await leader.query<Row>(QUERY)
  const waiting = rows.filter(({ kind }) => kind === 'r').sort((a, b) => a.bytes - b.bytes)
  const tables = new Map<string, { rows: number; bytes: number }>()
  const count = async (connection: Connection) => {
    for (let table = waiting.pop(); table !== undefined; table = waiting.pop()) {
      const [found] = await connection.query<{ rows: string }>(
        `SELECT count(*)::text AS rows FROM ONLY ${qualified(table)}`,
      )
      tables.set(displayName(table), { rows: Number(found?.rows ?? 0), bytes: table.bytes })
    }
  }
  const others = Math.min(LANES, waiting.length) - 1
  await Promise.all([
    count(leader),
    ...Array.from({ length: Math.max(0, others) }, async () => {
      await using connection = await connect(options)
      await count(connection)
    }),
  ])
  return { tables, relations: new Map(rows.map(row => [row.oid, displayName(row)])) }
}

/** The largest change first; of very many, not all. `sized`: where there are no rows, pages say nothing. */
export function changedTables(before: Inventory, after: Inventory, sized = true): readonly MigratedTable[] {
  const names = new Set([...before.tables.keys(), ...after.tables.keys()])
  const changed: { readonly table: MigratedTable; readonly rows: number; readonly bytes: number }[] = []
  for (const name of names) {
    const [old, now] = [before.tables.get(name), after.tables.get(name)]
    const rows = Math.abs((now?.rows ?? 0) - (old?.rows ?? 0))
    const bytes = sized ? Math.abs((now?.bytes ?? 0) - (old?.bytes ?? 0)) : 0
    if (rows === 0 && bytes === 0 && old !== undefined && now !== undefined) continue
    const table: MigratedTable = {
      name,
      rows: { ...(old && { before: old.rows }), ...(now && { after: now.rows }) },
      bytes: sized ? { ...(old && { before: old.bytes }), ...(now && { after: now.bytes }) } : {},
    }
    changed.push({ table, rows, bytes })
  }
  const sorted = changed.sort((a, b) => b.rows - a.rows || b.bytes - a.bytes)
  return sorted.slice(0, TOLD).map(({ table }) => table)
}
