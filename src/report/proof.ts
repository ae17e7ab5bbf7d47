/** One proof: a backup restored for real and compared, and everything that was found. */
import type { Component } from '../format/manifest.ts'

/** A check that could not run never passes. */
export type Verdict = 'verified' | 'failed' | 'could-not-verify'

export interface Proof {
  readonly component: Component
  /** Of the backup, and when its snapshot was taken. */
  readonly id: string
  readonly time: string
  readonly verdict: Verdict
  /** When the proof ended, ISO 8601. */
  readonly provedAt: string
  /** Whether the record was authenticated with the key at hand; always true of one just made. */
  readonly authenticated: boolean
  /** Seconds that the restore took (the recovery time, RTO), and the comparison after it; absent where it wasn't reached. */
  readonly restoreSeconds?: number
  readonly compareSeconds?: number
  /** Seconds from the snapshot to the proof: how much would have been lost by then (RPO). */
  readonly age: number
  /** Plain bytes of the backup, and bytes of its own files in the store. */
  readonly bytes: number
  readonly stored: number
  /** Of the disposable server: `PostgreSQL 18.4`. */
  readonly server?: string
  /** `comeback 0.1.0`. */
  readonly engine: string
  /** What was looked at, in its order; what did not run says so. */
  readonly checks: readonly ProofCheck[]
  /** The gravest first. */
  readonly findings: readonly ProofFinding[]
  /** What the database holds, by plain bytes, the largest first. Absent of a recorded proof without the key. */
  readonly tables?: readonly ProvenTable[]
  /** The user's own, by name. */
  readonly assertions: readonly AssertionOutcome[]
  /** Earlier proofs of the component, oldest first, this one the last. */
  readonly history: readonly ProofPoint[]
  /** Whether the record stands in the store; if not, why. */
  readonly recorded: boolean
  readonly notRecorded?: string
}

export const CHECKS = [
  'restore',
  'rows',
  'schema',
  'sequences',
  'large-objects',
  'constraints',
  'indexes',
  'extensions',
  'amcheck',
  'files',
  'assertions',
] as const
export type CheckName = (typeof CHECKS)[number]

export interface ProofCheck {
  readonly name: CheckName
  readonly result: 'passed' | 'failed' | 'not-run'
  /** `1,234,567 rows of 43 tables, byte for byte`; of what did not run, why. */
  readonly detail: string
}

/** Stable: scripts may rely on them. What each means for the verdict stands in `PROOF_CODES`. */
export const PROOF_CODES = {
  'backup-damaged': 'failed',
  'restore-failed': 'failed',
  'rows-differ': 'failed',
  'rows-missing': 'failed',
  'rows-extra': 'failed',
  'table-missing': 'failed',
  'schema-differs': 'failed',
  'schema-missing': 'failed',
  'schema-extra': 'failed',
  'sequence-differs': 'failed',
  'large-object-differs': 'failed',
  'constraint-invalid': 'failed',
  'index-invalid': 'failed',
  'index-corrupt': 'failed',
  'table-corrupt': 'failed',
  'assertion-failed': 'failed',
  'assertion-threshold': 'failed',
  'file-missing': 'failed',
  'file-differs': 'failed',
  'file-extra': 'failed',
  'no-server': 'could-not-verify',
  'wrong-major': 'could-not-verify',
  'extension-unavailable': 'could-not-verify',
  'entry-skipped': 'could-not-verify',
  'schema-not-comparable': 'could-not-verify',
  'assertion-error': 'could-not-verify',
  interrupted: 'could-not-verify',
  'store-unavailable': 'could-not-verify',
  'check-failed': 'could-not-verify',
  'rows-reordered': 'note',
  'extension-version': 'note',
  'partial-backup': 'note',
  'target-differs': 'note',
} as const satisfies Readonly<Record<string, 'failed' | 'could-not-verify' | 'note'>>

export type ProofCode = keyof typeof PROOF_CODES

export interface ProofFinding {
  readonly code: ProofCode
  /** What it is about: `public.users`, `sequence public.users_id_seq`, `uploads/a.png`, the name of an assertion. */
  readonly subject: string
  /** Says what and where (row 17, column email), and never what stands there: reports are read by many. */
  readonly message: string
  readonly hint?: string | undefined
}

export interface ProvenTable {
  readonly name: string
  readonly rows: number
  /** Plain bytes. */
  readonly bytes: number
  /** Rows by the proof before this one, if it was of another backup. */
  readonly before?: number
}

export interface AssertionOutcome {
  /** The file's name without `.sql`. */
  readonly name: string
  readonly result: 'passed' | 'failed' | 'error'
  /** What it measured, where it measures something; and by the proof before. */
  readonly value?: number
  readonly before?: number
}

export interface ProofPoint {
  /** When it was proved; of which backup. */
  readonly time: string
  readonly id: string
  readonly verdict: Verdict
  readonly restoreSeconds?: number
  readonly bytes: number
  readonly stored: number
}
