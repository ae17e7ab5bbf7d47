/** What a restore is asked for with, planned or carried out. */
import type { Component } from '../format/manifest.ts'
import type { Keyring } from '../repository/keyring.ts'
import type { Store } from '../store/store.ts'
import type { Moment } from './catalog.ts'
import type { Sink } from './ports.ts'
import type { Progress } from './progress.ts'
import type { Consent } from './restore-consent.ts'
import type { Safety } from './safety.ts'

export interface RestoreRequest {
  readonly store: Store
  readonly keyring: Keyring
  readonly component: Component
  readonly moment: Moment
  readonly sink: Sink
  /** Absent for a target that a restore never takes anything from. */
  readonly safety?: Safety
  readonly consent?: Consent
  readonly now: () => Date
  readonly progress: Progress
  readonly signal: AbortSignal
}
