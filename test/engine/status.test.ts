import { describe, expect, test } from 'vitest'
import { ComebackError } from '../../src/errors.ts'
import { newBackupId } from '../../src/format/backup-id.ts'
import { exitCodeOf } from '../../src/report/exit-code.ts'
import { createFaultyStore } from '../fakes/faulty-store.ts'
import { createMemoryStore } from '../fakes/memory-store.ts'
import { memorySource } from '../fakes/source.ts'
import { DAY, runStatus } from './keeping.ts'
import { goodBackup, noise, runBackup } from './scene.ts'

const HOUR = DAY / 24
const NOW = new Date('2026-11-23T12:00:00Z')
const ago = (hours: number) => ({ now: () => new Date(NOW.getTime() - hours * HOUR), nextDay: () => undefined })

const source = (component: 'database' | 'files' | 'config' = 'database') =>
  memorySource([{ name: 'a', bytes: noise('a', 100_000) }], { component })
const failing = () =>
  memorySource([{ name: 'a', bytes: noise('b', 9), faults: [{ at: 0, error: new ComebackError('timeout', 'Slow.') }] }])
const partial = () =>
  memorySource([{ name: 'a', bytes: noise('a', 9) }], { problems: [{ severity: 'partial', message: 'b is missing.' }] })

/** The one component asked for. */
async function only(store: Parameters<typeof runStatus>[0], maxAge?: number) {
  const report = await runStatus(store, NOW, { components: ['database'], maxAge })
  const [status] = report.components
  if (status === undefined) throw new Error('No component.')
  return { ...status, exitCode: exitCodeOf(report) }
}

describe('the last good backup', () => {
  test('is the newest complete one, with its age and size', async () => {
    const store = createMemoryStore()
    await goodBackup(store, source(), { clock: ago(50) })
    const { id } = await goodBackup(store, source(), { clock: ago(5) })
    expect(await only(store)).toMatchObject({
      state: 'good',
      overdue: false,
      last: { id, time: '2026-11-23T07:00:00.000Z', age: 5 * 3600, bytes: 100_000, authenticated: true },
      since: [],
      backups: 2,
      failed: 0,
      next: [],
      exitCode: 0,
    })
  })

  test('is not a failed or partial one, which are told of instead', async () => {
    const store = createMemoryStore()
    const { id } = await goodBackup(store, source(), { clock: ago(50) })
    const half = await goodBackup(store, partial(), { clock: ago(26) })
    await runBackup(store, failing(), { clock: ago(2) })
    expect(await only(store)).toMatchObject({
      last: { id },
      since: [
        { status: 'failed', reason: 'timeout' },
        { id: half.id, status: 'partial' },
      ],
      sinceCount: 2,
      backups: 2,
      failed: 1,
      next: [expect.stringContaining('The newest run failed.')],
    })
  })

  test('is not a damaged one', async () => {
    const store = createMemoryStore()
    const { id } = await goodBackup(store, source(), { clock: ago(50) })
    const newer = await goodBackup(store, source(), { clock: ago(2) })
    const name = `database/${newer.id}/manifest.json`
    store.objects.set(
      name,
      Buffer.from(
        Buffer.from(store.objects.get(name) ?? '')
          .toString()
          .replace('"full": false', '"full": true'),
      ),
    )
    expect(await only(store)).toMatchObject({
      last: { id },
      since: [{ id: newer.id, status: 'damaged' }],
      next: [expect.stringContaining('comeback check database')],
    })
  })

  test('is not one that is dated in the future, or the alarm would be quiet until then', async () => {
    const store = createMemoryStore()
    const { id } = await goodBackup(store, source(), { clock: ago(50) })
    await goodBackup(store, source(), { clock: ago(-1000) })
    expect(await only(store, 26 * HOUR)).toMatchObject({ last: { id }, since: [{ status: 'future' }], overdue: true })
  })

  test('may be made by a clock that is a little ahead', async () => {
    const store = createMemoryStore()
    await goodBackup(store, source(), { clock: ago(-0.5) })
    expect(await only(store)).toMatchObject({ last: { age: 0 }, next: [] })
  })

  test('is found without the key, or with another one', async () => {
    const store = createMemoryStore()
    const { id } = await goodBackup(store, source(), { clock: ago(5) })
    const { components } = await runStatus(store, NOW, { keyring: undefined })
    expect(components[0]).toMatchObject({ last: { id, authenticated: false } })
  })
})

