/** What `import` brought over from the folder of the old scripts. */
import type { Problem } from '../engine/ports.ts'
import type { ErrorCode } from '../errors.ts'
import type { Component } from '../format/manifest.ts'

export interface ImportReport {
  readonly command: 'import'
  readonly from: string
  readonly store: string
  /** In the order in which they were worked on, oldest first. */
  readonly files: readonly ImportedFile[]
  /** Files that were not tried any more, since the store had failed or the run was to end. */
  readonly left: number
  /** Other files in the folder. */
  readonly foreign: readonly string[]
  readonly problems: readonly Problem[]
}

export type ImportedFile = {
  readonly component: Component
  readonly file: string
  readonly time: string
} & (
  | {
      readonly status: 'imported'
      readonly id: string
      /** Plain bytes; of them those that the store did not hold; bytes written to the store. */
      readonly bytes: { readonly read: number; readonly new: number; readonly stored: number }
      readonly problems: readonly Problem[]
    }
  /** By an earlier run. */
  | { readonly status: 'present'; readonly id: string }
  | { readonly status: 'failed'; readonly error: ImportError }
)

export interface ImportError {
  readonly code: ErrorCode
  readonly message: string
  readonly hint?: string | undefined
}
