/** What happens during a run, for whoever shows it. */
import type { Component } from '../format/manifest.ts'
import type { RestorePlanReport } from '../report/restore-plan-report.ts'

export type ProgressEvent =
  | { readonly type: 'phase'; readonly component: Component; readonly text: string }
  /** Plain bytes that are likely to come in all. */
  | { readonly type: 'expect'; readonly component: Component; readonly bytes: number }
  /** Names that messages may hold, of tables and roles say: public places do without them. */
  | { readonly type: 'names'; readonly component: Component; readonly names: readonly string[] }
  /** Running totals: plain bytes read or restored, of them never seen before, and bytes sent to the store. */
  | {
      readonly type: 'bytes'
      readonly component: Component
      readonly done: number
      readonly fresh: number
      readonly stored: number
    }
  /** What a restore is about to do. What comes after it begins its numbers anew. */
  | { readonly type: 'plan'; readonly component: Component; readonly plan: RestorePlanReport }
  /** The component is finished, well or badly: no more of it will come. */
  | { readonly type: 'done'; readonly component: Component }
  | {
      readonly type: 'warning'
      readonly component: Component | undefined
      readonly message: string
      readonly hint?: string
    }
  /** Something that a person must not miss, such as a key that was just made. */
  | { readonly type: 'notice'; readonly message: string }

export type Progress = (event: ProgressEvent) => void
