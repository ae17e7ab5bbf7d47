/** All that a store's backups tell of themselves, component by component: what the page of `report --html` is drawn from. */
import type { Verdict } from '../engine/proof.ts'
import type { Component } from '../format/manifest.ts'

/**
 * Why a record that can be read counts for nothing, and is left alone: it is dated in the future; another key made it; this key
 * made it for another store; or there are records of several stores, and nothing tells which this one is.
 */
export type Discount = 'future' | 'other-key' | 'other-store' | 'unclear-store'

export interface HistoryReport {
  readonly command: 'report'
  readonly store: string
  /** When it was looked at, ISO 8601. */
  readonly time: string
  /** The file that the page was written to, as it was named. */
  readonly html: string
  /** Words that name the store to the command line: `--store`, and what its server needs. No secrets. */
  readonly storeArguments: readonly string[]
  /** Those that the store knows anything of. */
  readonly components: readonly ComponentHistory[]
}

export interface ComponentHistory {
  readonly component: Component
  /**
   * `none`: no complete backup. `disproved`: the newest that was proved did not come back as it was. `failing`: the newest run
   * failed or is damaged. `late`: the next is overdue by more than a quarter of the usual gap.
   */
  readonly state: 'good' | 'late' | 'failing' | 'disproved' | 'none'
  /** The newest complete backup, and the newest that came out of a proof as verified, with the moment of that proof. */
  readonly lastGood?: HistoryBackup
  readonly lastVerified?: HistoryBackup
  /** ISO 8601, by the rhythm of the last complete backups; absent where they have none yet. */
  readonly nextDue?: string
  /** Seconds from one backup to the next, and at most, this moment included: what a loss would have cost. */
  readonly usualGap?: number
  readonly largestGap?: number
  /** Records that are newer than the last good one and tell of no good one. */
  readonly failedSince: number
  /** Bytes of the backups' own files in the store. */
  readonly stored: number
  /** Oldest first, those that failed and those of restores' targets among them. */
  readonly backups: readonly HistoryBackup[]
}

export interface HistoryBackup {
  readonly id: string
  readonly time: string
  /** As a list has it; `unread` is a file of the old scripts. */
  readonly status: 'complete' | 'partial' | 'failed' | 'damaged' | 'unread'
  /** Absent where it counts, and where it is a backup of everything. */
  readonly discount?: Discount
  readonly holds?: 'some-rows' | 'structure'
  readonly purpose?: 'safety'
  /** Plain bytes; those that no earlier backup held, where that is known; bytes in the store. */
  readonly bytes: number
  readonly new?: number
  readonly stored: number
  readonly expires?: string
  readonly reason?: string
  /** The newest. */
  readonly proof?: HistoryProof
  /** Whether it was checked with the key at hand; otherwise it is what the store claims. */
  readonly authenticated: boolean
}

export interface HistoryProof {
  readonly verdict: Verdict
  readonly time: string
  readonly restoreSeconds?: number
  /** Whether it was checked with the key at hand. */
  readonly authenticated: boolean
}
