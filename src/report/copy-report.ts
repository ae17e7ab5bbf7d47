/** What went from one store into another. */
import type { ErrorCode } from '../errors.ts'
import type { Component } from '../format/manifest.ts'

export interface CopyReport {
  readonly command: 'copy'
  readonly from: string
  readonly to: string
  /** True where nothing was written. */
  readonly dryRun: boolean
  readonly seconds: number
  /** Those that were asked for, oldest first. */
  readonly backups: readonly CopiedBackup[]
  /** Written, or to be written: each object once, however many backups need it. */
  readonly objects: number
  readonly bytes: number
  /** What the target will not keep as long as was asked. */
  readonly warnings: readonly string[]
}

export interface CopiedBackup {
  readonly component: Component
  readonly id: string
  readonly time: string
  /** `present`: the target had all of it. `planned`: of a dry run. `left`: not begun, as a store had come to its end. */
  readonly status: 'copied' | 'present' | 'planned' | 'failed' | 'left'
  /** Objects that this one brought, and their bytes. */
  readonly objects: number
  readonly bytes: number
  readonly error?: { readonly code: ErrorCode; readonly message: string; readonly hint?: string | undefined }
}
