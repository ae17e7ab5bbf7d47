/** Prune beside records of proofs: cut short anywhere, it loses no verified backup, and leaves no record of a backup that is gone. */
import { beforeAll, expect, test } from 'vitest'
import { parseMoment } from '../../src/engine/catalog.ts'
import { createFaultyStore } from '../fakes/faulty-store.ts'
import { createMemoryStore, type MemoryStore } from '../fakes/memory-store.ts'
import { memorySink } from '../fakes/source.ts'
import { idsIn, runPrune } from './keeping.ts'
import { history, proofFiles, prover, run } from './proving.ts'
import { type Clock, keyring, runRestore } from './scene.ts'

const SHORT = { policy: { days: 1 } }

let proved: { readonly store: MemoryStore; readonly ids: readonly string[]; readonly clock: Clock }

/** Five backups: the second verified, and later not to be looked at; the fourth failed; then two months. */
beforeAll(async () => {
  const store = createMemoryStore()
  const { ids, clock } = await history(store, 5)
  const prove = async (index: number, codes: Parameters<typeof prover>[0]) => {
    await run(store, clock.now(), { moment: parseMoment(ids[index] ?? ''), prover: prover(codes) })
    clock.nextDay()
  }
  await prove(0, [])
  await prove(1, [])
  await prove(3, ['rows-differ'])
  await prove(1, ['no-server'])
  for (let day = 0; day < 60; day++) clock.nextDay()
  proved = { store, ids, clock }
})

function copied(): MemoryStore {
  const store = createMemoryStore()
  for (const [name, bytes] of proved.store.objects) store.objects.set(name, bytes)
  return store
}

test.each([
  ['with the key', keyring],
  ['without the key', undefined],
])('%s, prune may be cut short at any store call', async (_, ring) => {
  const { ids, clock } = proved
  const kept = [ids[1], ids[4]]
  const prune = (store: Parameters<typeof runPrune>[0]) => runPrune(store, clock.now(), { ...SHORT, keyring: ring })
  const counted = createFaultyStore(copied(), [])
  await prune(counted)
  expect(counted.calls.any).toBeGreaterThan(20)
  for (const when of ['before', 'after'] as const) {
    for (let call = 1; call <= counted.calls.any; call++) {
      const store = copied()
      const faulty = createFaultyStore(store, [{ method: 'any', call, code: 'store-unavailable', when, lasting: true }])
      await expect(prune(faulty)).rejects.toMatchObject({ code: 'store-unavailable' })
      expect(idsIn(store), `${when} call ${call}`).toEqual(expect.arrayContaining(kept))
      await prune(store)
      expect(idsIn(store)).toEqual(kept)
      expect(
        proofFiles(store).map(name => name.split('/')[1]),
        `${when} call ${call}`,
      ).toEqual([ids[1], ids[1]])
      if (call % 8 === 0) for (const id of kept) await runRestore(store, memorySink(), id)
    }
  }
})
