/** How a connection must be set up so that what it reads is the same text wherever and whenever it is read. */
import type { Connection } from './connection.ts'

const TRANSACTION_TIMEOUT = 170_000

/**
 * What pg_dump sets, and besides: `bytea_output`, on which the text of every bytea depends; no parallel plans, which return
 * rows in any order; no JIT, which compiles for longer than a range of pages takes to read.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  DateStyle: 'ISO',
  IntervalStyle: 'postgres',
  extra_float_digits: '3',
  bytea_output: 'hex',
  TimeZone: 'UTC',
  synchronize_seqscans: 'off',
  row_security: 'off',
  search_path: '',
  standard_conforming_strings: 'on',
  quote_all_identifiers: 'off',
  statement_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  max_parallel_workers_per_gather: '0',
  enable_tidscan: 'on',
  jit: 'off',
}

/** For sessions that read. `lockTimeout` in milliseconds. */
export async function prepareSession(connection: Connection, encoding: string, lockTimeout: number): Promise<void> {
  const settings = {
    ...SETTINGS,
    client_encoding: encoding,
    lock_timeout: `${lockTimeout}`,
    ...(connection.serverVersion >= TRANSACTION_TIMEOUT ? { transaction_timeout: '0' } : {}),
  }
  await connection.query(
    `SELECT pg_catalog.set_config(name, value, false)
       FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])) AS s(name, value)`,
    [Object.keys(settings), Object.values(settings)],
  )
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
