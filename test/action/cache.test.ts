import { mkdirSync, mkdtempSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type CacheOptions, restoreCache } from '../../src/action/cache.ts'
import { ComebackError } from '../../src/errors.ts'
import { type GitHub, startGitHub } from '../support/github/github.ts'

let github: GitHub
let temporary: string
let said: string[]
beforeEach(async () => {
  github = await startGitHub()
  temporary = mkdtempSync(join(tmpdir(), 'comeback-cache-'))
  said = []
})
afterEach(async () => {
  rmSync(temporary, { recursive: true, force: true })
  await github[Symbol.asyncDispose]()
})

function restore(changes: Partial<CacheOptions> = {}, environment: Readonly<Record<string, string>> = {}) {
  return restoreCache({
    verb: 'backup',
    options: { store: 'artifact:', s3Endpoint: undefined },
    environment: {
      PATH: process.env.PATH,
      ...github.environment(github.newRun()),
      GITHUB_WORKSPACE: temporary,
      RUNNER_TEMP: temporary,
      ...environment,
    },
    signal: new AbortController().signal,
    debug: text => said.push(text),
    ...changes,
  })
}

test('there is none where it would not pay, or nothing could keep it', async () => {
  for (const verb of ['check', 'prune', 'restore', 'list', 'export'] as const) {
    expect(await restore({ verb })).toBeUndefined()
  }
  expect(await restore({ options: { store: 'file:./backups', s3Endpoint: undefined } })).toBeUndefined()
  expect(await restore({}, { ACTIONS_RUNTIME_TOKEN: '' })).toBeUndefined()
  expect(await restore({}, { RUNNER_TEMP: '' })).toBeUndefined()
  expect(github.requests).toEqual([])
})

test('what was put into the folder comes back in a later run of the same store; what did not change is not saved', async () => {
  const first = await restore()
  const folder = first?.folder ?? ''
  mkdirSync(folder)
  writeFileSync(join(folder, 'file'), 'content')
  await first?.save()
  rmSync(folder, { recursive: true })
  const later = await restore()
  expect(later?.folder).toBe(folder)
  await later?.save()
  expect(github.caches).toHaveLength(1)
  utimesSync(join(folder, 'file'), 1, 1)
  await later?.save()
  expect(github.caches).toHaveLength(2)
  expect(said.filter(text => text.includes('was saved'))).toHaveLength(2)
})

test('each store has its own', async () => {
  const signal = AbortSignal.abort()
  const folders = [
    { store: 'artifact:', s3Endpoint: undefined },
    { store: 's3://bucket/app', s3Endpoint: undefined },
    { store: 's3://bucket/app', s3Endpoint: 'https://minio.example.org' },
    { store: 's3://bucket/other', s3Endpoint: undefined },
  ].map(async options => (await restore({ options, signal }))?.folder)
  expect(new Set(await Promise.all(folders)).size).toBe(4)
})

test('nothing waits for it longer than the limit, or once the run is cancelled', async () => {
  github.fault({ match: /CacheService/, delay: 30_000, times: 5 })
  const begun = performance.now()
  const cache = await restore({ limit: 200 })
  expect(cache?.folder).toContain(temporary)
  mkdirSync(cache?.folder ?? '')
  writeFileSync(join(cache?.folder ?? '', 'file'), 'content')
  await cache?.save()
  const abort = new AbortController()
  setTimeout(() => abort.abort(new ComebackError('cancelled', 'The run was cancelled.')), 100)
  const cancelled = await restore({ signal: abort.signal })
  await cancelled?.save()
  expect(performance.now() - begun).toBeLessThan(10_000)
  expect(said).toHaveLength(3)
  expect(github.caches).toEqual([])
})

test('a folder that has grown out of all proportion begins anew', async () => {
  const { folder = '' } = (await restore({ signal: AbortSignal.abort() })) ?? {}
  mkdirSync(folder)
  writeFileSync(join(folder, 'huge'), '')
  truncateSync(join(folder, 'huge'), 2 ** 30)
  const cache = await restore({ signal: AbortSignal.abort() })
  await cache?.save()
  expect(github.caches).toEqual([])
  expect(() => truncateSync(join(folder, 'huge'), 1)).toThrow()
})
