/** What `prune` found, would do or did. */
import type { Component } from '../format/manifest.ts'

export interface PruneReport {
  readonly command: 'prune'
  readonly store: string
  /** False for a plan: then nothing was changed, and `remove` means would go. */
  readonly applied: boolean
  /** What retention was asked to keep, in words: `everything younger than 30 days`, `7 daily`. */
  readonly policy: readonly string[]
  /** Newest first. */
  readonly backups: readonly PrunedBackup[]
  /** Objects that no record needs, in folders where nothing else goes: of interrupted runs. Newest first. */
  readonly leftovers: readonly Leftovers[]
  readonly kept: { readonly backups: number; readonly bytes: number }
  readonly removed: { readonly backups: number; readonly objects: number; readonly bytes: number }
  /** Names that are nobody's; they are left alone. */
  readonly foreign: readonly string[]
  readonly problems: readonly PruneProblem[]
}

export interface PrunedBackup {
  readonly component: Component
  readonly id: string
  readonly time: string
  /** `failed` is a placeholder; `damaged` one whose record can't be read or believed. */
  readonly status: 'complete' | 'partial' | 'failed' | 'damaged'
  /** What it is a backup of; absent for everything. */
  readonly holds?: 'some-rows' | 'structure'
  /** `refused`: it was to go, and the store did not let it. */
  readonly action: 'keep' | 'remove' | 'refused'
  readonly reasons: readonly string[]
  /** Objects of its own, its record among them, that go; and those that outlive it, since newer backups lean on them. */
  readonly frees: { readonly objects: number; readonly bytes: number }
  readonly outlived: number
}

export interface Leftovers {
  readonly component: Component
  readonly id: string
  readonly objects: number
  readonly bytes: number
}

export interface PruneProblem {
  /** `failed`: something that was to be done was not. */
  readonly severity: 'failed' | 'warning'
  readonly message: string
  readonly hint?: string
}
