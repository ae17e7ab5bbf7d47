/** Copies between two stores: complete, resumable, never believed where something is wrong, and worth a restore. */
import { describe, expect, test } from 'vitest'
import { parseMoment } from '../../src/engine/catalog.ts'
import { check } from '../../src/engine/check.ts'
import { type CopyRequest, copy } from '../../src/engine/copy.ts'
import { exportBackup } from '../../src/engine/export.ts'
import { list } from '../../src/engine/list.ts'
import type { ProgressEvent } from '../../src/engine/progress.ts'
import { ComebackError } from '../../src/errors.ts'
import { COMPONENTS } from '../../src/format/manifest.ts'
import { exitCodeOf } from '../../src/report/exit-code.ts'
import type { Store } from '../../src/store/store.ts'
import { createFaultyStore, type Fault, type FaultyStore } from '../fakes/faulty-store.ts'
import { createMemoryStore, type MemoryStore } from '../fakes/memory-store.ts'
import { memorySource } from '../fakes/source.ts'
import { failure } from '../postgres/round-trip.ts'
import { expectAllRestore, idsIn, interposed, runPrune } from './keeping.ts'
import { fakeClock, goodBackup, keyring, noise } from './scene.ts'

const never = new AbortController().signal
const now = () => new Date('2027-01-01T00:00:00Z')
const NO_RULES = {
  last: undefined,
  hourly: undefined,
  daily: undefined,
  weekly: undefined,
  monthly: undefined,
  yearly: undefined,
}

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
    now,
    progress: () => undefined,
    signal: never,
    ...options,
  })
}

/** Daily backups that lean on each other, in a store with a name of its own, and what each must restore to. */
async function history(days: number, common = 2_000_000) {
  const store = createMemoryStore({ location: 'memory:source' })
  const clock = fakeClock()
  const contents = new Map<string, ReadonlyMap<string, Buffer>>()
  const ids: string[] = []
  for (let day = 0; day < days; day++) {
    const bytes = Buffer.concat([noise('common', common), noise(`day ${day}`, 60_000)])
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
  const bytes = noise('another', 500_000)
  const next = await goodBackup(store, memorySource([{ name: 'a', bytes }]), { clock, full: true })
  contents.set(next.id, new Map([['a', bytes]]))
  await run(store, target, { moment: parseMoment('latest'), now: clock.now })
  clock.nextDay()
  clock.nextDay()
  await runPrune(target, clock.now(), { policy: { days: 1 } })
  expect(idsIn(target)).toEqual([next.id])
  expect([...target.objects.keys()].filter(name => !name.startsWith(`database/${next.id}/`))).toEqual([])
  await expectAllRestore(target, contents)
})

test('what such a copy holds is whole to list, check and export', async () => {
  const { store, contents, ids } = await history(4)
  const target = createMemoryStore()
  const moment = parseMoment(ids[3] ?? '')
  await run(store, target, { moment })
  const listed = await list(target, COMPONENTS, keyring, never)
  expect(listed).toMatchObject({ foreign: [], backups: [{ id: ids[3], status: 'complete', authenticated: true }] })
  const quiet = { keyring, progress: () => undefined, signal: never }
  const checked = await check({
    ...quiet,
    store: target,
    components: COMPONENTS,
    percent: 100,
    engine: 'comeback test',
    now,
  })
  expect(checked.findings).toEqual([])
  const exported = createMemoryStore()
  const level = 1
  await exportBackup({ ...quiet, moment, component: 'database', store: target, target: exported, level })
  expect(exported.objects.size).toBeGreaterThan(0)
  await expectAllRestore(target, contents)
})

test('a rule copies what it holds and no more', async () => {
  const { store, ids } = await history(40)
  const target = createMemoryStore()
  const report = await run(store, target, { rules: { ...NO_RULES, monthly: 2 } })
  expect(report.backups.map(({ id }) => id)).toEqual([ids[29], ids[39]])
  expect(idsIn(target)).toEqual([ids[29], ids[39]])
})

