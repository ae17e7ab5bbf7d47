/**
 * What a run did, as a value. `--json`, the terminal, and later the job summary and annotations, are renderings of it.
 */

import type { Problem, Unmade } from '../engine/ports.ts'
import type { Verdict } from '../engine/proof.ts'
import type { ErrorCode } from '../errors.ts'
import type { Component } from '../format/manifest.ts'
import type { CheckReport } from './check-report.ts'
import type { CopyReport } from './copy-report.ts'
import type { Discount, HistoryReport } from './history-report.ts'
import type { ImportReport } from './import-report.ts'
import type { InitReport } from './init-report.ts'
import type { PruneReport } from './prune-report.ts'
import type { RestorePlanReport } from './restore-plan-report.ts'
import type { StatusReport } from './status-report.ts'
import type { VerifyReport } from './verify-report.ts'

export type Report =
  | BackupReport
  | RestoreReport
  | RestorePlanReport
  | VerifyReport
  | ListReport
  | StatusReport
  | HistoryReport
  | CheckReport
  | PruneReport
  | DiscardReport
  | ExportReport
  | CopyReport
  | ImportReport
  | InitReport
  | KeyReport

export interface BackupReport {
  readonly command: 'backup'
  readonly store: string
  /** One for each component asked for, in their order, the failed ones among them. */
  readonly backups: readonly BackupOutcome[]
  /** What retention let go afterwards, where it was asked to and all backups were complete; or why it could not. */
  readonly pruned?: PruneReport | { readonly command: 'error'; readonly error: ErrorValue }
}

export type BackupOutcome =
  | {
      readonly status: 'complete' | 'partial'
      readonly component: Component
      readonly id: string
      readonly time: string
      readonly seconds: number
      readonly full: boolean
      readonly stock: boolean
      /** What it is a backup of; absent for everything. */
      readonly holds?: 'some-rows' | 'structure'
      /** The backup whose chunks were known; absent for the first. */
      readonly base?: string
      readonly segments: number
      readonly chunks: number
      /** Plain bytes read; plain bytes that no earlier backup held; bytes written to the store. */
      readonly bytes: { readonly read: number; readonly new: number; readonly stored: number }
      /** Packs of older backups that this one needs. */
      readonly leansOn: number
      readonly keyId: string
      /** The stock recipe, in several lines of shell; present where `stock`. */
      readonly decrypt?: string
      /** When the store itself drops it, or retention lets it go at the earliest. */
      readonly expires?: string
      /** The program that read what Comeback does not read by itself: `pg_dump 18.3 (bundled)`. */
      readonly tool?: string
      /** By plain bytes, the largest first; their names are those of tables and files. */
      readonly largest: readonly SegmentSize[]
      /** This component's newest backups in the store, oldest first, this one the last. */
      readonly history: readonly HistoryPoint[]
      readonly problems: readonly Problem[]
    }
  | {
      readonly status: 'failed'
      readonly component: Component
      readonly placeholder?: string
      readonly error: ErrorValue
    }

export interface SegmentSize {
  readonly name: string
  readonly bytes: number
}

export interface HistoryPoint {
  readonly id: string
  readonly time: string
  /** Plain bytes, and bytes that were written to the store. */
  readonly bytes: number
  readonly stored: number
}

export interface ErrorValue {
  readonly code: ErrorCode
  readonly message: string
  readonly hint?: string | undefined
}

export interface RestoreReport {
  readonly command: 'restore'
  readonly component: Component
  readonly id: string
  readonly time: string
  readonly seconds: number
  /** Plain bytes. */
  readonly bytes: number
  readonly summary: readonly string[]
  /** What the target held before, and how to bring it back; absent where it held nothing, or nobody wanted one. */
  readonly safety?: { readonly id: string; readonly store: string; readonly undo: string }
  /** Objects that the target would not take as they were; absent where all came back. */
  readonly unmade?: readonly Unmade[]
  readonly problems: readonly Problem[]
}

/** What a restore had kept of the former state is gone. */
export interface DiscardReport {
  readonly command: 'discard'
  readonly component: Component
  readonly summary: readonly string[]
}

export interface ListReport {
  readonly command: 'list'
  readonly store: string
  /** No key was at hand, so everything is listed as it claims to be. */
  readonly unauthenticated?: true
  /** Newest first. */
  readonly backups: readonly ListedBackup[]
  /** Names that are nobody's: strange files in the store. */
  readonly foreign: readonly string[]
}

export interface ListedProof {
  readonly verdict: Verdict
  readonly time: string
  readonly restoreSeconds?: number
  /** Whether it was checked with the key at hand. */
  readonly authenticated: boolean
}

export interface ListedBackup {
  readonly component: Component
  readonly id: string
  readonly time: string
  /** `safety`: what a restore's target held before it was touched. */
  readonly purpose?: 'safety'
  /** `unread`: a file of the old scripts, of which nothing is known but its name. */
  readonly status: 'complete' | 'partial' | 'failed' | 'damaged' | 'unread'
  /** Absent where it counts. */
  readonly discount?: Discount
  /** What it is a backup of; absent for everything. */
  readonly holds?: 'some-rows' | 'structure'
  readonly stock: boolean
  /** Plain bytes it restores to; bytes of its own files in the store. */
  readonly bytes: number
  readonly stored: number
  /** Whether it leans on nothing; plain bytes that no earlier backup held. Absent where the record can't be read. */
  readonly full?: boolean
  readonly new?: number
  /** When the store itself drops it, as far as that was known when it was made. */
  readonly expires?: string
  /** The newest. */
  readonly proof?: ListedProof
  readonly keyId: string
  /** Ids of the older backups whose packs it needs. */
  readonly leansOn: readonly string[]
  /** Whether the manifest's authentication was checked with the key at hand. */
  readonly authenticated: boolean
  /** Of a placeholder: why it failed. Of a damaged one: what is wrong. */
  readonly reason?: string
}

export interface ExportReport {
  readonly command: 'export'
  readonly component: Component
  readonly id: string
  readonly directory: string
  readonly files: readonly string[]
  readonly bytes: number
  readonly decrypt: string
}

export interface KeyReport {
  readonly command: 'key'
  readonly keyId: string
  /** The file that was written by `key new`. */
  readonly file?: string
}
