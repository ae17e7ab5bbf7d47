/** One process of a step: its lines go to the log, its files are read when it ends. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { type CommandFiles, readPairs, variablesFor } from './command-file.ts'
import type { MaskedLog } from './masked-log.ts'

export interface Finished {
  readonly code: number | null
  readonly outputs: Readonly<Record<string, string>>
  readonly environment: Readonly<Record<string, string>>
  readonly state: Readonly<Record<string, string>>
}

export async function runProcess(
  [program, ...args]: readonly [string, ...string[]],
  { cwd, env, files, log }: { cwd: string; env: Record<string, string>; files: CommandFiles; log: MaskedLog },
): Promise<Finished> {
  // Nothing of the environment that the tests run in comes along but the way to programs.
  const base = { PATH: process.env.PATH ?? '', HOME: cwd }
  const child = spawn(program, args, {
    cwd,
    env: { ...base, ...env, ...variablesFor(files) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const read = [child.stdout, child.stderr].map(async stream => {
    for await (const line of createInterface({ input: stream })) log.line(line)
  })
  const [[code]] = await Promise.all([once(child, 'close'), ...read])
  return {
    code,
    outputs: readPairs(files.OUTPUT),
    environment: readPairs(files.ENV),
    state: readPairs(files.STATE),
  }
}