describe('cut off', () => {
  test.each([
    ['target', 'before'],
    ['target', 'after'],
    ['source', 'before'],
  ] as const)(
    'at any call of the %s, %s it took effect, the next copy ends it, and what exists restores',
    async (side, when) => {
      const { store, contents } = await history(2, 300_000)
      for (let call = 1; ; call++) {
        const target = createMemoryStore()
        const fault: Fault = { method: 'any', call, code: 'store-unavailable', lasting: true, when }
        const [from, to] =
          side === 'source' ? [createFaultyStore(store, [fault]), target] : [store, createFaultyStore(target, [fault])]
        await run(from, to).catch(() => undefined)
        await expectAllRestore(target, contents)
        const rest = await run(store, target)
        expect(
          rest.backups.filter(({ status }) => status === 'failed'),
          `call ${call}`,
        ).toEqual([])
        expect([...target.objects].sort()).toEqual([...store.objects].sort())
        const unmet = [from, to].some(one => 'unmet' in one && (one as FaultyStore).unmet().length > 0)
        if (unmet) break
      }
    },
  )

  test('by a store that is at its end, it begins nothing more', async () => {
    const { store, ids } = await history(4)
    const full = createFaultyStore(createMemoryStore(), [{ method: 'put', call: 4, code: 'store-full', lasting: true }])
    const report = await run(store, full)
    expect(report.backups.map(({ status }) => status)).toEqual(['failed', 'left', 'left', 'left'])
    expect(report.backups[0]).toMatchObject({ id: ids[0], error: { code: 'store-full' } })
    expect(exitCodeOf(report)).toBe(1)
    expect(full.calls.put).toBeLessThan(10)
  })

  test('by whoever cancels it, it stops', async () => {
    const { store, contents } = await history(2)
    const target = createMemoryStore()
    const controller = new AbortController()
    const cancelled = new ComebackError('cancelled', 'Enough.')
    const progress = ({ type }: { readonly type: string }) => type === 'bytes' && controller.abort(cancelled)
    await expect(run(store, target, { progress, signal: controller.signal })).rejects.toBe(cancelled)
    expect(target.objects.size).toBeLessThan(store.objects.size)
    await expectAllRestore(target, contents)
  })
})

