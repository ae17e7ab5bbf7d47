/** What a proof is asked for with. */
import type { Component } from '../format/manifest.ts'
import type { Keyring } from '../repository/keyring.ts'
import type { Store } from '../store/store.ts'
import type { Moment } from './catalog.ts'
import type { Prover } from './ports.ts'
import type { Progress } from './progress.ts'

export interface VerifyRequest {
  readonly store: Store
  readonly keyring: Keyring
  readonly components: readonly Component[]
  /** Whether all components were meant, of which some may have no such backup. */
  readonly all: boolean
  /** Undefined for the latest, or, where migrations are to run, the latest that was verified. */
  readonly moment: Moment | undefined
  readonly migrates: boolean
  readonly prover: (component: Component) => Prover
  readonly engine: string
  readonly now: () => Date
  readonly progress: Progress
  readonly signal: AbortSignal
}
