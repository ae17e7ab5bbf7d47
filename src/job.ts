/**
 * The composition root: parsed options and what the edge knows (key, environment, signal) become adapters, the engine runs,
 * a report comes back. The only file that names concrete adapters.
 */
import type { Progress } from './engine/progress.ts'
import { ComebackError } from './errors.ts'
import type { Component } from './format/manifest.ts'
import type { Options } from './options.ts'
import type { Report } from './report/report.ts'

export type Command =
  | { readonly verb: 'backup'; readonly components: readonly Component[] }
  /** `at`: `latest`, a UTC day, an ISO time or a backup id, as the person wrote it. */
  | { readonly verb: 'restore'; readonly component: Component; readonly at: string }
  | { readonly verb: 'list'; readonly components: readonly Component[] }
  | { readonly verb: 'export'; readonly component: Component; readonly at: string }
  | { readonly verb: 'key'; readonly action: 'new' | 'show-id' }

export interface JobContext {
  /** Where relative paths and globs start. */
  readonly cwd: string
  /** The key as given in the environment or the Action's input; otherwise the key file is read. */
  readonly key: string | undefined
  /** True in CI, where a key is never made. */
  readonly ci: boolean
  /** Whether a person sits before it: environment values of a configuration restore may be shown. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly progress: Progress
  /** Aborted with a `ComebackError` (`cancelled` or `timeout`) as its reason. */
  readonly signal: AbortSignal
}

/** Throws a `ComebackError`; of several components backed up, the failed ones stand in the report instead. */
export async function runJob(command: Command, _options: Options, _context: JobContext): Promise<Report> {
  throw new ComebackError('unsupported', `${command.verb} is not built yet.`)
}
