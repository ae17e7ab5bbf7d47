/** What strangers' manifests cost before it is known that they are strangers'. */
import { expect, test } from 'vitest'
import { MAX_ITERATIONS } from '../../src/format/keys.ts'
import { type Manifest, parseManifest, sealManifest } from '../../src/format/manifest.ts'
import { Keyring } from '../../src/repository/keyring.ts'
import { authenticate, prepareIndex } from '../../src/repository/manifests.ts'
import { KEY, noise, runBackup } from '../engine/scene.ts'
import { createMemoryStore } from '../fakes/memory-store.ts'
import { memorySource } from '../fakes/source.ts'

const SOURCE = memorySource([{ name: 'rows', bytes: noise('rows', 40_000) }])

/** Says what it was made to derive. */
class CountingKeyring extends Keyring {
  readonly iterations: number[] = []

  override chain(idSalt: string, iterations: number) {
    this.iterations.push(iterations)
    return super.chain(idSalt, iterations)
  }

  override pack(salt: string, iterations: number) {
    this.iterations.push(iterations)
    return super.pack(salt, iterations)
  }
}

async function ours(): Promise<Manifest> {
  const store = createMemoryStore()
  await runBackup(store, SOURCE)
  const [name = ''] = [...store.objects.keys()].filter(object => object.endsWith('/manifest.json'))
  return parseManifest(await store.get(name), name)
}

test("what another key's manifest asks for is not derived: not the longest, and not any once our id is known", async () => {
  const manifest = await ours()
  const keyring = new CountingKeyring(KEY)
  const kdf = { ...manifest.kdf, iterations: MAX_ITERATIONS }
  const foreign = { ...manifest, keyId: '00'.repeat(8), idSalt: '11'.repeat(16) }
  prepareIndex({ ...foreign, kdf }, keyring)
  await expect(authenticate({ ...foreign, kdf }, keyring)).rejects.toMatchObject({ code: 'wrong-key' })
  prepareIndex(foreign, keyring)
  await expect(authenticate(foreign, keyring)).rejects.toMatchObject({ code: 'wrong-key' })
  expect(keyring.iterations).toEqual([])
  await authenticate(manifest, keyring)
  expect(keyring.iterations).toEqual([manifest.kdf.iterations])
})

test('an authentic manifest saves deriving the id, and after it strangers cost nothing', async () => {
  const manifest = await ours()
  const keyring = new CountingKeyring(KEY)
  expect(keyring.knownId).toBeUndefined()
  await authenticate(manifest, keyring)
  expect(keyring.knownId).toBe(manifest.keyId)
  const foreign = { ...manifest, keyId: '00'.repeat(8), idSalt: '11'.repeat(16) }
  await expect(authenticate(foreign, keyring)).rejects.toMatchObject({ code: 'wrong-key' })
  expect(keyring.iterations).toHaveLength(1)
})

test('backups that cannot be built on are named as far as a person reads', async () => {
  const store = createMemoryStore()
  await runBackup(store, SOURCE)
  const manifest = await ours()
  for (let number = 0; number < 40; number++) {
    const id = `20261201T0200${String(number).padStart(2, '0')}Z-0000aa`
    const { mac: _, ...unsealed } = { ...manifest, id, chain: id }
    store.objects.set(`database/${id}/manifest.json`, sealManifest(unsealed, Buffer.alloc(32)))
  }
  const outcome = await runBackup(store, SOURCE)
  expect(outcome.status).toBe('complete')
  const problems = outcome.status === 'failed' ? [] : outcome.problems
  expect(problems).toHaveLength(6)
  expect(problems.at(-1)?.message).toBe("35 more earlier backups can't be built on.")
})