describe('the alarm', () => {
  test('rings when the last good backup is older than it may be', async () => {
    const store = createMemoryStore()
    await goodBackup(store, source(), { clock: ago(26.5) })
    expect(await only(store, 27 * HOUR)).toMatchObject({ overdue: false, exitCode: 0 })
    expect(await only(store, 26 * HOUR)).toMatchObject({
      overdue: true,
      exitCode: 1,
      next: [expect.stringMatching(/older than 26 h and nothing ran since\..*schedule/)],
    })
  })

  test('rings when every run failed', async () => {
    const store = createMemoryStore()
    await runBackup(store, failing(), { clock: ago(2) })
    expect(await only(store)).toMatchObject({ state: 'bad', overdue: false, exitCode: 0 })
    expect(await only(store, 26 * HOUR)).toMatchObject({ state: 'bad', overdue: true, exitCode: 1 })
  })

  test('rings for a component without a backup when it is asked for by name', async () => {
    const store = createMemoryStore()
    await goodBackup(store, source(), { clock: ago(5) })
    const named = await runStatus(store, NOW, { components: ['files'], maxAge: 26 * HOUR })
    expect(named.components).toMatchObject([{ component: 'files', state: 'never', overdue: true }])
    const all = await runStatus(store, NOW, { maxAge: 26 * HOUR })
    expect(all.components.map(({ state, overdue }) => [state, overdue])).toEqual([
      ['good', false],
      ['never', false],
      ['never', false],
    ])
    expect([exitCodeOf(named), exitCodeOf(all)]).toEqual([1, 0])
  })

  test('rings for a store that holds no backup at all', async () => {
    expect(exitCodeOf(await runStatus(createMemoryStore(), NOW, { maxAge: 26 * HOUR }))).toBe(1)
    expect(exitCodeOf(await runStatus(createMemoryStore(), NOW))).toBe(0)
  })
})

test('sizes are those of the store, and growth is what came in the last days', async () => {
  const store = createMemoryStore()
  for (const days of [40, 20, 2]) {
    store.objects.set(`files/${newBackupId(ago(days * 24).now())}/01-data-0001.tar.gz.enc`, noise('x', days))
  }
  const { components } = await runStatus(store, NOW)
  expect(components[1]).toMatchObject({ stored: 62, grown: { days7: 2, days30: 22 } })
})

describe('the rhythm', () => {
  test('is that of the complete backups: safety backups, failed runs and partial ones have none', async () => {
    const store = createMemoryStore()
    for (const hours of [101, 77, 53, 29, 5]) await goodBackup(store, source(), { clock: ago(hours) })
    await goodBackup(store, partial(), { clock: ago(30) })
    await goodBackup(store, source(), { clock: ago(6), purpose: 'safety' })
    await runBackup(store, failing(), { clock: ago(20) })
    expect(await only(store)).toMatchObject({ nextDue: '2026-11-24T07:00:00.000Z', largestGap: 24 * 3600 })
  })

  test('is none of a single backup; the time without one counts all the same', async () => {
    const store = createMemoryStore()
    await goodBackup(store, source(), { clock: ago(50) })
    const status = await only(store)
    expect(status).not.toHaveProperty('nextDue')
    expect(status.largestGap).toBe(50 * 3600)
  })
})

describe('a quota', () => {
  const filled = (...days: readonly number[]) => {
    const store = createMemoryStore()
    for (const day of days) {
      store.objects.set(`files/${newBackupId(ago(day * 24).now())}/01-data-0001.tar.gz.enc`, Buffer.alloc(100))
    }
    return store
  }
  test('fails when the whole store holds more, whichever component was asked for', async () => {
    const store = filled(2, 1)
    store.objects.set('strange', Buffer.alloc(50))
    const at = (quota: number) => runStatus(store, NOW, { components: ['database'], quota })
    expect(await at(250)).toMatchObject({ space: { stored: 250, quota: 250, exceeded: false } })
    expect((await at(249)).space.exceeded).toBe(true)
    expect([exitCodeOf(await at(250)), exitCodeOf(await at(249))]).toEqual([0, 1])
  })

  test('says on which day it will be exceeded at this pace', async () => {
    const store = filled(40, 25, 15, 5)
    const { space } = await runStatus(store, NOW, { quota: 550 })
    expect(space.in30Days).toEqual({ bytes: 700, came: 300, exceeded: '2026-12-09' })
  })
})

test('of ten thousand backups only the newest records of each component are read', async () => {
  const store = createMemoryStore()
  await goodBackup(store, source(), { clock: ago(5) })
  for (let count = 0; count < 10_000; count++) {
    store.objects.set(`database/${newBackupId(ago(100 + count).now())}/manifest.json`, noise('m', 10))
  }
  const counting = createFaultyStore(store, [])
  const { components } = await runStatus(counting, NOW)
  expect(components[0]).toMatchObject({ state: 'good', backups: 10_001 })
  expect(counting.calls).toMatchObject({ get: 12, list: 1 })
})

test('of many failed runs the newest are told of and the rest counted', async () => {
  const store = createMemoryStore()
  for (let count = 0; count < 30; count++) await runBackup(store, failing(), { clock: ago(count) })
  const counting = createFaultyStore(store, [])
  const { components } = await runStatus(counting, NOW)
  expect(components[0]).toMatchObject({ state: 'bad', sinceCount: 30, failed: 30 })
  expect(components[0]?.since).toHaveLength(5)
  expect(counting.calls.get).toBeLessThan(20)
})
