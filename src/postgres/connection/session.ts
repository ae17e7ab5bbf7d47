/** How a connection must be set up so that what it reads is the same text wherever and whenever it is read. */
import type { Connection } from './connection.ts'
import { MEANING, makeSettings, NO_LIMITS, type Settings, WRITTEN_UNDER } from './session-settings.ts'

/**
 * What pg_dump sets, and besides: `bytea_output`, on which the text of every bytea depends; no parallel plans, which return
 * rows in any order; no JIT, which compiles for longer than a range of pages takes to read.
 */
const SETTINGS = {
  ...MEANING,
  ...NO_LIMITS,
  TimeZone: 'UTC',
  bytea_output: 'hex',
  extra_float_digits: '3',
  synchronize_seqscans: 'off',
  row_security: 'off',
  // A table that somebody puts a view in the place of is not to be read by that view's functions.
  restrict_nonsystem_relation_kind: 'view, foreign-table',
  quote_all_identifiers: 'off',
  max_parallel_workers_per_gather: '0',
  enable_tidscan: 'on',
  jit: 'off',
} as const

/** Made by every session that reads a database; `written` may differ for older backups. */
export const READING: readonly string[] = [...Object.keys(SETTINGS), ...Object.keys(WRITTEN_UNDER), 'client_encoding']

/** For sessions that read. `lockTimeout` in milliseconds. */
export async function prepareSession(
  connection: Connection,
  encoding: string,
  lockTimeout: number,
  written: Settings = WRITTEN_UNDER,
): Promise<void> {
  await makeSettings(connection, {
    ...SETTINGS,
    ...written,
    client_encoding: encoding,
    lock_timeout: `${lockTimeout}`,
  })
  // So that the server notices that we are gone even while it waits or computes. Not every platform can, and the others refuse.
  await connection.query(
    `SELECT pg_catalog.set_config('client_connection_check_interval', '5s', false) WHERE pg_catalog.version() ~ 'linux'`,
  )
}

/** Text travels as UTF-8, but out of a server that does not know what its bytes mean, as they are. */
export async function readingEncoding(connection: Connection): Promise<string> {
  const [row] = await connection.query<{ server_encoding: string }>('SHOW server_encoding')
  return row?.server_encoding === 'SQL_ASCII' ? 'SQL_ASCII' : 'UTF8'
}

export const BEGIN_READING = 'BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY'
