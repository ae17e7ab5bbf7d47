/** The use case: for each component the last good backup, how old it is, and whether that is too old. */
import { ComebackError } from '../errors.ts'
import type { Component } from '../format/manifest.ts'
import type { StatusReport } from '../report/status-report.ts'
import type { Keyring } from '../repository/keyring.ts'
import type { Store } from '../store/store.ts'
import type { Progress } from './progress.ts'

export interface StatusRequest {
  readonly store: Store
  readonly components: readonly Component[]
  readonly keyring: Keyring | undefined
  /** Milliseconds. */
  readonly maxAge: number | undefined
  readonly now: () => Date
  readonly progress: Progress
  readonly signal: AbortSignal
}

export async function status(request: StatusRequest): Promise<StatusReport> {
  throw new ComebackError('unsupported', `status of ${request.store.location} is not written yet.`)
}
