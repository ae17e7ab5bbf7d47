/** What migrations did to a restored backup. Nothing of the data stands in it: statements come without their literals. */
import type { AssertionOutcome, ProofCheck, ProofFinding } from './proof.ts'

export interface Migration {
  /** As it was given. */
  readonly command: string
  /** Of the backup that it ran against. */
  readonly backup: string
  /** `could-not-run`: the shell does not know the command, or it ended by a signal or for its time. */
  readonly result: 'succeeded' | 'failed' | 'could-not-run'
  /** Of the process; null where a signal ended it. */
  readonly exitCode: number | null
  readonly seconds: number
  readonly statements: number
  /** Those that took a second or more, the longest first. */
  readonly slow: readonly SlowStatement[]
  /** The error that made it fail, as the server told it. */
  readonly error?: MigrationError
  /** Sampled, the longest first: a lock that is held for less than the interval may be missed. */
  readonly locks: readonly HeldLock[]
  /** Locks that were not seen, and that the statements must have taken, by what they are. */
  readonly needed: readonly Pick<HeldLock, 'table' | 'mode' | 'blocks'>[]
  /** Seconds between two samples. */
  readonly interval: number
  /** False where nobody could look at what it changed: what follows is empty then, and says nothing. */
  readonly changesSeen: boolean
  /** A unified diff of pg_dump's text of the schema; empty if nothing changed. `diffCut` lines are left out at its end. */
  readonly schemaDiff: string
  readonly diffCut: number
  /** True of a backup of the schema alone: sizes and times say nothing of a database with rows, and no sizes are told. */
  readonly schemaOnly: boolean
  /** Tables whose rows or size changed, the largest change first. */
  readonly tables: readonly MigratedTable[]
  readonly assertions: readonly AssertionOutcome[]
  readonly findings: readonly ProofFinding[]
}

export interface SlowStatement {
  /** Without literals, cut if it is long. */
  readonly statement: string
  readonly seconds: number
}

export interface MigrationError {
  /** SQLSTATE. */
  readonly code: string
  /** The server's, with whatever may come from the data taken out. */
  readonly message: string
  /** Without literals; absent where the server did not get as far as a statement. */
  readonly statement?: string
}

export interface HeldLock {
  /** `public.users`. */
  readonly table: string
  /** `AccessExclusiveLock`. */
  readonly mode: string
  /** The longest time that it was held without a gap. */
  readonly seconds: number
  /** What the application could not do meanwhile: nothing at all, not write, or no other change of the schema. */
  readonly blocks: 'reads and writes' | 'writes' | 'schema changes'
}

export interface MigratedTable {
  readonly name: string
  /** Absent where the table did not exist before, or does not any more. */
  readonly rows: { readonly before?: number; readonly after?: number }
  /** On disk, with indexes and TOAST. */
  readonly bytes: { readonly before?: number; readonly after?: number }
}

/** What came of a database that a proof left standing: see `LeftDatabase`. */
export interface Continuation {
  readonly command: 'continuation'
  readonly schema: 1
  /** The backup's id. */
  readonly backup: string
  /** The check `assertions` of the proof. */
  readonly check: ProofCheck
  readonly assertions: readonly AssertionOutcome[]
  /** Of the proof: of its assertions, and why migrations that were to run did not. */
  readonly findings: readonly ProofFinding[]
  readonly migration?: Migration
}
