/** What an edge asks for, and what it knows: the two things that a job gets besides its options. */
import type { Progress } from './engine/progress.ts'
import type { Component } from './format/manifest.ts'

export type Command =
  | { readonly verb: 'backup'; readonly components: readonly Component[] }
  /** `at`: `latest`, a UTC day, an ISO time or a backup id, as the person wrote it; of no account with `--discard`. */
  | { readonly verb: 'restore'; readonly component: Component; readonly at: string }
  | {
      readonly verb: 'verify' | 'list' | 'status' | 'report' | 'check' | 'prune' | 'copy' | 'import'
      readonly components: readonly Component[]
    }
  | { readonly verb: 'export'; readonly component: Component; readonly at: string }
  | { readonly verb: 'init' }
  | { readonly verb: 'key'; readonly action: 'new' | 'show-id' }

export interface JobContext {
  /** Where relative paths and globs start. */
  readonly cwd: string
  /** The key as given in the environment or the Action's input; otherwise the key file is read. */
  readonly key: string | undefined
  /** True in CI, where a key is never made. */
  readonly ci: boolean
  readonly environment: Readonly<Record<string, string | undefined>>
  /** What the configuration component chooses variables from; the environment, where it is absent. */
  readonly configuration?: Readonly<Record<string, string | undefined>>
  readonly github: GitHubContext
  /** Folder for what needs to be a file for a moment. */
  readonly temporary: string
  /** Folder that remembers small objects of a distant store from one run to the next; absent where nothing keeps it. */
  readonly memory?: string
  readonly progress: Progress
  /** Asks whoever sits at the terminal; absent where nobody does. Rejects with `cancelled`. */
  readonly ask?: (question: string) => Promise<string>
  /** Aborted with a `ComebackError` (`cancelled` or `timeout`) as its reason. */
  readonly signal: AbortSignal
}

/** Where GitHub is, and, inside of Actions, which run this is. */
export interface GitHubContext {
  /** `https://api.github.com`. */
  readonly apiUrl: string
  /** `https://github.com`. */
  readonly serverUrl: string
  /** `owner/name` of the repository that runs this. */
  readonly repository: string | undefined
  /** Present in the Action alone: only there GitHub lets a program upload. */
  readonly run: GitHubRun | undefined
}

export interface GitHubRun {
  readonly id: string
  readonly attempt: string
  /** The most days that the repository keeps artifacts, if the runner says so. */
  readonly retentionDays: number | undefined
  /** Branch or tag that it runs on. */
  readonly branch?: string
}
