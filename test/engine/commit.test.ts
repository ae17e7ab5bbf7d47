import { expect, test } from 'vitest'
import type { Source } from '../../src/engine/ports.ts'
import { createFaultyStore } from '../fakes/faulty-store.ts'
import { createMemoryStore, type MemoryStore } from '../fakes/memory-store.ts'
import { memorySource } from '../fakes/source.ts'
import { fakeClock, goodBackup, noise, runBackup } from './scene.ts'

const segments = ['a', 'b', 'c', 'd'].map(name => ({ name, bytes: noise(name, 300_000) }))

/** Several packs in a store, and a clock on the next day. */
async function dayAfterABackup() {
  const memory = createMemoryStore({ packSize: 100_000 })
  const clock = fakeClock()
  await goodBackup(memory, memorySource(segments), { clock })
  clock.nextDay()
  return { memory, clock }
}

/** While it is read, something happens to the first pack in the store. */
function meanwhile(memory: MemoryStore, change: (pack: string, bytes: Uint8Array) => void): Source {
  const source = memorySource(segments)
  return {
    ...source,
    async read(...args) {
      const result = await source.read(...args)
      const [pack, bytes] = [...memory.objects].find(([name]) => name.includes('01-data-0001')) ?? ['', Buffer.alloc(0)]
      change(pack, bytes)
      return result
    },
  }
}

test('many packs that are leaned on are looked at in one listing', async () => {
  const { memory, clock } = await dayAfterABackup()
  const store = createFaultyStore(memory, [])
  const { leansOn } = await goodBackup(store, memorySource(segments), { clock })
  expect(leansOn).toBeGreaterThan(1)
  // Before, for them, and to read back the manifest.
  expect(store.calls).toMatchObject({ stat: 0, list: 3 })
})

test('a pack that vanishes or shrinks during the run fails it, with the way out', async () => {
  for (const change of ['vanish', 'shrink']) {
    const { memory, clock } = await dayAfterABackup()
    const source = meanwhile(memory, (pack, bytes) => {
      memory.objects.delete(pack)
      if (change === 'shrink') memory.objects.set(pack, bytes.subarray(1))
    })
    const outcome = await runBackup(memory, source, { clock })
    expect(outcome).toMatchObject({
      status: 'failed',
      error: { code: 'damaged', hint: expect.stringContaining('--full') },
    })
    const said = outcome.status === 'failed' ? outcome.error.message : ''
    expect(said).toMatch(change === 'vanish' ? /01-data-0001.* is gone/ : /01-data-0001.* has \d+ bytes where \d+/)
  }
})

test('a run whose manifest is not what others would read under its name is not complete', async () => {
  const memory = createMemoryStore()
  const swapped = {
    ...memory,
    async put(name: string, body: readonly Uint8Array[]) {
      const foreign = Buffer.from(Buffer.concat([...body]).map(byte => byte ^ 1))
      await memory.put(name, name.endsWith('/manifest.json') ? [foreign] : body)
    },
  }
  expect(await runBackup(swapped, memorySource(segments))).toMatchObject({
    status: 'failed',
    error: { code: 'damaged', message: expect.stringContaining('is something else') },
  })
  // It would say of a backup that stands after all that it failed.
  expect([...memory.objects.keys()].filter(name => name.endsWith('placeholder.json'))).toEqual([])
})
