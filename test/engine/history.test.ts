import { describe, expect, test } from 'vitest'
import { createFaultyStore } from '../fakes/faulty-store.ts'
import { createMemoryStore } from '../fakes/memory-store.ts'
import { memorySource } from '../fakes/source.ts'
import { fakeClock, goodBackup, manifest, noise } from './scene.ts'

const segments = [
  { name: 'small', bytes: noise('small', 1_000) },
  { name: 'large', bytes: noise('large', 300_000) },
]

/** Backs the same thing up, day after day. */
async function days(count: number) {
  const store = createMemoryStore()
  const clock = fakeClock()
  const made: Awaited<ReturnType<typeof goodBackup>>[] = []
  for (let day = 0; day < count; day++) {
    made.push(await goodBackup(store, memorySource(segments), { clock }))
    clock.nextDay()
  }
  return { store, clock, made }
}

describe('the history', () => {
  test('of a first backup is itself', async () => {
    const { made } = await days(1)
    const [first] = made
    expect(first?.history).toEqual([
      { id: first?.id, time: '2026-11-01T02:00:00.000Z', bytes: 301_000, stored: first?.bytes.stored },
    ])
  })

  test('is oldest first, this backup last, thirty at most', async () => {
    const { made } = await days(33)
    expect(made.at(-1)?.history.map(({ id }) => id)).toEqual(made.slice(3).map(({ id }) => id))
  })

  test('is of this source and component alone', async () => {
    const { store, clock, made } = await days(2)
    await goodBackup(store, memorySource(segments, { identity: 'another' }), { clock })
    await goodBackup(store, memorySource(segments, { component: 'files' }), { clock })
    clock.nextDay()
    const last = await goodBackup(store, memorySource(segments), { clock })
    expect(last.history.map(({ id }) => id)).toEqual([...made, last].map(({ id }) => id))
  })

  test('that cannot be read is shorter, and the backup stands', async () => {
    const { store, clock, made } = await days(3)
    const name = `${made[0]?.id}/manifest.json`
    const faulty = createFaultyStore(store, [
      { method: 'get', call: 1, code: 'permission', naming: name, lasting: true },
    ])
    const last = await goodBackup(faulty, memorySource(segments), { clock })
    expect(faulty.unmet()).toEqual([])
    expect(last.history.map(({ id }) => id)).toEqual([...made.slice(1), last].map(({ id }) => id))
    expect((await manifest(store)).id).toBe(last.id)
  })

  test('leaves out a manifest that was altered', async () => {
    const { store, clock, made } = await days(3)
    const name = `database/${made[0]?.id}/manifest.json`
    const text = Buffer.from(store.objects.get(name) ?? '').toString()
    store.objects.set(name, Buffer.from(text.replace('"plain": 301000', '"plain": 401000')))
    const last = await goodBackup(store, memorySource(segments), { clock })
    expect(last.history).toHaveLength(3)
  })
})

test('the largest segments are told, largest first, twenty at most', async () => {
  const many = Array.from({ length: 25 }, (_, i) => ({ name: `t${i}`, bytes: noise('t', 1_000 + i) }))
  const { largest } = await goodBackup(createMemoryStore(), memorySource(many))
  expect(largest).toHaveLength(20)
  expect(largest[0]).toEqual({ name: 't24', bytes: 1_024 })
  expect(largest.at(-1)).toEqual({ name: 't5', bytes: 1_005 })
})
