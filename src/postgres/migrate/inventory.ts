/** A database as a migration may change it: its schema as text, and how many rows and bytes each table has. */
import { type ConnectOptions, connect } from '../connection/connection.ts'
import type { Relation } from '../detail.ts'
import { IS_USER_SCHEMA } from '../dump/tables.ts'
import { dumpSchema } from '../schema/pg-dump.ts'
import { scriptFor } from '../schema/script-for.ts'
import { displayName, qualified } from '../sql-text.ts'

export interface Inventory {
  readonly schema: string
  readonly tables: ReadonlyMap<string, { readonly rows: number; readonly bytes: number }>
}

const TABLES = `
  SELECT n.nspname AS schema, c.relname AS name, pg_catalog.pg_total_relation_size(c.oid)::text AS bytes
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' AND ${IS_USER_SCHEMA}
   ORDER BY pg_catalog.pg_total_relation_size(c.oid) DESC`

export async function takeInventory(
  options: ConnectOptions,
  lanes: number,
  pgDump: string | undefined,
): Promise<Inventory> {
  await using connection = await connect(options)
  const [schema, tables] = await Promise.all([
    schemaText(options, connection.serverVersion, pgDump),
    countRows(options, await connection.query<Row>(TABLES), lanes),
  ])
  return { schema, tables }
}

type Row = Relation & { readonly bytes: string }

async function schemaText(options: ConnectOptions, version: number, pgDump: string | undefined): Promise<string> {
  const parts: string[] = []
  for (const section of ['pre-data', 'post-data'] as const) {
    const request = {
      connect: options,
      snapshot: undefined,
      section,
      args: [],
      ...(pgDump === undefined ? {} : { native: pgDump }),
    }
    parts.push(scriptFor(await dumpSchema(request), section, version).toString('utf8'))
  }
  return parts.join('\n')
}

async function countRows(options: ConnectOptions, tables: readonly Row[], lanes: number) {
  const queue = [...tables]
  const counted = new Map<string, { rows: number; bytes: number }>()
  const lane = async () => {
    await using connection = await connect({ ...options, settings: { row_security: 'off' } })
    for (let table = queue.shift(); table !== undefined; table = queue.shift()) {
      const [row] = await connection.query<{ rows: string }>(
        `SELECT count(*)::text AS rows FROM ONLY ${qualified(table)}`,
      )
      counted.set(displayName(table), { rows: Number(row?.rows ?? 0), bytes: Number(table.bytes) })
    }
  }
  await Promise.all(Array.from({ length: Math.min(lanes, Math.max(1, tables.length)) }, lane))
  return counted
}
