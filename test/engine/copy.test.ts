/** Copies between two stores: complete, resumable, never believed where something is wrong, and worth a restore. */
import { expect, test } from 'vitest'
import { parseMoment } from '../../src/engine/catalog.ts'
import { type CopyRequest, copy } from '../../src/engine/copy.ts'
import { COMPONENTS } from '../../src/format/manifest.ts'
import { exitCodeOf } from '../../src/report/exit-code.ts'
import type { Store } from '../../src/store/store.ts'
import { createFaultyStore } from '../fakes/faulty-store.ts'
import { createMemoryStore, type MemoryStore } from '../fakes/memory-store.ts'
import { memorySource } from '../fakes/source.ts'
import { failure } from '../postgres/round-trip.ts'
import { expectAllRestore, idsIn, runPrune } from './keeping.ts'
import { fakeClock, goodBackup, keyring, noise } from './scene.ts'

const never = new AbortController().signal

function run(from: Store, to: Store, options: Partial<CopyRequest> = {}) {
  return copy({
    from,
    to,
    components: COMPONENTS,
    moment: undefined,
    rules: undefined,
    includeSafety: false,
    keyring,
    dryRun: false,
    now: () => new Date('2027-01-01T00:00:00Z'),
    progress: () => undefined,
    signal: never,
    ...options,
  })
}

/** Daily backups that lean on each other, in a store with a name of its own, and what each must restore to. */
async function history(days: number) {
  const store = createMemoryStore({ location: 'memory:source' })
  const clock = fakeClock()
  const contents = new Map<string, ReadonlyMap<string, Buffer>>()
  const ids: string[] = []
  for (let day = 0; day < days; day++) {
    const bytes = Buffer.concat([noise('common', 2_000_000), noise(`day ${day}`, 60_000)])
    const { id } = await goodBackup(store, memorySource([{ name: 'a', bytes }]), { clock })
    contents.set(id, new Map([['a', bytes]]))
    ids.push(id)
    clock.nextDay()
  }
  return { store, contents, ids, clock }
}

test('all backups are copied, byte for byte, and restore', async () => {
  const { store, contents } = await history(4)
  const target = createMemoryStore()
  const report = await run(store, target)
  expect(report.backups.map(({ status }) => status)).toEqual(['copied', 'copied', 'copied', 'copied'])
  expect(report.objects).toBe(store.objects.size)
  expect([...target.objects].sort()).toEqual([...store.objects].sort())
  await expectAllRestore(target, contents)
  expect(exitCodeOf(report)).toBe(0)
  // Again there is nothing to do.
  const again = await run(store, target)
  expect(again).toMatchObject({ objects: 0, bytes: 0 })
  expect(again.backups.every(({ status }) => status === 'present')).toBe(true)
})

test('one backup brings what it leans on, and not the backups that that belongs to', async () => {
  const { store, contents, ids, clock } = await history(4)
  const target = createMemoryStore()
  const moment = parseMoment(ids[3] ?? '')
  const plan = await run(store, target, { moment, dryRun: true })
  expect(target.objects.size).toBe(0)
  const report = await run(store, target, { moment, keyring: undefined })
  expect(report).toMatchObject({ objects: plan.objects, bytes: plan.bytes })
  expect(idsIn(target)).toEqual([ids[3]])
  expect([...target.objects.keys()].some(name => name.startsWith(`database/${ids[0]}/`))).toBe(true)
  await expectAllRestore(target, contents)
  // What it leans on has no record of its own there, and stays all the same, until nothing needs it any more.
  for (let day = 0; day < 60; day++) clock.nextDay()
  await runPrune(target, clock.now(), { policy: { days: 1 } })
  await expectAllRestore(target, contents)
})

test('a rule copies what it holds and no more', async () => {
  const { store, ids } = await history(40)
  const target = createMemoryStore()
  const none = {
    last: undefined,
    hourly: undefined,
    daily: undefined,
    weekly: undefined,
    monthly: undefined,
    yearly: undefined,
  }
  const report = await run(store, target, { rules: { ...none, monthly: 2 } })
  expect(report.backups.map(({ id }) => id)).toEqual([ids[29], ids[39]])
  expect(idsIn(target)).toEqual([ids[29], ids[39]])
})

test('cut off at any call of either store, the next copy goes on, and what exists restores', async () => {
  const { store, contents } = await history(2)
  for (let call = 1; ; call++) {
    const target = createMemoryStore()
    const faulty = createFaultyStore(target, [{ method: 'any', call, code: 'permission', lasting: true }])
    await run(store, faulty).catch(() => undefined)
    await expectAllRestore(target, contents)
    const rest = await run(store, target)
    expect(rest.backups.every(({ status }) => status !== 'failed')).toBe(true)
    await expectAllRestore(target, contents)
    expect(idsIn(target)).toHaveLength(2)
    if (faulty.unmet().length > 0) break
  }
})

test('a damaged object is not copied, its backup does not exist there, and the others do', async () => {
  const { store, ids, contents } = await history(3)
  const own = [...store.objects.keys()].find(name => name.startsWith(`database/${ids[2]}/`) && name.includes('-data-'))
  const bytes = Buffer.from(store.objects.get(own ?? '') ?? [])
  bytes[20] = (bytes[20] ?? 0) ^ 1
  store.objects.set(own ?? '', bytes)
  const target = createMemoryStore()
  const report = await run(store, target)
  expect(report.backups.map(({ status }) => status)).toEqual(['copied', 'copied', 'failed'])
  expect(report.backups[2]?.error?.code).toBe('damaged')
  expect(exitCodeOf(report)).toBe(3)
  expect(idsIn(target)).toEqual(ids.slice(0, 2))
  expect(target.objects.has(own ?? '')).toBe(false)
  await expectAllRestore(target, contents)
})

test('what lies in the target under the same name with other bytes is not overwritten', async () => {
  const { store, ids } = await history(1)
  const target: MemoryStore = createMemoryStore()
  const own = [...store.objects.keys()].find(name => name.includes('-data-')) ?? ''
  target.objects.set(own, Buffer.from('theirs'))
  const report = await run(store, target)
  expect(report.backups).toMatchObject([{ id: ids[0], status: 'failed', error: { code: 'damaged' } }])
  expect(Buffer.from(target.objects.get(own) ?? []).toString()).toBe('theirs')
})

test('the same store is no target, and without such a backup there is nothing to copy', async () => {
  const { store } = await history(1)
  expect(await failure(run(store, store))).toMatchObject({ code: 'usage' })
  expect(await failure(run(store, createMemoryStore(), { components: ['files'] }))).toMatchObject({
    code: 'no-such-backup',
  })
})

test('what a store drops before a rule lets it go is said before', async () => {
  const { store } = await history(1)
  const expiring = createMemoryStore({ expiresAt: () => new Date('2027-01-30T02:00:00Z') })
  await run(store, expiring)
  const none = { last: undefined, hourly: undefined, daily: 7, weekly: undefined, yearly: undefined }
  const report = await run(store, expiring, { rules: { ...none, monthly: 12 } })
  expect(report.warnings).toEqual([expect.stringMatching(/after 90 days, so it cannot keep 12 monthly backups/)])
})
