/** How a store's backups are doing, component by component. */
import type { Verdict } from '../engine/proof.ts'
import type { Component } from '../format/manifest.ts'

/** For all components, or for those that are named. */
export type Ages = number | Readonly<Partial<Record<Component, number>>>

export interface StatusReport {
  readonly command: 'status'
  readonly store: string
  /** When it was looked at, ISO 8601. */
  readonly time: string
  /** Seconds that the last good backup may be old; absent if nothing was asked for. */
  readonly maxAge?: Ages
  /** Seconds that the last proof may be old. */
  readonly maxProofAge?: Ages
  /** No key was at hand, so everything is told as it claims to be. */
  readonly unauthenticated?: true
  /** Those asked for. */
  readonly components: readonly ComponentStatus[]
  readonly space: Space
  /** Temporary folders on this machine that killed runs have left, which may hold what was decrypted. */
  readonly left?: readonly string[]
}

/** Of all components that were looked at, and with a quota of the whole store. */
export interface Space {
  /** Bytes. */
  readonly stored: number
  /** Bytes that the store may hold, and whether it holds more already. */
  readonly quota?: number
  readonly exceeded?: boolean
  /** Absent while the store is too young to have a pace. */
  readonly in30Days?: SpaceForecast
}

/** If as much comes as in the last thirty days and nothing goes but what the store itself drops. */
export interface SpaceForecast {
  /** Bytes in the store then, and those of them that will have come. */
  readonly bytes: number
  readonly came: number
  /** The day, such as `2026-12-03`, on which it will be more than the quota. */
  readonly exceeded?: string
}

export interface ComponentStatus {
  readonly component: Component
  /** `never`: nobody has tried to back it up. `bad`: there are records and none of a good backup. */
  readonly state: 'good' | 'bad' | 'never'
  /** Older than `maxAge`, or missing where it must not be. */
  readonly overdue: boolean
  /** The last backup that was verified was proved longer ago than `maxProofAge`, or there is none. Absent where nobody asked. */
  readonly proofOverdue?: boolean
  /** The newest complete backup of those that hold most. */
  readonly last?: LastBackup
  /** The newest proof of any verdict, and the newest that came out as verified. */
  readonly lastProof?: StatusProof
  readonly lastVerified?: StatusProof
  /** Newer than that and not good, newest first; the first few of `sinceCount`. */
  readonly since: readonly LaterRecord[]
  readonly sinceCount: number
  /** By the rhythm of the last complete ones, ISO 8601; it may have passed. Absent where they have none yet. */
  readonly nextDue?: string
  /** Seconds of the longest time without a good backup of late, the time since the last among them: the worst RPO. */
  readonly largestGap?: number
  /** Backups of any kind, those of restores' targets among them, and runs that failed, in the store. */
  readonly backups: number
  readonly failed: number
  /** Bytes in the store, and those of them that came in the last days. */
  readonly stored: number
  readonly grown: { readonly days7: number; readonly days30: number }
  /** What to do now, in words; empty if all is well. */
  readonly next: readonly string[]
}

export interface LastBackup {
  readonly id: string
  readonly time: string
  /** Seconds. */
  readonly age: number
  /** Plain bytes. */
  readonly bytes: number
  /** What it is a backup of; absent for everything. */
  readonly holds?: 'some-rows' | 'structure'
  /** Whether its manifest was checked with the key at hand. */
  readonly authenticated: boolean
}

export interface StatusProof {
  /** Of the backup. */
  readonly id: string
  readonly verdict: Verdict
  /** When it was proved, and how many seconds ago. */
  readonly time: string
  readonly age: number
  readonly restoreSeconds?: number
  readonly authenticated: boolean
}

export interface LaterRecord {
  readonly id: string
  readonly time: string
  /**
   * `future`: dated later than now, so its age says nothing. `foreign`: of another key, or of another store. `some-rows`, `structure`:
   * complete, and holds less than the last good one.
   */
  readonly status: 'failed' | 'partial' | 'damaged' | 'future' | 'foreign' | 'some-rows' | 'structure'
  /** Why it failed, or what is wrong with it. */
  readonly reason?: string
}
