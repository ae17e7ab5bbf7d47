/** What a restore would do, said before it does it. */
import type { TargetSummary } from '../engine/ports.ts'
import type { Component } from '../format/manifest.ts'

export interface RestorePlanReport {
  readonly command: 'restore-plan'
  readonly store: string
  readonly component: Component
  readonly id: string
  readonly time: string
  readonly status: 'complete' | 'partial'
  /** Seconds since it was made. */
  readonly age: number
  /** Plain bytes. */
  readonly bytes: number
  readonly target: TargetSummary
}
