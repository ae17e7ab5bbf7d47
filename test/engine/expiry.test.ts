import { describe, expect, test } from 'vitest'
import { createMemoryStore } from '../fakes/memory-store.ts'
import { memorySource } from '../fakes/source.ts'
import { fakeClock, goodBackup, manifest, noise } from './scene.ts'

const source = () => memorySource([{ name: 'a', bytes: noise('a', 300_000) }])
const keepUntil = new Date('2026-12-01T02:00:00Z')

describe('a backup in a store that keeps objects for good', () => {
  test('lives until retention lets it go, and its manifest names no day', async () => {
    const store = createMemoryStore()
    const outcome = await goodBackup(store, source(), { keepUntil })
    expect(outcome).toMatchObject({ expires: '2026-12-01T02:00:00.000Z', problems: [] })
    expect((await manifest(store)).expires).toBeNull()
  })
})

describe('a backup in a store that drops objects', () => {
  test('later than retention asks for names both days', async () => {
    const store = createMemoryStore({ expiresAt: () => new Date('2027-02-01T00:00:00Z') })
    const outcome = await goodBackup(store, source(), { keepUntil })
    expect(outcome).toMatchObject({ expires: '2026-12-01T02:00:00.000Z', problems: [] })
    expect((await manifest(store)).expires).toBe('2027-02-01T00:00:00.000Z')
  })

  test('sooner warns of it', async () => {
    const store = createMemoryStore({ expiresAt: () => new Date('2026-11-08T00:00:00Z') })
    const outcome = await goodBackup(store, source(), { keepUntil })
    expect(outcome).toMatchObject({ status: 'complete', expires: '2026-11-08T00:00:00.000Z' })
    expect(outcome.problems.map(({ message }) => message)).toEqual([
      'The store drops this backup on 2026-11-08, but it is to be kept until 2026-12-01.',
    ])
  })

  test('goes with the first object that it leans on', async () => {
    const expiries = ['2026-12-20T00:00:00Z', '2027-01-20T00:00:00Z'].map(text => new Date(text))
    let day = 0
    const store = createMemoryStore({ expiresAt: () => expiries[day] ?? keepUntil })
    const clock = fakeClock()
    await goodBackup(store, source(), { clock })
    day++
    clock.nextDay()
    expect((await goodBackup(store, source(), { clock, keepUntil })).leansOn).toBe(1)
    expect((await manifest(store)).expires).toBe('2026-12-20T00:00:00.000Z')
  })
})
