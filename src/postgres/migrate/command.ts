/** The migration's own program: a shell command in a process group of its own, so that nothing of it outlives the proof. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** Milliseconds between the request to end and the end. */
const PATIENCE = 5_000

export interface CommandResult {
  /** Null where a signal ended it. */
  readonly exitCode: number | null
  readonly signal: string | null
}

/** `output` gets what it prints, line by line. Throws the signal's reason once the group has ended. */
export async function runCommand(
  command: string,
  {
    cwd,
    environment,
    output,
  }: {
    readonly cwd: string
    readonly environment: Readonly<Record<string, string | undefined>>
    readonly output: (line: string) => void
  },
  signal: AbortSignal,
): Promise<CommandResult> {
  signal.throwIfAborted()
  const child = spawn('/bin/sh', ['-c', command], {
    cwd,
    env: { ...environment },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(child, 'close') as Promise<[number | null, string | null]>
  const kill = (how: NodeJS.Signals) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, how)
    } catch (error) {
      // It has ended by itself.
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
    }
  }
  let last: NodeJS.Timeout | undefined
  const onAbort = () => {
    kill('SIGTERM')
    last = setTimeout(() => kill('SIGKILL'), PATIENCE)
  }
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', output)
    const [exitCode, by] = await exited
    signal.throwIfAborted()
    return { exitCode, signal: by }
  } finally {
    clearTimeout(last)
    signal.removeEventListener('abort', onAbort)
    // What it left in the background would keep the database from being dropped.
    kill('SIGKILL')
  }
}
