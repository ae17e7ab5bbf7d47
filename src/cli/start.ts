/** The process of the command line becomes the surroundings of a run. */
import type { runJob } from '../job.ts'

/** Imports only when called. */
export async function start(
  process: NodeJS.Process,
  signal: AbortSignal,
  loadJob: () => Promise<typeof runJob> = loadRealJob,
): Promise<number> {
  const [{ run }, runJob] = await Promise.all([import('./run.ts'), loadJob()])
  const { argv, env, stdout, stderr } = process
  return run({ argv: argv.slice(2), environment: env, cwd: process.cwd(), stdout, stderr, signal, runJob })
}

async function loadRealJob(): Promise<typeof runJob> {
  const { runJob } = await import('../job.ts')
  return runJob
}
