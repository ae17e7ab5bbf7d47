/**
 * The terminal's program for a later step. That one runs code of others, so it must be no step of an action: the runner puts its own
 * tokens into the environment of every such process, where whatever runs beside it can read them.
 */
import { writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/** Writes `comeback`, which runs by the same Node as this process, into the folder. */
export function leaveProgram(folder: string | undefined, cwd: string, program: string): void {
  if (folder === undefined) return
  const cli = join(dirname(program), '..', 'cli', 'index.js')
  const script = `#!/bin/sh\nexec ${quoted(process.execPath)} ${quoted(cli)} "$@"\n`
  writeFileSync(join(resolve(cwd, folder), 'comeback'), script, { mode: 0o700 })
}

function quoted(path: string): string {
  return `'${path.replaceAll("'", "'\\''")}'`
}
