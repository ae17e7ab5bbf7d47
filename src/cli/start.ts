/** The process of the command line becomes the surroundings of a run. */
import type { runJob } from '../job.ts'

/** Imports only when called. */
export async function start(
  process: NodeJS.Process,
  signal: AbortSignal,
  loadJob: () => Promise<typeof runJob> = loadRealJob,
): Promise<number> {
  const [{ run }, runJob, { askOn }] = await Promise.all([import('./run.ts'), loadJob(), import('./ask.ts')])
  const { argv, env, stdin, stdout, stderr } = process
  const ask = askOn(stdin, stderr, signal)
  const surroundings = { argv: argv.slice(2), environment: env, cwd: process.cwd(), stdout, stderr, signal, runJob }
  return run(ask === undefined ? surroundings : { ...surroundings, ask })
}

async function loadRealJob(): Promise<typeof runJob> {
  const { runJob } = await import('../job.ts')
  return runJob
}
