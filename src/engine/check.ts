/** The use case: whether everything that the manifests name is there, and is what was written. Needs no database. */
import { ComebackError } from '../errors.ts'
import type { Component } from '../format/manifest.ts'
import type { CheckReport } from '../report/check-report.ts'
import type { Keyring } from '../repository/keyring.ts'
import type { Store } from '../store/store.ts'
import type { Progress } from './progress.ts'

export interface CheckRequest {
  readonly store: Store
  readonly components: readonly Component[]
  /** Without it existence, sizes and hashes are checked all the same. */
  readonly keyring: Keyring | undefined
  /** How many of a hundred objects are read: 0 looks at names and sizes alone. */
  readonly percent: number
  readonly now: () => Date
  readonly progress: Progress
  readonly signal: AbortSignal
}

export async function check(request: CheckRequest): Promise<CheckReport> {
  throw new ComebackError('unsupported', `check of ${request.store.location} is not written yet.`)
}
