/** The Action run after run, each on a fresh runner, with GitHub's cache in between: well, ill or forged. */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { encodeMemory } from '../../src/action/cache-blob.ts'
import type { BackupReport } from '../../src/report/report.ts'
import { type Inputs, type Runner, startRunner } from '../support/action.ts'
import { type GitHub, startGitHub } from '../support/github/github.ts'
import { plantCache } from '../support/github/plant.ts'

const MACHINE = { PATH: process.env.PATH ?? '' }

let github: GitHub
let runner: Runner
beforeEach(async () => {
  github = await startGitHub()
  runner = startRunner(github, MACHINE)
  writeFileSync(join(runner.workspace, 'app.conf'), 'port = 8080\n')
})
afterEach(async () => {
  runner[Symbol.dispose]()
  await github[Symbol.asyncDispose]()
})

function memory(): string {
  const names = readdirSync(runner.temporary).filter(name => name.startsWith('comeback-memory-'))
  expect(names).toHaveLength(1)
  return join(runner.temporary, names[0] ?? '')
}

async function runAction(inputs: Inputs, env: Readonly<Record<string, string>> = {}) {
  for (const name of readdirSync(runner.temporary)) rmSync(join(runner.temporary, name), { recursive: true })
  const before = github.requests.length
  const result = await runner.run({ component: 'config', ...inputs }, { env })
  expect(result.code, result.stdout + result.stderr).toBe(0)
  expect(result.annotations).toEqual([])
  const downloads = github.requests.slice(before).filter(request => /GET .*\/artifacts\/\d+\/zip/.test(request))
  return { report: JSON.parse(readFileSync(result.outputs.report ?? '', 'utf8')), downloads: downloads.length }
}

async function backUp(env: Readonly<Record<string, string>> = {}) {
  const { report, downloads } = await runAction({ command: 'backup', 'config-files': 'app.conf' }, env)
  const [backup] = (report as BackupReport).backups
  expect(backup).toMatchObject({ status: 'complete', problems: [] })
  return { backup, downloads }
}

/** A newer cache, made of what this makes of the folder, for the next run to find. */
async function forgeCache(change: (file: string) => void): Promise<void> {
  const folder = memory()
  for (const name of readdirSync(folder)) change(join(folder, name))
  const files = readdirSync(folder, { withFileTypes: true }).filter(entry => entry.isFile())
  const bytes = encodeMemory(new Map(files.map(({ name }) => [name, readFileSync(join(folder, name))])))
  const key = `${github.caches.at(-1)?.key}-forged`
  await plantCache(github, github.newRun(), { key, version: 'comeback-memory-1', bytes })
}

test('later runs ask the store for less: status for nothing that was remembered', async () => {
  // Its own manifest, read back.
  expect((await backUp()).downloads).toBe(1)
  const second = await backUp()
  expect(second.backup).toMatchObject({ full: false })
  const third = await backUp()
  const cold = await backUp({ ACTIONS_CACHE_MODE: 'none' })
  expect(third.downloads).toBeLessThan(cold.downloads - 1)
  const status = await runAction({ command: 'status' })
  expect(status.downloads).toBe(1)
  expect(github.caches.map(({ key }) => key.replace(/^comeback-[0-9a-f]{16}-\d+-1$/, 'named'))).toEqual([
    'named',
    'named',
    'named',
    'named',
  ])
}, 120_000)

test('a cache that was cut short, forged or filled with rubbish changes nothing about a backup', async () => {
  await backUp()
  for (const change of [
    (file: string) => truncateSync(file, 40),
    (file: string) => writeFileSync(file, 'rubbish'),
    // What only somebody who knows how it is sealed can do.
    (file: string) => {
      const name = (file.split('/').at(-1) ?? '').replaceAll('~', '/')
      const body = readFileSync(file).subarray(32).reverse()
      const seal = createHash('sha256').update(`artifact:acme/app\0${name}\0`).update(body).digest()
      writeFileSync(file, Buffer.concat([seal, body]))
    },
    (file: string) => {
      rmSync(file)
      mkdirSync(file)
    },
  ]) {
    await forgeCache(change)
    expect((await backUp()).backup).toMatchObject({ full: false })
  }
}, 120_000)

test('without a cache service that works a backup goes its way', async () => {
  await backUp()
  const saved = github.caches.length
  // Reading alone is allowed, as in the run of a fork.
  expect((await backUp({ ACTIONS_CACHE_MODE: 'read' })).backup).toMatchObject({ full: false })
  github.fault({ match: /CacheService/, status: 403, times: 2 })
  await backUp()
  expect(github.unmet()).toEqual([])
  expect(github.caches).toHaveLength(saved)
  // Answers come by and by, or never: no longer than the limit for each way.
  github.fault({ match: /CacheService/, status: 503, times: 1_000 })
  expect((await backUp()).backup).toMatchObject({ full: false })
}, 120_000)
