/** Uploads that meet trouble: what can be helped is, and what is not whole never counts. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { BackupReport, ListReport } from '../../src/report/report.ts'
import { noise } from '../engine/scene.ts'
import { type Inputs, type Runner, type Step, type StepResult, startRunner } from '../support/action.ts'
import { createDatabase } from '../support/database.ts'
import { dyingDatabase } from '../support/dying-database.ts'
import { fingerprint } from '../support/fingerprint.ts'
import { type Fault, type GitHub, type GitHubOptions, startGitHub } from '../support/github/github.ts'

const BACKUP: Inputs = { component: 'files', files: 'uploads' }
const BLOCK = /PUT .*comp=block&/
const CREATE = /CreateArtifact/
const FINALIZE = /FinalizeArtifact/
/** Milliseconds. */
const FOREVER = 600_000
const MiB = 1024 * 1024

interface Place extends AsyncDisposable {
  readonly github: GitHub
  readonly runner: Runner
}

/** With a file to back up that is no larger than a block. */
async function place(options?: GitHubOptions): Promise<Place> {
  const github = await startGitHub(options)
  const runner = startRunner(github)
  mkdirSync(join(runner.workspace, 'uploads'))
  writeFileSync(join(runner.workspace, 'uploads', 'photo.bin'), noise('photo', 200_000))
  return {
    github,
    runner,
    async [Symbol.asyncDispose]() {
      runner[Symbol.dispose]()
      await github[Symbol.asyncDispose]()
    },
  }
}

/** Every fault was met, and the backup comes back. */
async function expectWhole({ runner, github }: Place): Promise<void> {
  expect(github.unmet()).toEqual([])
  const check = await runner.run({ command: 'check', read: 'true' })
  expect([check.code, check.outputs.verdict]).toEqual([0, 'verified'])
  await runner.report({ command: 'restore', component: 'files', into: 'restored' })
}

/** No backup that a restore would take. */
async function expectNone({ runner }: Place): Promise<void> {
  const list = await runner.report<ListReport>({ command: 'list' })
  expect(list.backups.filter(({ status }) => status !== 'failed')).toEqual([])
  const restore = await runner.run({ command: 'restore', component: 'files', into: 'restored' })
  expect(restore.code).toBe(10)
}

function errorOf({ annotations }: StepResult): string {
  return annotations.find(({ level }) => level === 'error')?.text ?? ''
}

async function reached({ requests }: GitHub, pattern: RegExp, count = 1): Promise<void> {
  while (requests.filter(line => pattern.test(line)).length < count) await sleep(10)
}

test.each<readonly [string, readonly Fault[]]>([
  ['a 403 on finalize, which burns the name', [{ match: FINALIZE, status: 403 }]],
  ['an answer to finalize that is lost though the artifact is there', [{ match: FINALIZE, lost: true }]],
  ['an answer to create that is lost, which burns the name', [{ match: CREATE, lost: true }]],
  ['a connection that is cut at finalize', [{ match: FINALIZE, reset: true }]],
  ['a 500 of create', [{ match: CREATE, status: 500 }]],
  ['a 429 of create', [{ match: CREATE, status: 429, headers: { 'retry-after': '1' } }]],
  [
    'a block that fails and one that is cut',
    [
      { match: BLOCK, status: 500 },
      { match: BLOCK, reset: true, skip: 1 },
    ],
  ],
  ['a block that is refused', [{ match: BLOCK, status: 403 }]],
  ['a block list that is refused', [{ match: /comp=blocklist/, status: 403, skip: 1 }]],
  ['a limit on requests to the API', [{ match: /^GET \/repos/, status: 429, headers: { 'retry-after': '1' } }]],
  ['an API that fails for a moment', [{ match: /^GET \/repos/, status: 502, times: 2 }]],
])('a backup gets over %s', async (_name, faults) => {
  await using here = await place()
  for (const fault of faults) here.github.fault(fault)
  await here.runner.report<BackupReport>(BACKUP)
  await expectWhole(here)
})

test('a burned name is never used again: the same object goes under the next one', async () => {
  await using here = await place()
  here.github.fault({ match: FINALIZE, status: 403 })
  await here.runner.report<BackupReport>(BACKUP)
  const names = here.github.artifacts.map(({ name }) => name)
  expect(names.filter(name => /~7000000001-1-2\.bin$/.test(name))).toHaveLength(1)
})

test('the second attempt of a run backs up beside the first', async () => {
  await using here = await place()
  const run = here.github.newRun()
  await here.runner.report<BackupReport>(BACKUP, { run })
  const report = await here.runner.report<BackupReport>(BACKUP, { run: here.github.attempt(run) })
  expect(report.backups).toMatchObject([{ status: 'complete', full: false }])
  expect(here.github.artifacts.some(({ name }) => /~7000000001-2\.bin$/.test(name))).toBe(true)
})

