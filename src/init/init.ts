/** Writes the workflows into a repository, so that its backups begin. */
import { ComebackError } from '../errors.ts'
import type { JobContext } from '../job-context.ts'
import type { Options } from '../options.ts'
import type { InitReport } from '../report/init-report.ts'

/** Never overwrites a file without being told. */
export async function init(_options: Options, { cwd }: JobContext): Promise<InitReport> {
  throw new ComebackError('unsupported', `init of ${cwd} is not written yet.`)
}
