import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Memory, withMemory } from '../../src/store/remembering.ts'
import { createFaultyStore, type Fault } from '../fakes/faulty-store.ts'
import { createMemoryStore } from '../fakes/memory-store.ts'
import { codeOf, list, storeContract } from './contract.ts'

const MANIFEST = 'database/b1/manifest.json'
const PACK = 'database/b1/01-data-0001.sql.gz.enc'
const BODY = Buffer.from('{"a manifest": true}')

interface MapMemory extends Memory {
  readonly entries: Map<string, Uint8Array>
}

function mapMemory(): MapMemory {
  const entries = new Map<string, Uint8Array>()
  return {
    entries,
    read: async name => entries.get(name),
    write: async (name, bytes) => void entries.set(name, bytes),
    async listed(prefix, names) {
      for (const name of entries.keys()) if (name.startsWith(prefix) && !names.has(name)) entries.delete(name)
    },
  }
}

const brokenMemory: Memory = {
  read: async () => Promise.reject(new Error('no memory')),
  write: async () => Promise.reject(new Error('no memory')),
  listed: async () => Promise.reject(new Error('no memory')),
}

const isManifest = (name: string) => name.endsWith('manifest.json')

storeContract('remembering', async () => ({
  store: withMemory(createMemoryStore(), mapMemory(), () => true),
  close: async () => {},
}))

storeContract('remembering (in vain)', async () => ({
  store: withMemory(createMemoryStore(), brokenMemory, () => true),
  close: async () => {},
}))

/** A later run on the same store with the same memory, or what is left of it. */
function laterRun(
  memory: Memory,
  options: { readonly body?: Uint8Array; readonly location?: string; readonly faults?: readonly Fault[] } = {},
) {
  const objects = [[MANIFEST, options.body ?? BODY] as const, [PACK, Buffer.from('pack')] as const]
  const inner = createMemoryStore({ objects, location: options.location ?? 'memory:' })
  const counting = createFaultyStore(inner, options.faults ?? [])
  return { inner, counting, store: withMemory(counting, memory, isManifest) }
}

async function memoryOfOneRun(): Promise<MapMemory> {
  const memory = mapMemory()
  const { store } = laterRun(memory)
  await store.get(MANIFEST)
  expect(memory.entries.size).toBe(1)
  return memory
}

it('answers what it has just listed without asking the store again', async () => {
  const { store, counting } = laterRun(await memoryOfOneRun())
  await list(store, '')
  expect(await store.get(MANIFEST, { limit: 1000 })).toEqual(BODY)
  expect(counting.calls).toMatchObject({ list: 1, get: 0 })
})

it('remembers what it writes, and nothing that it failed to write', async () => {
  const memory = mapMemory()
  const store = withMemory(createMemoryStore(), memory, isManifest)
  await store.put(MANIFEST, [BODY.subarray(0, 5), BODY.subarray(5)])
  expect(await codeOf(store.put(MANIFEST, [Buffer.from('other')]))).toBe('already-exists')
  await store.put(PACK, [BODY])
  expect([...memory.entries.keys()]).toEqual([MANIFEST])
  const later = laterRun(memory)
  await list(later.store, 'database/')
  expect(await later.store.get(MANIFEST)).toEqual(BODY)
  expect(later.counting.calls.get).toBe(0)
})

it('asks the store for what no listing of this run has shown', async () => {
  const { store, counting } = laterRun(await memoryOfOneRun())
  expect(await store.get(MANIFEST)).toEqual(BODY)
  await list(store, 'files/')
  expect(await store.get(MANIFEST)).toEqual(BODY)
  expect(counting.calls.get).toBe(2)
})

it('never says that something exists which the store no longer lists', async () => {
  const memory = await memoryOfOneRun()
  const { store, inner } = laterRun(memory)
  await list(store, '')
  inner.objects.delete(MANIFEST)
  expect(await codeOf(store.stat(MANIFEST))).toBe('not-found')
  await list(store, 'database/')
  expect(await codeOf(store.get(MANIFEST))).toBe('not-found')
  expect(memory.entries.size).toBe(0)
})

