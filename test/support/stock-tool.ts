/** Programs that are not ours and that a test compares with. */
import { spawnSync } from 'node:child_process'
import type { TestContext } from 'vitest'

export function hasTool(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined
}

/** A machine without the program skips the test and says so; in CI, where nothing may be missing, the test fails. */
export function needTools(context: TestContext, ...programs: readonly string[]): void {
  const missing = programs.filter(program => !hasTool(program))
  if (missing.length === 0) return
  const why = `not installed: ${missing.join(', ')}`
  if (process.env.CI) throw new Error(why)
  context.skip(why)
}
