/** For what hardly depends on the server: its newest major in every run, its oldest one too in the long suites. */
import { inject } from 'vitest'
import type { SharedMajor } from './database.ts'

declare module 'vitest' {
  interface ProvidedContext {
    majors: readonly SharedMajor[]
  }
}

export const MAJORS: readonly SharedMajor[] = inject('majors')
