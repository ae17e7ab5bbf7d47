/**
 * How much of the same is tried. The long suites try all of it; every other run keeps to the newest major of the server where
 * majors hardly differ, and to a few of many moments.
 */
import { inject } from 'vitest'
import type { SharedMajor } from './database.ts'

declare module 'vitest' {
  interface ProvidedContext {
    thorough: boolean
  }
}

export const THOROUGH = inject('thorough')
export const MAJORS: readonly SharedMajor[] = THOROUGH ? [14, 15, 18] : [18]