it('keeps what it knows when a listing breaks off', async () => {
  const memory = await memoryOfOneRun()
  const fault = { method: 'list', call: 2, when: 'after', code: 'store-unavailable' } as const
  const { store, counting } = laterRun(memory, { faults: [fault] })
  await list(store, '')
  expect(await codeOf(list(store, ''))).toBe('store-unavailable')
  for await (const _ of store.list('')) break
  expect(await store.get(MANIFEST)).toEqual(BODY)
  expect(counting.calls.get).toBe(0)
  expect(memory.entries.size).toBe(1)
})

it('does not answer for another size, limit, range, or store, nor for what was deleted', async () => {
  const asked = async (run: ReturnType<typeof laterRun>, read: () => Promise<unknown>) => {
    await list(run.store, '')
    await read()
    return run.counting.calls.get
  }
  const larger = laterRun(await memoryOfOneRun(), { body: Buffer.concat([BODY, BODY]) })
  expect(await asked(larger, () => larger.store.get(MANIFEST))).toBe(1)
  const elsewhere = laterRun(await memoryOfOneRun(), { location: 's3://other' })
  expect(await asked(elsewhere, () => elsewhere.store.get(MANIFEST))).toBe(1)
  const ranged = laterRun(await memoryOfOneRun())
  expect(await asked(ranged, () => ranged.store.get(MANIFEST, { range: { offset: 0, length: 3 } }))).toBe(1)
  const limited = laterRun(await memoryOfOneRun())
  expect(
    await asked(limited, async () => expect(await codeOf(limited.store.get(MANIFEST, { limit: 3 }))).toBe('damaged')),
  ).toBe(1)
  const deleted = laterRun(await memoryOfOneRun())
  await list(deleted.store, '')
  await deleted.store.delete(MANIFEST)
  expect(await codeOf(deleted.store.get(MANIFEST))).toBe('not-found')
})

it('takes a damaged entry for none, whatever happened to it, and puts it right', async () => {
  const good = (await memoryOfOneRun()).entries.get(MANIFEST) ?? new Uint8Array()
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.nat(good.length - 1).map(length => good.subarray(0, length)),
        fc.nat(good.length - 1).map(at => Buffer.from(good).fill((good[at] ?? 0) ^ 1, at, at + 1)),
        fc.uint8Array({ maxLength: 100 }),
        fc.constant(randomBytes(good.length)),
      ),
      async entry => {
        const memory = mapMemory()
        memory.entries.set(MANIFEST, entry)
        const { store, counting } = laterRun(memory)
        await list(store, '')
        expect(await store.get(MANIFEST)).toEqual(BODY)
        expect(counting.calls.get).toBe(1)
        expect(Buffer.from(memory.entries.get(MANIFEST) ?? []).equals(good)).toBe(true)
      },
    ),
  )
})

it('asks the store when it is asked again, so that a forged entry fools nobody who checks', async () => {
  const forging = mapMemory()
  const forged = Buffer.from(BODY.toString().replace('true', 'fake'))
  await laterRun(forging, { body: forged }).store.get(MANIFEST)
  const { store } = laterRun(forging)
  await list(store, '')
  expect(await store.get(MANIFEST)).toEqual(forged)
  await list(store, '')
  expect(await store.get(MANIFEST)).toEqual(BODY)
  expect(await store.get(MANIFEST)).toEqual(BODY)
  const next = laterRun(forging)
  await list(next.store, '')
  expect(await next.store.get(MANIFEST)).toEqual(BODY)
  expect(next.counting.calls.get).toBe(0)
})

it('works on without a memory that fails', async () => {
  const { store } = laterRun(brokenMemory)
  expect(await list(store, '')).toEqual([PACK, MANIFEST])
  expect(await store.get(MANIFEST)).toEqual(BODY)
})

it('does not remember what is too large to be worth it', async () => {
  const memory = mapMemory()
  const store = withMemory(createMemoryStore(), memory, isManifest)
  await store.put(MANIFEST, [Buffer.alloc(32 * 1024 * 1024), Buffer.alloc(1)])
  expect(memory.entries.size).toBe(0)
})
