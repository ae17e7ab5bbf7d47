/** The variables that a runner gives to a JavaScript action. GITHUB_TOKEN is not among them: an action gets it as an input. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Run } from './records.ts'
import type { Settings } from './settings.ts'

interface Place {
  readonly url: string
  readonly settings: Settings
  readonly runtimeToken: string
  /** Gets the event's file. */
  readonly folder: string
}

export function runnerEnvironment(run: Run, { url, settings, runtimeToken, folder }: Place): Record<string, string> {
  const [owner = '', name = ''] = settings.repository.split('/')
  return {
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    // Never contacted; the clients only look whether it is GitHub's own.
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_API_URL: url,
    GITHUB_GRAPHQL_URL: `${url}/graphql`,
    GITHUB_REPOSITORY: settings.repository,
    GITHUB_REPOSITORY_ID: '1',
    GITHUB_REPOSITORY_OWNER: owner,
    GITHUB_REPOSITORY_OWNER_ID: '1',
    GITHUB_RUN_ID: String(run.id),
    GITHUB_RUN_NUMBER: String(run.number),
    GITHUB_RUN_ATTEMPT: String(run.attempt),
    GITHUB_REF: `refs/heads/${run.branch}`,
    GITHUB_REF_NAME: run.branch,
    GITHUB_REF_TYPE: 'branch',
    GITHUB_REF_PROTECTED: 'false',
    GITHUB_SHA: run.sha,
    GITHUB_EVENT_NAME: run.event,
    GITHUB_EVENT_PATH: writeEvent(run, { owner, name, settings, folder }),
    GITHUB_WORKFLOW: 'backup',
    GITHUB_WORKFLOW_REF: `${settings.repository}/.github/workflows/backup.yml@refs/heads/${run.branch}`,
    GITHUB_WORKFLOW_SHA: run.sha,
    GITHUB_JOB: 'backup',
    GITHUB_ACTION: '__run',
    GITHUB_ACTOR: 'octocat',
    GITHUB_ACTOR_ID: '583231',
    GITHUB_TRIGGERING_ACTOR: 'octocat',
    GITHUB_RETENTION_DAYS: String(settings.maxRetentionDays),
    RUNNER_OS: 'Linux',
    RUNNER_ARCH: 'X64',
    RUNNER_NAME: 'stand-in',
    RUNNER_ENVIRONMENT: 'github-hosted',
    ACTIONS_RUNTIME_TOKEN: runtimeToken,
    ACTIONS_RESULTS_URL: `${url}/`,
    ACTIONS_CACHE_URL: `${url}/`,
    ACTIONS_CACHE_SERVICE_V2: 'True',
  }
}

function writeEvent(
  run: Run,
  { owner, name, settings, folder }: { owner: string; name: string; settings: Settings; folder: string },
): string {
  const file = join(folder, `event-${run.jobId}.json`)
  const event = {
    ...(run.event === 'schedule' ? { schedule: '17 2 * * *' } : {}),
    repository: {
      id: 1,
      name,
      full_name: settings.repository,
      owner: { login: owner },
      private: settings.visibility === 'private',
      visibility: settings.visibility,
      default_branch: 'main',
    },
    sender: { login: 'octocat' },
  }
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, JSON.stringify(event))
  return file
}
