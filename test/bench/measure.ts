/** Running a command and watching it: seconds of wall time, and the most memory that its process ever held. */
import { type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

const POLL_MS = 25
const KiB = 1024

export interface Command {
  readonly program: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
}

export interface Measured {
  readonly seconds: number
  /** Bytes of the process itself, not of its children; 0 where the system doesn't tell (it does on Linux). */
  readonly peak: number
  readonly stdout: string
}

/** A pipeline that fails if any part of it does. */
export function pipeline(line: string, env: Command['env'] = {}): Command {
  return { program: 'bash', args: ['-o', 'pipefail', '-c', line], env }
}

/** Throws, with the end of what it said, if the command does not exit with 0. */
export async function measure(command: Command): Promise<Measured> {
  const options: SpawnOptions = { env: { ...process.env, ...command.env }, stdio: ['ignore', 'pipe', 'pipe'] }
  if (command.cwd !== undefined) options.cwd = command.cwd
  const start = performance.now()
  const child = spawn(command.program, command.args, options)
  let [stdout, stderr, peak] = ['', '', 0]
  child.stdout?.on('data', chunk => {
    stdout += chunk
  })
  child.stderr?.on('data', chunk => {
    stderr = (stderr + chunk).slice(-4000)
  })
  const watch = setInterval(() => {
    peak = Math.max(peak, highWater(child.pid))
  }, POLL_MS)
  try {
    const [code, signal] = await once(child, 'close')
    const seconds = (performance.now() - start) / 1000
    if (code !== 0)
      throw new Error(`${command.program} ${command.args.join(' ')} ended with ${code ?? signal}:\n${stderr}`)
    return { seconds, peak, stdout }
  } finally {
    clearInterval(watch)
  }
}

/**
 * Each contender once a round, the order turning from round to round, so that whatever else the machine does hits them all.
 * Returns what each gave, in rounds.
 */
export async function interleave<Result>(
  rounds: number,
  contenders: readonly ((round: number) => Promise<Result>)[],
): Promise<readonly (readonly Result[])[]> {
  const results: Result[][] = contenders.map(() => [])
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const index = (turn + round) % contenders.length
      const contender = contenders[index]
      if (contender !== undefined) results[index]?.push(await contender(round))
    }
  }
  return results
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** Bytes of all files in a folder; 0 for none. */
export async function folderSize(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const sizes = entries
    .filter(entry => entry.isFile())
    .map(async entry => (await stat(join(entry.parentPath, entry.name))).size)
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}

function highWater(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * KiB
  } catch (error) {
    // It has just ended, or this is no Linux; the last value seen stands.
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return 0
    throw error
  }
}
