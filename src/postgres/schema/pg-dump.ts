/** The schema as pg_dump's own SQL text, by the bundled pg_dump or by a native one. */
import { ComebackError } from '../../errors.ts'
import type { ConnectOptions } from '../connection/connection.ts'
import { describeUrl } from '../connection/connection-url.ts'
import type { Settings } from '../connection/session-settings.ts'
import { withoutRestrict } from './entries.ts'
import { bundledDump } from './pg-dump-bundled.ts'
import { nativeDump, nativeVersion } from './pg-dump-native.ts'

/** A test holds it equal to what the bundled pg_dump writes into its dumps. */
export const BUNDLED_PG_DUMP = { major: 18, version: '18.3' } as const

const DUMP_END = '-- PostgreSQL database dump complete\n--\n'

/** pg_dump writes the strings of definitions by what it finds. */
const STRINGS = { standard_conforming_strings: 'on' }

export interface DumpSchemaOptions {
  /** A connection of its own is opened with these, and closed. Its signal ends the dump. */
  readonly connect: ConnectOptions
  /** An exported snapshot's id. */
  readonly snapshot: string | undefined
  /** `schema`: both at once, as pg_dump orders them. */
  readonly section: 'pre-data' | 'post-data' | 'schema'
  /**
   * Further arguments of pg_dump, such as `--lock-wait-timeout=…`. `--schema-only` leaves out `REFRESH MATERIALIZED VIEW`, so it is
   * for backups without rows.
   */
  readonly args: readonly string[]
  /** Settings of its session. */
  readonly settings?: Settings
  /** Path of a native pg_dump to use instead of the bundled one. */
  readonly native?: string
}

/**
 * One section's SQL text, in UTF-8 (an SQL_ASCII database's in its own bytes), complete and without `\restrict` lines. Throws
 * what the server said (`permission`, `timeout` for a lock …), `connection`, `failed` with pg_dump's own words, or the signal's
 * reason. What pg_dump merely warns of is dropped.
 */
export async function dumpSchema(options: DumpSchemaOptions): Promise<Buffer> {
  const what = `Reading the schema (${options.section}) of ${describeUrl(options.connect.url)}`
  const args = [
    options.section === 'schema' ? '--schema-only' : `--section=${options.section}`,
    // Large objects are read like rows. Before version 17, pg_dump puts them into pre-data too.
    '--no-blobs',
    ...(options.snapshot === undefined ? [] : [`--snapshot=${options.snapshot}`]),
    ...options.args,
  ]
  const connect = { ...options.connect, settings: { ...options.settings, ...STRINGS } }
  const text =
    options.native === undefined
      ? await bundledDump(connect, args, what)
      : await nativeDump(options.native, connect, args, what)
  const whole = withoutRestrict(text)
  if (!whole.subarray(-DUMP_END.length - 2).includes(DUMP_END)) {
    throw new ComebackError('failed', `${what} failed: pg_dump's text is not complete.`)
  }
  return whole
}

/** `pg_dump 18.3 (bundled)`, or `pg_dump 18.6 (/usr/bin/pg_dump)`. Throws `usage` if that cannot be run. */
export async function pgDumpVersion(native: string | undefined, signal?: AbortSignal): Promise<string> {
  if (native === undefined) return `pg_dump ${BUNDLED_PG_DUMP.version} (bundled)`
  return `pg_dump ${await nativeVersion(native, signal)} (${native})`
}
