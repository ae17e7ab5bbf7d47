/** The job without an edge around it, in a folder of its own. */
import { runJob } from '../../src/job.ts'
import type { Command, JobContext } from '../../src/job-context.ts'
import { resolveOptions } from '../../src/option-values.ts'
import type { OptionName } from '../../src/options.ts'
import type { Report } from '../../src/report/report.ts'
import { TEST_KEY } from './cli.ts'

/** Options as text, as an edge gives them. */
export type Given = Partial<Record<OptionName, string | readonly string[]>>

export function jobIn(
  cwd: string,
  command: Command,
  given: Given = {},
  context: Partial<JobContext> = {},
): Promise<Report> {
  const values = new Map(Object.entries(given).map(([name, value]) => [name as OptionName, [value].flat()]))
  return runJob(command, resolveOptions(command.verb, values, {}), {
    cwd,
    key: TEST_KEY,
    ci: true,
    environment: {},
    github: { apiUrl: 'http://127.0.0.1', serverUrl: 'http://127.0.0.1', repository: undefined, run: undefined },
    temporary: cwd,
    progress: () => undefined,
    signal: new AbortController().signal,
    ...context,
  })
}