describe('beside others', () => {
  const DAYS = 3

  test('a prune of the target that comes in anywhere harms nothing', async () => {
    const { store, contents } = await history(DAYS)
    const count = createFaultyStore(createMemoryStore(), [])
    await run(store, count)
    for (let call = 1; call <= count.calls.any; call++) {
      const target = createMemoryStore()
      const prune = () => runPrune(target, now(), { policy: { days: 365 } })
      const report = await run(store, interposed(target, call, prune))
      expect(report.backups.filter(({ status }) => status === 'failed')).toEqual([])
      expect(idsIn(target)).toHaveLength(DAYS)
      await expectAllRestore(target, contents)
    }
  })

  test('what vanishes while a long copy runs is copied again before its record is put', async () => {
    const { store, contents } = await history(1)
    const target = createMemoryStore()
    let minutes = 0
    const clock = () => new Date(now().getTime() + minutes++ * 60_000)
    let pruned = false
    const whole: MemoryStore = {
      ...target,
      async put(name, body, signal) {
        if (name.endsWith('/manifest.json'))
          expect([...target.objects.keys()].some(other => other.includes('-data-'))).toBe(true)
        await target.put(name, body, signal)
        if (!pruned && name.includes('/index.')) {
          pruned = true
          for (const other of [...target.objects.keys()]) if (other.includes('-data-')) target.objects.delete(other)
        }
      },
    }
    const report = await run(store, whole, { now: clock })
    expect(pruned).toBe(true)
    expect(report.backups).toMatchObject([{ status: 'copied' }])
    await expectAllRestore(target, contents)
  })

  test('what the source lets go meanwhile is no damage', async () => {
    const { store, ids } = await history(2)
    const target = createMemoryStore()
    const letGo = async () => {
      for (const name of [...store.objects.keys()]) if (name.includes(ids[1] ?? '')) store.objects.delete(name)
    }
    const first = [...store.objects.keys()].filter(name => name.includes(ids[0] ?? '')).length
    // The listing and both records, then what belongs to the first, and its record once more.
    const report = await run(interposed(store, 1 + 2 + first + 1, letGo), target)
    expect(report.backups).toMatchObject([{ status: 'copied' }, { status: 'failed', error: { code: 'not-found' } }])
  })

  test('two copies at once into the same place make one whole', async () => {
    const { store, contents } = await history(3)
    const target = createMemoryStore()
    const reports = await Promise.all([run(store, target), run(store, target)])
    expect(reports.map(exitCodeOf)).toEqual([0, 0])
    expect([...target.objects].sort()).toEqual([...store.objects].sort())
    await expectAllRestore(target, contents)
  })
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

describe('a backup of the same id in the target', () => {
  /** One that never happens to be the same. */
  const otherMac = (bytes: Uint8Array) =>
    Buffer.from(
      Buffer.from(bytes)
        .toString()
        .replace(/"mac": "(.)/, (_, digit) => `"mac": "${digit === '0' ? 1 : 0}`),
    )

  test.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ['that says something else', otherMac],
    ['that is cut short', bytes => bytes.subarray(0, -10)],
  ])('%s is an error, and nothing is overwritten', async (_, change) => {
    const { store, ids, contents } = await history(2)
    const target = createMemoryStore()
    await run(store, target)
    const name = `database/${ids[0]}/manifest.json`
    const theirs = change(store.objects.get(name) ?? new Uint8Array())
    target.objects.set(name, theirs)
    target.objects.delete(`database/${ids[1]}/manifest.json`)
    for (const dryRun of [true, false]) {
      const report = await run(store, target, { dryRun })
      expect(report.backups).toMatchObject([
        { id: ids[0], status: 'failed', error: { code: 'damaged' } },
        { id: ids[1], status: dryRun ? 'planned' : 'copied' },
      ])
      expect(exitCodeOf(report)).toBe(3)
    }
    expect(target.objects.get(name)).toBe(theirs)
    target.objects.delete(name)
    await expectAllRestore(target, contents)
  })

  test('whose pack was lost is made whole again', async () => {
    const { store, contents } = await history(2)
    const target = createMemoryStore()
    await run(store, target)
    const pack = [...target.objects.keys()].find(name => name.includes('-data-')) ?? ''
    target.objects.delete(pack)
    expect(await run(store, target)).toMatchObject({ objects: 1 })
    await expectAllRestore(target, contents)
  })
})

describe('a record', () => {
  const altered = async () => {
    const { store, ids, contents } = await history(3)
    const name = `database/${ids[2]}/manifest.json`
    const text = Buffer.from(store.objects.get(name) ?? []).toString()
    store.objects.set(name, Buffer.from(text.replace('"stock": false', '"stock": true')))
    return { store, ids, contents }
  }

  test('that was altered is not copied where the key tells, the others are, and the older one that is taken for the latest is told', async () => {
    const { store, ids, contents } = await altered()
    const target = createMemoryStore()
    const report = await run(store, target)
    expect(report.backups.map(({ status }) => status)).toEqual(['copied', 'copied', 'failed'])
    expect(exitCodeOf(report)).toBe(3)
    await expectAllRestore(target, contents)
    const events: ProgressEvent[] = []
    const progress = (event: ProgressEvent) => void events.push(event)
    const latest = await run(store, createMemoryStore(), { moment: parseMoment('latest'), progress })
    expect(latest.backups).toMatchObject([{ id: ids[1], status: 'copied' }])
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'warning', message: expect.stringContaining(ids[2] ?? '') }),
    )
    const named = await run(store, createMemoryStore(), { moment: parseMoment(ids[2] ?? '') })
    expect(named.backups).toMatchObject([{ id: ids[2], status: 'failed', error: { code: 'damaged' } }])
    expect((await run(store, createMemoryStore(), { rules: { ...NO_RULES, last: 1 } })).backups).toMatchObject([
      { id: ids[1], status: 'copied' },
      { id: ids[2], status: 'failed' },
    ])
  })

  test('that changes between two looks is not put', async () => {
    const { store, ids } = await history(1)
    const target = createMemoryStore()
    const name = `database/${ids[0]}/manifest.json`
    const faulty = createFaultyStore(store, [{ method: 'get', call: 2, damage: 'flip', naming: name }])
    const report = await run(faulty, target)
    expect(report.backups).toMatchObject([{ status: 'failed', error: { code: 'damaged' } }])
    expect(target.objects.has(name)).toBe(false)
  })

  test('of a partial backup is never meant by a day', async () => {
    const store = createMemoryStore({ location: 'memory:source' })
    const problems = [{ severity: 'partial', message: 'A file changed.' }] as const
    const { id } = await goodBackup(store, memorySource([{ name: 'a', bytes: noise('a', 1000) }], { problems }))
    const to = createMemoryStore()
    expect(await failure(run(store, to, { moment: parseMoment('latest') }))).toMatchObject({ code: 'no-such-backup' })
    expect((await run(store, to, { moment: parseMoment(id) })).backups).toMatchObject([{ id, status: 'copied' }])
  })
})

test('the plan tells all there is to copy before the first byte goes', async () => {
  const { store } = await history(2)
  const events: ProgressEvent[] = []
  const target = createMemoryStore()
  let puts = 0
  const counting: MemoryStore = { ...target, put: (...args) => target.put(...args).finally(() => puts++) }
  const phases: string[] = []
  const report = await run(store, counting, {
    progress: event => {
      events.push(event)
      if (event.type === 'phase' && event.component === 'database') phases.push(`${puts}: ${event.text}`)
    },
  })
  const objects = [...store.objects.keys()].filter(name => !name.endsWith('manifest.json')).length
  expect(phases).toEqual([`0: 2 backups, ${objects} objects, 3 MB, to copy`])
  const last = events.findLast(event => event.type === 'bytes')
  expect(last).toMatchObject({ done: report.bytes })
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
  const rules = { ...NO_RULES, daily: 7, monthly: 12 }
  const cannot = [expect.stringMatching(/after 90 days, so it cannot keep 12 monthly backups/)]
  expect((await run(store, expiring, { rules })).warnings).toEqual(cannot)
  // An empty one tells nothing yet, but who opened it may know.
  expect((await run(store, createMemoryStore(), { rules })).warnings).toEqual([])
  expect((await run(store, createMemoryStore(), { rules, targetDays: 90 })).warnings).toEqual(cannot)
})
