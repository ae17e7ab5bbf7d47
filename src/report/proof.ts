/** One proof: a backup restored for real and compared, and everything that was found. */
import type { AssertionOutcome, ProofCheck, ProofFinding, ProvenTable, Verdict } from '../engine/proof.ts'
import type { Component } from '../format/manifest.ts'

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

export interface ProofPoint {
  /** When it was proved; of which backup. */
  readonly time: string
  readonly id: string
  readonly verdict: Verdict
  readonly restoreSeconds?: number
  readonly bytes: number
  readonly stored: number
}
