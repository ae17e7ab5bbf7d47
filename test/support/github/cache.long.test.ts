/** The real cache client against the stand-in. */
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type Clients, startClients } from './clients.ts'
import { startGitHub } from './github.ts'

const PATHS = ['known']

function save(clients: Clients, key: string, content: string): Promise<number> {
  mkdirSync(`${clients.folder}/known`, { recursive: true })
  clients.file('known/index', content)
  return clients.call('cache', 'saveCache', PATHS, key)
}

/** The key that was hit and what came back. */
async function restore(clients: Clients, key: string, restoreKeys: readonly string[] = []) {
  rmSync(`${clients.folder}/known`, { recursive: true, force: true })
  const hit = await clients.call<string | undefined>('cache', 'restoreCache', [...PATHS], key, restoreKeys)
  return hit === undefined ? undefined : [hit, readFileSync(`${clients.folder}/known/index`, 'utf8')]
}

test('a cache is found by its key, by a prefix, the youngest first, and is never changed', async () => {
  await using github = await startGitHub()
  await using clients = startClients(github)
  expect(await save(clients, 'index-1', 'one')).toBeGreaterThan(0)
  expect(await save(clients, 'index-2', 'two')).toBeGreaterThan(0)
  expect(await save(clients, 'index-1', 'other')).toBe(-1)
  expect(await restore(clients, 'index-1')).toEqual(['index-1', 'one'])
  expect(await restore(clients, 'index-3', ['index-'])).toEqual(['index-2', 'two'])
  expect(await restore(clients, 'something', ['else'])).toBeUndefined()
  expect(github.caches.map(({ key }) => key)).toEqual(['index-1', 'index-2'])
})

test('a branch sees its own caches and those of main', async () => {
  await using github = await startGitHub()
  await using main = startClients(github)
  await using branch = startClients(github, github.newRun({ branch: 'feature' }))
  await save(main, 'of-main', 'main')
  await save(branch, 'of-branch', 'branch')
  expect(await restore(branch, 'of-main')).toEqual(['of-main', 'main'])
  expect(await restore(branch, 'of-branch')).toEqual(['of-branch', 'branch'])
  expect(await restore(main, 'of-branch')).toBeUndefined()
  // The same key in another scope is another cache.
  expect(await save(branch, 'of-main', 'own')).toBeGreaterThan(0)
  expect(await restore(branch, 'of-main')).toEqual(['of-main', 'own'])
})

test('caches are listed and deleted by REST', async () => {
  await using github = await startGitHub()
  await using clients = startClients(github)
  const id = await save(clients, 'index-1', 'one')
  await save(clients, 'index-2', 'two')
  const list = () => clients.call('github', 'paginate', 'GET /repos/acme/app/actions/caches', { key: 'index-' })
  expect(await list()).toMatchObject([
    { key: 'index-2', ref: 'refs/heads/main' },
    { id, key: 'index-1' },
  ])
  await clients.call('github', 'request', `DELETE /repos/acme/app/actions/caches/${id}`)
  await clients.call('github', 'request', 'DELETE /repos/acme/app/actions/caches?key=index-2')
  expect(await list()).toEqual([])
  expect(await restore(clients, 'index-1')).toBeUndefined()
  expect(github.caches.map(({ deleted }) => deleted)).toEqual([true, true])
})

test('a cache service that fails is told of by a number, and by no error', async () => {
  await using github = await startGitHub()
  await using clients = startClients(github)
  github.fault({ match: /CreateCacheEntry/, status: 403 })
  github.fault({ match: /GetCacheEntryDownloadURL/, status: 403 })
  expect(await save(clients, 'index-1', 'one')).toBe(-1)
  expect(await restore(clients, 'index-1')).toBeUndefined()
  expect(github.unmet()).toEqual([])
})
