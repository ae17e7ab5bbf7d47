/** The schema as pg_dump's own SQL text, by the bundled pg_dump or by a native one. */
import type { Problem } from '../../engine/ports.ts'
import { ComebackError, hasCode } from '../../errors.ts'
import type { ConnectOptions } from '../connection/connection.ts'
import { describeUrl } from '../connection/connection-url.ts'
import type { Settings } from '../connection/session-settings.ts'
import { isFull } from '../connection/sql-state.ts'
import { type Client, describeClient, type ReadServer, substituteFor } from './client.ts'
import { withoutRestrict } from './entries.ts'
import { bundledDump } from './pg-dump-bundled.ts'
import { nativeDump } from './pg-dump-native.ts'

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
  /** The bundled one if absent. */
  readonly client?: Client
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
    options.client === undefined || options.client.kind === 'bundled'
      ? await bundledDump(connect, args, what)
      : await nativeDump(options.client, connect, args, what)
  const whole = withoutRestrict(text)
  if (!whole.subarray(-DUMP_END.length - 2).includes(DUMP_END)) {
    throw new ComebackError('failed', `${what} failed: pg_dump's text is not complete.`)
  }
  return whole
}

export interface DumpedSchema {
  /** One for each section asked for. */
  readonly texts: readonly Buffer[]
  /** Which wrote all of them. */
  readonly client: Client
  /** Why that is not the one that was chosen. */
  readonly problems: readonly Problem[]
}

/**
 * Several sections, one after the other, all by one client. A client that was found and not asked for may fail where the bundled
 * one does not: libpq has its own ways with certificates, names and networks. Then the bundled one takes its place, if it can.
 */
export async function dumpSections(
  options: Omit<DumpSchemaOptions, 'section' | 'client'> & { readonly client: Client },
  sections: readonly DumpSchemaOptions['section'][],
  server: Pick<ReadServer, 'serverVersion'>,
): Promise<DumpedSchema> {
  const { client } = options
  const all = async (client: Client) => {
    const texts: Buffer[] = []
    for (const section of sections) texts.push(await dumpSchema({ ...options, client, section }))
    return { texts, client }
  }
  try {
    return { ...(await all(client)), problems: [] }
  } catch (error) {
    const substitute = substituteFor(client, server)
    options.connect.signal.throwIfAborted()
    if (substitute === undefined || !hasCode(error, 'failed', 'connection', 'usage') || isFull(error)) throw error
    const dumped = await all(substitute)
    const message = `${describeClient(client)} was found here and could not be used, so the bundled one read the schema: ${error.message}`
    const hint = 'Give --pg-dump bundled to use that one at once.'
    return { ...dumped, problems: [{ severity: 'warning', message, hint }] }
  }
}
