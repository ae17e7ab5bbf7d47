/** The use case: what retention lets go leaves the store, manifests first, then the packs that nothing needs any more. */
import { ComebackError } from '../errors.ts'
import type { Component } from '../format/manifest.ts'
import type { PruneReport } from '../report/prune-report.ts'
import type { Keyring } from '../repository/keyring.ts'
import type { Store } from '../store/store.ts'
import type { Progress } from './progress.ts'
import type { RetentionPolicy } from './retention.ts'

export interface PruneRequest {
  readonly store: Store
  readonly components: readonly Component[]
  /** Not needed. */
  readonly keyring: Keyring | undefined
  readonly policy: RetentionPolicy
  /** Without it, the report is a plan. */
  readonly apply: boolean
  readonly now: () => Date
  readonly progress: Progress
  readonly signal: AbortSignal
}

export async function prune(request: PruneRequest): Promise<PruneReport> {
  throw new ComebackError('unsupported', `prune of ${request.store.location} is not written yet.`)
}
