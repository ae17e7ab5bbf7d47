/** What has to happen around a run because it is a process: version check, thread pool, signals, broken pipes, the exit. */
import { availableParallelism } from 'node:os'
import { cancelledBySignals, EXIT_CANCELLED } from './signals.ts'
import { boundYoungMemory } from './young-memory.ts'

/** The first Node with zstd. */
const LEAST_NODE = [22, 15] as const
/** Node's own default; fewer threads would let compression, hashing and files wait for each other. */
const LEAST_THREADS = 4
/** Milliseconds that a finished run waits for whatever keeps the process alive. */
const LAST_MOMENT = 1_000

/** What runs, and the exit code that comes of it. It imports only when called, as an older Node could not even load it. */
export type Edge = (process: NodeJS.Process, signal: AbortSignal) => Promise<number>

export function launch(process: NodeJS.Process, edge: Edge): void {
  const { version, env } = process
  if (!isRecent(version)) {
    process.stderr.write(`comeback: Node ${LEAST_NODE.join('.')} or newer is needed; this is ${version}.\n`)
    process.exitCode = 1
    return
  }
  // Read when the pool starts, which nothing has made it do so far.
  env.UV_THREADPOOL_SIZE ??= String(Math.max(LEAST_THREADS, availableParallelism()))
  boundYoungMemory()
  for (const stream of [process.stdout, process.stderr]) {
    // `comeback list | head` closes the pipe; the run goes on, it only has nobody to talk to any more.
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') process.exitCode = 1
    })
  }
  // Until the run has said otherwise: a process that ends too early must not look like a success.
  process.exitCode = 1
  const early = (code: number): void => {
    if (code !== EXIT_CANCELLED) process.stderr.write('comeback: The process ended before the run did.\n')
  }
  process.once('exit', early)
  void edge(process, cancelledBySignals(process)).then(code => {
    process.off('exit', early)
    process.exitCode = code
    // Not before the pipe has taken what was written: a slow reader gets all of it.
    process.stdout.write('', () => setTimeout(() => process.exit(code), LAST_MOMENT).unref())
  })
}

function isRecent(version: string): boolean {
  const [major = 0, minor = 0] = version.slice(1).split('.').map(Number)
  return major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1])
}
