/** What a restore would do, said before it does it. */
import type { TargetSummary } from '../engine/ports.ts'
import type { Verdict } from '../engine/proof.ts'
import type { Component } from '../format/manifest.ts'

export interface RestorePlanReport {
  readonly command: 'restore-plan'
  readonly store: string
  readonly component: Component
  readonly id: string
  readonly time: string
  readonly status: 'complete' | 'partial'
  /** What it is a backup of; absent for everything. */
  readonly holds?: 'some-rows' | 'structure'
  /** Seconds since it was made. */
  readonly age: number
  /** Plain bytes. */
  readonly bytes: number
  /** Of this backup, or, where it has none, of another one of its source; absent where nothing was ever proved. */
  readonly proof?: KnownProof
  /** Absent where there is nothing to lose. */
  readonly safety?: PlannedSafety
  /** The name that must be typed before anything is replaced. */
  readonly confirm?: string
  /** Whether the target is what the backup was made from, as far as its address tells; absent where nothing tells. */
  readonly ownSource?: boolean
  readonly target: TargetSummary
}

export interface KnownProof {
  /** Of the backup that was proved. */
  readonly id: string
  readonly verdict: Verdict
  readonly time: string
  /** Absent where the restore did not come to its end. */
  readonly restoreSeconds?: number
}

/** The backup of the target that is made before it is touched. */
export interface PlannedSafety {
  /** False where somebody said that they want none. */
  readonly wanted: boolean
  readonly store: string
  /** What the target takes on its disk. */
  readonly bytes?: number
}