test('a quota that is used up fails the job and is named as such', async () => {
  await using here = await place({ quotaBytes: 0 })
  const result = await here.runner.run(BACKUP)
  expect(result.code).toBe(1)
  expect(errorOf(result)).toMatch(/storage for artifacts .* is used up/)
  expect(errorOf(result)).toContain('s3://')
  await expectNone(here)
})

test('a quota that is used up in the midst of it leaves no backup', async () => {
  await using here = await place()
  here.github.fault({
    match: CREATE,
    skip: 1,
    times: 100,
    status: 403,
    body: { code: 'permission_denied', msg: 'insufficient usage to create artifact' },
  })
  const result = await here.runner.run(BACKUP)
  expect([result.code, result.outputs.status]).toEqual([1, 'failed'])
  expect(result.annotations.some(({ title }) => title.includes('store-full'))).toBe(true)
  await expectNone(here)
})

test("the job's limit on artifacts fails the job and is named as such", async () => {
  await using here = await place({ artifactsPerJob: 1 })
  const result = await here.runner.run(BACKUP)
  expect(result.code).toBe(1)
  expect(errorOf(result)).toMatch(/artifacts a job/)
  await expectNone(here)
})

test('retention that the repository cuts short is told of, and read back', async () => {
  await using here = await place({ maxRetentionDays: 7 })
  const result = await here.runner.run(BACKUP)
  expect(result.code).toBe(0)
  expect(result.annotations.map(({ level, text }) => [level, text.split('\n')[0]])).toEqual([
    ['warning', 'acme/app keeps artifacts for 7 days at most, so backups live 7 days and not 30.'],
    ['warning', expect.stringMatching(/^The store drops this backup on /)],
  ])
})

test.each(['SIGINT', 'SIGTERM'] as const)('%s amid an upload ends the job soon, and leaves nothing', async signal => {
  await using here = await place()
  const { github, runner } = here
  github.fault({ match: BLOCK, delay: FOREVER })
  const { child, finished }: Step = runner.start(BACKUP)
  await reached(github, BLOCK)
  const sent = performance.now()
  child.kill(signal)
  const result = await finished
  expect(performance.now() - sent).toBeLessThan(5_000)
  expect(result.code).toBe(130)
  // No pack stays behind on the runner's disk.
  expect(readdirSync(runner.temporary).filter(name => name.startsWith('comeback-upload-'))).toEqual([])
  await expectNone(here)
  await runner.report(BACKUP)
  await expectWhole(here)
})

test.each([
  ['while a block is on its way', BLOCK],
  ['before an artifact is finalized', FINALIZE],
])('a runner that dies %s leaves nothing that counts, and the next run backs up', async (_name, match) => {
  await using here = await place()
  const { github, runner } = here
  const run = github.newRun()
  github.fault({ match, delay: FOREVER })
  const { child, finished } = runner.start(BACKUP, { run })
  await reached(github, match)
  child.kill('SIGKILL')
  await finished
  await expectNone(here)
  await runner.report(BACKUP, { run: github.attempt(run) })
  await expectWhole(here)
})

test('a database that dies amid the upload leaves the backup of before as the latest', async () => {
  await using here = await place()
  const { github, runner } = here
  await using database = await createDatabase(18)
  await database.query('CREATE TABLE t AS SELECT i AS id, md5(i::text) AS body FROM generate_series(1, 1000) i')
  await runner.report({ component: 'database', 'database-url': database.url })
  const before = await fingerprint(database.url)
  // Packs have 16 MiB, so the first one is full, and no other.
  await database.query(
    'INSERT INTO t SELECT i, md5(i::text) || md5((i * 3)::text) FROM generate_series(2000, 900000) i',
  )
  const blocks = github.requests.filter(line => BLOCK.test(line)).length
  await using dying = await dyingDatabase(database.url, 45 * MiB, () => reached(github, BLOCK, blocks + 1))
  const result = await runner.run({ component: 'database', 'database-url': dying.url, lanes: '1' })
  expect([result.code, result.outputs.status]).toEqual([1, 'failed'])
  const list = await runner.report<ListReport>({ command: 'list', component: 'database' })
  expect(list.backups.map(({ status }) => status)).toEqual(['failed', 'complete'])
  await using copy = await createDatabase(18, 'TEMPLATE template0')
  await runner.report({ command: 'restore', component: 'database', 'target-url': copy.url })
  expect(await fingerprint(copy.url)).toEqual(before)
})
