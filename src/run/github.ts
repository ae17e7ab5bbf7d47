/** Where GitHub is, from the variables that a runner sets. */
import type { GitHubContext, GitHubRun } from '../job-context.ts'
import type { Environment } from './environment.ts'

const API_URL = 'https://api.github.com'
const SERVER_URL = 'https://github.com'

export function githubContext(environment: Environment, run: GitHubRun | undefined): GitHubContext {
  return {
    apiUrl: environment.GITHUB_API_URL || API_URL,
    serverUrl: environment.GITHUB_SERVER_URL || SERVER_URL,
    repository: environment.GITHUB_REPOSITORY || undefined,
    run,
  }
}
