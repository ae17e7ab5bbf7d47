/** What a check found, and how far it looked. */
import type { Component } from '../format/manifest.ts'

export interface CheckReport {
  readonly command: 'check'
  readonly store: string
  readonly seconds: number
  /** Whether a key was at hand: without it nothing is authenticated and nothing decrypted. */
  readonly key: boolean
  /** How many of a hundred objects were to be read. */
  readonly percent: number
  /** In the order in which they were asked for. */
  readonly components: readonly CheckedComponent[]
  readonly findings: readonly CheckFinding[]
  /** Names in the store that are nobody's. */
  readonly foreign: number
}

export interface CheckedComponent {
  readonly component: Component
  /** Of `whole` ones nothing was found, as far as this check looked; `hurt` ones stand in findings. */
  readonly backups: { readonly whole: number; readonly hurt: number }
  /** Backups among them whose manifest's authentication was checked with the key. */
  readonly authenticated: number
  /** Records of failed runs. */
  readonly placeholders: number
  /** What the manifests name, each once, and of that what was there with the right size. */
  readonly named: Amount
  readonly present: Amount
  /** What was read and has the right SHA-256. */
  readonly read: Amount
  /** Packs and indexes that were decrypted; chunks whose content was compared with their id. */
  readonly opened: number
  readonly chunks: number
  /** What no manifest names: left by runs that were cut off, or written by one that goes on. */
  readonly orphans: Amount
}

export interface Amount {
  readonly objects: number
  /** As stored. */
  readonly bytes: number
}

/** Stable: scripts may rely on them. */
export type FindingCode =
  | 'missing'
  | 'leans-on-missing'
  | 'wrong-size'
  | 'altered'
  | 'unreadable'
  | 'undecryptable'
  | 'bad-manifest'
  | 'newer-format'
  | 'wrong-key'
  | 'bad-index'
  | 'bad-chunk'

export interface CheckFinding {
  readonly code: FindingCode
  readonly component: Component
  /** The name of the object. */
  readonly object: string
  readonly message: string
  readonly hint: string
  /** Ids of the backups that need the object, newest first; none for what only placeholders name. */
  readonly hurts: readonly string[]
}
