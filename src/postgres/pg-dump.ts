/** The schema as pg_dump's own SQL text, by the bundled pg_dump or a native one. */
import { ComebackError } from '../errors.ts'
import type { ConnectOptions } from './connection.ts'

export const BUNDLED_PG_DUMP = { major: 18, version: '18.3' } as const

export interface DumpSchemaOptions {
  /** A connection of its own is opened with these, and closed. */
  readonly connect: ConnectOptions
  /** An exported snapshot's id. */
  readonly snapshot: string | undefined
  readonly section: 'pre-data' | 'post-data'
  /** Further arguments of pg_dump: `--schema-only`, `--schema=…`, `--lock-wait-timeout=…`. */
  readonly args: readonly string[]
  /** Path of a native pg_dump to use instead. */
  readonly native?: string
}

/** The section's SQL text as pg_dump writes it, without `\restrict` lines. The signal is `connect.signal`. */
export async function dumpSchema(_options: DumpSchemaOptions): Promise<Buffer> {
  throw new ComebackError('unsupported', 'Not built yet.')
}

/** `pg_dump 18.3 (bundled)`, or what the native one says. Throws `usage` if that cannot be run. */
export async function pgDumpVersion(_native: string | undefined): Promise<string> {
  throw new ComebackError('unsupported', 'Not built yet.')
}
