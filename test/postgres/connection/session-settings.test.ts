/** Every setting that a role or a database may have is either fixed, or somebody has looked at it and found it harmless. */
import pg from 'pg'
import { expect, test } from 'vitest'
import { READING } from '../../../src/postgres/connection/session.ts'
import { WRITTEN_UNDER } from '../../../src/postgres/connection/session-settings.ts'
import { RESTORING } from '../../../src/postgres/restore/restore-sessions.ts'
import { startNewest } from '../../support/newest.ts'
import { type Major, startServer } from '../../support/postgres.ts'
import { THOROUGH } from '../../support/thorough.ts'

const FIXED = new Set([...READING, ...Object.keys(RESTORING), ...Object.keys(WRITTEN_UNDER)])

/**
 * Categories of `pg_settings` of which none reads or writes a text: how plans are made, what is logged, how much memory and
 * which workers there are, how the disk is written, when sessions are looked after. What a plan decides is the order of rows, which is that of
 * their places because ranges of places are read.
 */
const HARMLESS_CATEGORIES =
  /^(Query Tuning|Resource Usage|Write-Ahead Log|Vacuuming|Autovacuum|Statistics|Replication|Reporting and Logging|Developer Options|Lock Management|Connections and Authentication|File Locations|Preset Options|Client Connection Defaults \/ Shared Library Preloading)( \/|$)/

/** By name, where others of the category are not. */
const HARMLESS: Readonly<Record<string, string>> = {
  default_text_search_config: 'what functions compute that name none: the target’s affair, as for any other session',
  lc_messages: 'the language of messages, which nobody parses',
  lc_numeric: 'to_char and to_number alone',
  lc_time: 'to_char and to_date alone',
  timezone_abbreviations: 'ISO dates are written with the offset in numbers',
  xmlbinary: 'functions that make XML of other values',
  default_toast_compression: 'how a value is stored',
  createrole_self_grant: 'what the maker of a role may do with it',
  session_replication_role: 'a superuser’s; triggers are made after the rows, or set aside',
  event_triggers: 'a superuser’s',
  gin_fuzzy_search_limit: 'answers of indexes, which no reading uses',
  gin_pending_list_limit: 'how an index is stored',
  temp_tablespaces: 'where temporary files lie',
  transaction_deferrable: 'each transaction says what it wants',
  transaction_isolation: 'each transaction says what it wants',
  transaction_read_only: 'each transaction says what it wants',
  dynamic_library_path: 'where the server’s libraries lie',
  extension_control_path: 'where extensions lie',
  lo_compat_privileges: 'a superuser’s; lets more be read, and changes nothing of it',
}
/** Freezing and vacuum, which 17 and older have in another category. */
const VACUUM = /^vacuum_/

const ASKED = `
  SELECT name, category FROM pg_settings
   WHERE context IN ('user', 'superuser', 'backend', 'superuser-backend') AND category <> 'Customized Options'`

async function expectKnown(server: { url(): string; stop(): Promise<void> }): Promise<void> {
  const client = new pg.Client({ connectionString: server.url() })
  try {
    await client.connect()
    const { rows } = await client.query<{ name: string; category: string }>(ASKED)
    expect(rows.length).toBeGreaterThan(100)
    const unknown = rows.filter(
      ({ name, category }) =>
        !FIXED.has(name) && !HARMLESS_CATEGORIES.test(category) && !(name in HARMLESS) && !VACUUM.test(name),
    )
    expect(unknown).toEqual([])
  } finally {
    await client.end()
    await server.stop()
  }
}

test.each<Major>([14, 15, 16, 17, 18])('PostgreSQL %i has no setting that nobody has looked at', async major => {
  await expectKnown(await startServer(major))
})

// Those that npm does not have yet.
test.each(THOROUGH ? ([15, 17, 18, 19] as const) : [])('nor has PostgreSQL %i at its newest', async major => {
  await expectKnown(await startNewest(major))
})
