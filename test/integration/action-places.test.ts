/** Where the Action runs, and with what rights: what it refuses, what it says, what it never shows. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { BackupReport, ListReport } from '../../src/report/report.ts'
import { type Inputs, type Runner, type StepResult, startRunner } from '../support/action.ts'
import { TEST_KEY, workplace } from '../support/cli.ts'
import { createDatabase } from '../support/database.ts'
import { type GitHub, type GitHubOptions, startGitHub } from '../support/github/github.ts'

const BACKUP: Inputs = { component: 'files', files: 'notes.txt' }

interface Place extends AsyncDisposable {
  readonly github: GitHub
  readonly runner: Runner
}

async function place(options?: GitHubOptions): Promise<Place> {
  const github = await startGitHub(options)
  const runner = startRunner(github)
  writeFileSync(join(runner.workspace, 'notes.txt'), 'some notes\n')
  return {
    github,
    runner,
    async [Symbol.asyncDispose]() {
      runner[Symbol.dispose]()
      await github[Symbol.asyncDispose]()
    },
  }
}

function errorsOf({ annotations }: StepResult): string {
  return annotations
    .filter(({ level }) => level === 'error')
    .map(({ title, text }) => `${title}: ${text}`)
    .join('\n')
}

test('on an Enterprise Server it says that there are no artifacts, and names the bucket', async () => {
  await using here = await place()
  // It has no cache of the second kind either, and its runners don't say so.
  const env = { GITHUB_SERVER_URL: 'https://github.example.org', ACTIONS_CACHE_SERVICE_V2: '' }
  const result = await here.runner.run(BACKUP, { env })
  expect(result.code).toBe(1)
  expect(errorsOf(result)).toMatch(/github\.example\.org is a GitHub Enterprise Server.*\n.*s3:\/\//)
  expect(here.github.requests).toEqual([])
})

test('on GitHub with data residency it works', async () => {
  await using here = await place()
  await here.runner.report(BACKUP, { env: { GITHUB_SERVER_URL: 'https://acme.ghe.com' } })
})

test('in a public repository it keeps no backups unless that is allowed', async () => {
  await using here = await place({ visibility: 'public' })
  const refused = await here.runner.run(BACKUP)
  expect(refused.code).toBe(2)
  expect(errorsOf(refused)).toContain('allow-public-artifacts: true')
  expect(here.github.artifacts).toEqual([])
  await here.runner.report<BackupReport>({ ...BACKUP, 'allow-public-artifacts': 'true' })
  // Reading needs no leave.
  expect((await here.runner.report<ListReport>({ command: 'list' })).backups).toHaveLength(1)
})

test.each(['list', 'backup', 'check', 'prune'] as const)(
  'a token that is wrong is named as that by %s',
  async command => {
    await using here = await place()
    const inputs = command === 'backup' ? BACKUP : { command }
    const result = await here.runner.run({ ...inputs, 'github-token': 'ghs_wrong' })
    expect(result.code).not.toBe(0)
    expect(errorsOf(result)).toContain('GitHub does not accept the token')
    expect(here.github.artifacts).toEqual([])
  },
)

test('a token without the right to delete is told which right is missing', async () => {
  await using here = await place()
  await here.runner.report(BACKUP, { daysAgo: 40 })
  await here.runner.report({ ...BACKUP, full: 'true' }, { daysAgo: 20 })
  const body = { message: 'Resource not accessible by integration' }
  here.github.fault({ match: /^DELETE/, status: 403, body, times: 99 })
  const result = await here.runner.run({ command: 'prune', apply: 'true' })
  expect(result.code).not.toBe(0)
  expect(errorsOf(result)).toContain('actions: write')
})

test('a runtime token that has run out is named as that', async () => {
  await using here = await place()
  const other = await startGitHub()
  const token = other.environment(other.newRun()).ACTIONS_RUNTIME_TOKEN ?? ''
  await other[Symbol.asyncDispose]()
  const result = await here.runner.run(BACKUP, { env: { ACTIONS_RUNTIME_TOKEN: token } })
  expect(result.code).toBe(1)
  expect(errorsOf(result)).toContain("does not accept the job's own token")
})

test('in a step that is no Action it cannot upload, and says so', async () => {
  await using here = await place()
  const result = await here.runner.run(BACKUP, { env: { ACTIONS_RUNTIME_TOKEN: undefined } })
  expect(result.code).toBe(1)
  expect(errorsOf(result)).toContain('only a step of the Action can store artifacts')
})

test('nothing that is secret reaches the log, the summary or the report', async () => {
  await using here = await place()
  await using database = await createDatabase(18)
  const password = 'p@ss/wörd%21+x'
  const url = new URL(database.url)
  url.password = encodeURIComponent(password)
  url.port = '1'
  const result = await here.runner.run({ component: 'database', 'database-url': url.href })
  expect(result.code).toBe(1)
  const secrets = [TEST_KEY, password, encodeURIComponent(password), url.href, here.github.token]
  expect(secrets.filter(secret => !result.masks.includes(secret))).toEqual([])
  const shown = result.stdout.replace(/^::add-mask::.*$/gm, '')
  const files = [shown, result.stderr, result.summary, readFileSync(result.outputs.report ?? '', 'utf8')]
  for (const text of files) for (const secret of secrets) expect(text).not.toContain(secret)
})

test('a summary that cannot be written only warns', async () => {
  await using here = await place()
  const result = await here.runner.run(BACKUP, { env: { GITHUB_STEP_SUMMARY: '/nowhere/at/all' } })
  expect([result.code, result.outputs.status]).toEqual([0, 'complete'])
  expect(result.annotations).toMatchObject([{ level: 'warning', text: expect.stringContaining('summary') }])
})

test('an input that does not exist fails with the right name', async () => {
  await using here = await place()
  const result = await here.runner.run({ ...BACKUP, 'databse-url': 'x' })
  expect(result.code).toBe(2)
  expect(errorsOf(result)).toContain('database-url')
})

test('the command line lists, restores and prunes the artifacts, and says that it cannot upload', async () => {
  await using here = await place()
  await here.runner.report(BACKUP)
  using terminal = workplace({ GITHUB_API_URL: here.github.url, GITHUB_TOKEN: here.github.token })
  const store = ['--store', 'artifact:acme/app']
  const list = await terminal.json<ListReport>(['list', ...store])
  expect(list.backups).toMatchObject([{ component: 'files', status: 'complete' }])
  await terminal.json(['restore', 'files', 'latest', '--into', 'restored', ...store])
  expect(readFileSync(join(terminal.folder, 'restored', 'notes.txt'), 'utf8')).toBe('some notes\n')
  await terminal.json(['prune', ...store])
  writeFileSync(join(terminal.folder, 'notes.txt'), 'other notes\n')
  const backup = await terminal.run(['backup', 'files', '--files', 'notes.txt', ...store])
  expect(backup.code).toBe(1)
  expect(backup.stderr).toContain('only a step of the Action can store artifacts')
})
