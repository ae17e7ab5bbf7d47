import { expect, test } from 'vitest'
import { createFaultyStore } from '../fakes/faulty-store.ts'
import { createMemoryStore } from '../fakes/memory-store.ts'
import { memorySource } from '../fakes/source.ts'
import { fakeClock, goodBackup, noise } from './scene.ts'

test.each(['manifest.json', 'index.gz.enc'])(
  'a %s that was damaged on its way alone is read again and built on',
  async file => {
    const memory = createMemoryStore()
    const clock = fakeClock()
    const source = memorySource([{ name: 'a', bytes: noise('a', 300_000) }])
    await goodBackup(memory, source, { clock })
    clock.nextDay()
    const store = createFaultyStore(memory, [{ method: 'get', call: 1, damage: 'flip', naming: file }])
    expect(await goodBackup(store, source, { clock })).toMatchObject({ full: false, leansOn: 1, problems: [] })
    expect(store.unmet()).toEqual([])
  },
)
