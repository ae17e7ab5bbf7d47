/** Restores that meet trouble on the way down: they go on where they were, or say what is gone. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { BackupReport, ListReport } from '../../src/report/report.ts'
import { noise } from '../engine/scene.ts'
import { type Inputs, type Runner, startRunner } from '../support/action.ts'
import { type Fault, type GitHub, type GitHubOptions, startGitHub } from '../support/github/github.ts'

const BACKUP: Inputs = { component: 'files', files: 'uploads' }
const RESTORE: Inputs = { command: 'restore', component: 'files', into: 'restored' }
const ZIP = /^GET \/repos\/.*\/zip/
const BLOB = /^GET \/actions-results\//
const PACK = /^GET \/actions-results\/.*01-data/

interface Place extends AsyncDisposable {
  readonly github: GitHub
  readonly runner: Runner
  readonly content: Buffer
}

/** With a backup of a file of three megabytes. */
async function place(options?: GitHubOptions): Promise<Place> {
  const github = await startGitHub(options)
  const runner = startRunner(github)
  const content = Buffer.from(noise('photo', 3_000_000))
  mkdirSync(join(runner.workspace, 'uploads'))
  writeFileSync(join(runner.workspace, 'uploads', 'photo.bin'), content)
  await runner.report<BackupReport>(BACKUP)
  return {
    github,
    runner,
    content,
    async [Symbol.asyncDispose]() {
      runner[Symbol.dispose]()
      await github[Symbol.asyncDispose]()
    },
  }
}

function restored({ runner }: Place): Buffer {
  return readFileSync(join(runner.workspace, 'restored', 'uploads', 'photo.bin'))
}

test.each<readonly [string, readonly Fault[]]>([
  ['a download that is cut', [{ match: PACK, truncate: 1_000_000 }]],
  ['one that is cut again and again', [{ match: PACK, truncate: 700_000, times: 4 }]],
  ['a URL that has expired when it is used', [{ match: BLOB, status: 403, times: 2 }]],
  ['a connection that is cut at once', [{ match: PACK, reset: true, times: 2 }]],
  ['a storage that fails for a moment', [{ match: PACK, status: 503 }]],
  ['a limit on requests', [{ match: ZIP, status: 429, headers: { 'retry-after': '1' } }]],
  [
    'a secondary limit',
    [{ match: ZIP, status: 403, headers: { 'retry-after': '1' }, body: { message: 'secondary rate limit' } }],
  ],
  [
    'an API that fails for a moment',
    [
      { match: ZIP, status: 502 },
      { match: /artifacts\?/, status: 500 },
    ],
  ],
  ['an API that hangs up', [{ match: ZIP, reset: true }]],
])('a restore gets over %s', async (_name, faults) => {
  await using here = await place()
  for (const fault of faults) here.github.fault(fault)
  await here.runner.report(RESTORE)
  expect(here.github.unmet()).toEqual([])
  expect(restored(here).equals(here.content)).toBe(true)
})

test('a cut download is not begun anew: it goes on where it was', async () => {
  await using here = await place()
  here.github.fault({ match: PACK, truncate: 1_000_000 })
  const before = here.github.requests.length
  await here.runner.report(RESTORE)
  const signed = here.github.requests.slice(before).filter(line => ZIP.test(line))
  const blobs = here.github.requests.slice(before).filter(line => BLOB.test(line))
  // Manifest, index and one pack: the pack in two parts, the second with a URL of its own.
  expect([signed.length, blobs.length]).toEqual([4, 4])
})

test('a restore lasts longer than any URL lives', async () => {
  await using here = await place({ downloadUrlSeconds: 1 })
  here.github.fault({ match: PACK, delay: 1_500, times: 1 })
  await here.runner.report(RESTORE)
  expect(restored(here).equals(here.content)).toBe(true)
})

test('an expired manifest is an absent backup', async () => {
  await using here = await place()
  for (const { id, name } of here.github.artifacts) if (name.includes('manifest')) here.github.expire(id)
  const list = await here.runner.report<ListReport>({ command: 'list' })
  expect(list.backups).toEqual([])
  expect((await here.runner.run(RESTORE)).code).toBe(10)
})

test('an expired pack is named as expired, and the backup fails its check', async () => {
  await using here = await place()
  for (const { id, name } of here.github.artifacts) if (name.includes('01-data')) here.github.expire(id)
  const result = await here.runner.run(RESTORE)
  expect(result.code).not.toBe(0)
  expect(result.annotations.map(({ text }) => text).join()).toMatch(/01-data.* expired on \d{4}-\d\d-\d\d/)
  const check = await here.runner.run({ command: 'check' })
  expect([check.code, check.outputs.verdict]).toEqual([3, 'failed'])
})

test('a backup does not lean on what has expired', async () => {
  await using here = await place()
  for (const { id, name } of here.github.artifacts) if (name.includes('01-data')) here.github.expire(id)
  await here.runner.report<BackupReport>(BACKUP)
  await here.runner.report(RESTORE)
  expect(restored(here).equals(here.content)).toBe(true)
})

test('bytes that are not those of the upload never reach the files', async () => {
  await using here = await place()
  const { github, runner } = here
  github.fault({ match: PACK, status: 200, body: 'x'.repeat(3_200_000), times: 20 })
  const result = await runner.run(RESTORE)
  expect(result.code).not.toBe(0)
  expect(() => restored(here)).toThrow('ENOENT')
})
