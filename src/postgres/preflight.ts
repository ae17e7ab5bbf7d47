/** Checks before a backup: what would fail late, or worse, leave rows out silently, is refused early. */
import { ComebackError } from '../errors.ts'
import type { Connection } from './connection.ts'

export interface PreflightOptions {
  readonly url: string
  /** The native pg_dump of `--pg-dump`, if one is given. */
  readonly nativePgDump?: string
}

export interface Preflight {
  /** No user relations at all; what that means is the Source's to decide. */
  readonly empty: boolean
}

/** Throws `server-too-new`, `unsupported` or `permission`. */
export async function preflight(_connection: Connection, _options: PreflightOptions): Promise<Preflight> {
  throw new ComebackError('unsupported', 'Not built yet.')
}
