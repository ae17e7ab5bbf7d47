/** What a test may decide about the stand-in; the defaults are what github.com does. */

const DAYS_KEPT = 90
const ARTIFACTS_A_JOB = 500
const UPLOAD_SECONDS = 3600
const DOWNLOAD_SECONDS = 60

export type Right = 'actions' | 'checks' | 'issues' | 'pull-requests'

export interface GitHubOptions {
  /** `owner/name`. */
  readonly repository?: string
  readonly visibility?: 'private' | 'public'
  /** What REST accepts as `GITHUB_TOKEN`. */
  readonly token?: string
  /** Whose token it is. */
  readonly login?: string
  /** Of the rights to write, those that are asked for by comments, checks, issues, and workflows that are switched on. */
  readonly mayWrite?: readonly Right[]
  readonly maxRetentionDays?: number
  readonly artifactsPerJob?: number
  readonly uploadUrlSeconds?: number
  /** Life of the URL that `/zip` redirects to. */
  readonly downloadUrlSeconds?: number
  /** Bytes of artifacts after which CreateArtifact answers "insufficient usage". */
  readonly quotaBytes?: number
  /** Milliseconds since the epoch, the server's clock. */
  readonly now?: () => number
}

export type Settings = Required<GitHubOptions>

export function settingsOf(options: GitHubOptions): Settings {
  return {
    repository: 'acme/app',
    visibility: 'private',
    token: 'ghs_standin',
    login: 'github-actions[bot]',
    mayWrite: ['actions', 'checks', 'issues', 'pull-requests'],
    maxRetentionDays: DAYS_KEPT,
    artifactsPerJob: ARTIFACTS_A_JOB,
    uploadUrlSeconds: UPLOAD_SECONDS,
    downloadUrlSeconds: DOWNLOAD_SECONDS,
    quotaBytes: Number.POSITIVE_INFINITY,
    now: Date.now,
    ...options,
  }
}
