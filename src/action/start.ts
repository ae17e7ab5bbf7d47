/** The process that a runner started becomes the surroundings of a run. */

/** Imports only when called. */
export async function start(process: NodeJS.Process, signal: AbortSignal): Promise<number> {
  const [{ run }, { runJob }] = await Promise.all([import('./run.ts'), import('../job.ts')])
  const { env, stdout, argv } = process
  const program = argv[1] ?? ''
  return run({ environment: env, cwd: env.GITHUB_WORKSPACE || process.cwd(), stdout, signal, runJob, program })
}
