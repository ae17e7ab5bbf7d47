/** What proofs found, made now or as the store remembers them. */
import type { Migration } from '../engine/migration.ts'
import type { LeftDatabase, Verdict } from '../engine/proof.ts'
import type { Component } from '../format/manifest.ts'
import type { Proof } from './proof.ts'

export interface VerifyReport {
  readonly command: 'verify'
  /** Version of this value's shape, for those who read it as JSON. */
  readonly schema: 1
  readonly store: string
  /** `made`: by this run. `recorded`: what the store says of earlier ones; nothing was restored now. */
  readonly kind: 'made' | 'recorded'
  /** The worst of the proofs', the migration's among them. */
  readonly verdict: Verdict
  /** One for each component asked for that has a backup, in their order. */
  readonly proofs: readonly Proof[]
  /** Asked for among all, and without such a backup in this store: a complete one, of the time that was named. */
  readonly absent: readonly Component[]
  readonly migration?: Migration
  /** What another process is to go on with: see `Continuation`. */
  readonly left?: LeftDatabase
}
