/**
 * The settings of a session on which the text of values and statements depends, and those that would end it too early. A role
 * or a database may have any of them set to anything. A test asks every version of the server for all that it has, and wants
 * each of them to be here or to be known as harmless.
 */
import type { Connection } from './connection.ts'

export type Settings = Readonly<Record<string, string>>

/** How a text is understood: the same where it is written, where it is read, and in the head of the script. */
export const MEANING = {
  DateStyle: 'ISO',
  IntervalStyle: 'postgres',
  // Off, an array's NULL is read as the text 'NULL'.
  array_nulls: 'on',
  standard_conforming_strings: 'on',
  backslash_quote: 'safe_encoding',
  escape_string_warning: 'off',
  // On, `x = NULL` in a definition becomes `x IS NULL` for good.
  transform_null_equals: 'off',
  xmloption: 'content',
  search_path: '',
} as const

/**
 * How values are written where that is not one of `MEANING`. A backup's detail holds what its text was written under: that of
 * older ones, which hold nothing, was written under whatever the source had.
 */
export const WRITTEN_UNDER = {
  // Decides where the point of a `money` stands: between two countries 12.34 becomes 1234.00 without a word.
  lc_monetary: 'C',
  TimeZone: 'UTC',
  bytea_output: 'hex',
} as const

/** Of those, what reading the text depends on. The others only change how a value looks. */
const READ_UNDER = ['lc_monetary'] as const

/** No time limit, no reaction to an error but the error, and no transaction of another kind than is asked for. */
export const NO_LIMITS = {
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
  transaction_timeout: '0',
  exit_on_error: 'off',
  default_transaction_isolation: 'read committed',
  default_transaction_deferrable: 'off',
} as const

/** For those that write: a role or a database may be closed to writing, which its own restore, or a proof, is not meant to obey. */
export const WRITING = { ...NO_LIMITS, default_transaction_read_only: 'off' } as const

/** What a restore sets before it reads a text that was written under these. */
export function readUnder(written: Settings): Settings {
  return Object.fromEntries(READ_UNDER.flatMap(name => (written[name] === undefined ? [] : [[name, written[name]]])))
}

/** Settings that the server doesn't know (`transaction_timeout` before 17) are not made. */
export async function makeSettings(connection: Connection, settings: Settings): Promise<void> {
  await connection.query(
    `SELECT pg_catalog.count(pg_catalog.set_config(s.name, w.setting, false))
       FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])) AS w(name, setting)
       JOIN pg_catalog.pg_settings AS s ON s.name = w.name`,
    [Object.keys(settings), Object.values(settings)],
  )
}
