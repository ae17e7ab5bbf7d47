import { describe, expect, test } from 'vitest'
import type { Source } from '../../src/engine/ports.ts'
import { ComebackError } from '../../src/errors.ts'
import { newBackupId, timeOf } from '../../src/format/backup-id.ts'
import { Keyring } from '../../src/repository/keyring.ts'
import { parseObjectName } from '../../src/repository/layout.ts'
import { readManifest } from '../../src/repository/manifests.ts'
import { writeProof } from '../../src/repository/proofs.ts'
import { createFaultyStore } from '../fakes/faulty-store.ts'
import { createMemoryStore, type MemoryStore } from '../fakes/memory-store.ts'
import { type MemorySegment, memorySource } from '../fakes/source.ts'
import { DAY, expectAllRestore, idsIn, interposed, runPrune, unneededIn } from './keeping.ts'
import { fakeClock, goodBackup, keyring, noise, runBackup } from './scene.ts'

const KiB = 1024
const PACK = 150 * KiB
const START = Date.parse('2026-11-01T02:00:00Z')
const ZERO = '0'.repeat(6)

/** The hour after the `day`th backup. */
const hourAfter = (day: number) => new Date(START + (day - 1) * DAY + DAY / 24)

interface History {
  readonly store: MemoryStore
  readonly contents: Map<string, ReadonlyMap<string, Buffer>>
  /** Oldest first. */
  readonly ids: readonly string[]
}

/** A part of `a` changes each day, `c` never does: so each backup leans on packs of several before it. */
function tables(day: number): MemorySegment[] {
  const parts = (name: string, changes: number) =>
    Buffer.concat(
      Array.from({ length: 4 }, (_, part) =>
        noise(`${name} ${part} ${part === day % 4 ? changes : day >> 2}`, 90 * KiB),
      ),
    )
  return [
    { name: 'a', group: '01-data', bytes: parts('a', day) },
    { name: 'b', group: '02-data', bytes: parts('b', 0) },
    { name: 'c', group: '03-data', bytes: noise('c', 300 * KiB) },
  ]
}

function copied(history: History): History {
  return {
    ...history,
    contents: new Map(history.contents),
    store: createMemoryStore({ packSize: PACK, objects: history.store.objects, place: history.store.place }),
  }
}

async function daily(days: number): Promise<History> {
  const store = createMemoryStore({ packSize: PACK })
  const clock = fakeClock()
  const contents = new Map<string, ReadonlyMap<string, Buffer>>()
  for (let day = 1; day <= days; day++) {
    const segments = tables(day)
    const { id } = await goodBackup(store, memorySource(segments), { clock })
    contents.set(id, contentsOf(segments))
    clock.nextDay()
  }
  return { store, contents, ids: idsIn(store) }
}

/** Buffers are compared by identity: a store that writes one anew has touched it. */
function isUntouched(store: MemoryStore, before: ReadonlyMap<string, Uint8Array>): boolean {
  return store.objects.size === before.size && [...before].every(([name, bytes]) => store.objects.get(name) === bytes)
}

function contentsOf(segments: readonly MemorySegment[]): ReadonlyMap<string, Buffer> {
  return new Map(segments.map(({ name, bytes }) => [name, Buffer.from(bytes)]))
}

function clockAt(time: Date) {
  return { now: () => time, nextDay: () => undefined }
}

const week = await daily(8)

describe('a plan', () => {
  test('changes nothing, and says of each backup what happens to it and why', async () => {
    const { store, ids } = copied(week)
    const before = new Map(store.objects)
    const report = await runPrune(store, hourAfter(8), { apply: false, policy: { days: 2, weekly: 2 } })
    expect(isUntouched(store, before)).toBe(true)
    expect(report).toMatchObject({
      applied: false,
      policy: ['everything younger than 2 days', '2 weekly'],
      problems: [],
    })
    expect(report.backups.map(({ id, action, reasons }) => [ids.indexOf(id) + 1, action, reasons])).toEqual([
      [8, 'keep', ['newest complete', 'younger than 24 h', 'week 2026-W45']],
      [7, 'keep', ['a running backup may build on it', 'younger than 2 days']],
      [6, 'remove', ['older than 2 days, in no slot']],
      [5, 'remove', ['older than 2 days, in no slot']],
      [4, 'remove', ['older than 2 days, in no slot']],
      [3, 'remove', ['older than 2 days, in no slot']],
      [2, 'remove', ['older than 2 days, in no slot']],
      [1, 'keep', ['week 2026-W44']],
    ])
  })

  test('says what applying it then does', async () => {
    const { store } = copied(week)
    const size = () => [...store.objects.values()].reduce((sum, { length }) => sum + length, 0)
    const [bytes, objects] = [size(), store.objects.size]
    const plan = await runPrune(store, hourAfter(8), { apply: false, policy: { days: 2 } })
    const done = await runPrune(store, hourAfter(8), { policy: { days: 2 } })
    expect(done).toEqual({ ...plan, applied: true })
    expect(done.removed).toEqual({ backups: 6, objects: objects - store.objects.size, bytes: bytes - size() })
    expect(done.kept).toEqual({ backups: 2, bytes: size() })
    expect(done.backups.reduce((sum, { frees }) => sum + frees.bytes, 0)).toBe(done.removed.bytes)
    expect(done.backups.some(({ outlived }) => outlived > 0)).toBe(true)
  })
})

describe('a rule that reaches further back than the store', () => {
  /** A store says of what it gets when it drops it. */
  const warnings = async (days: number | undefined, rules: object) => {
    let born = new Date()
    const expiresAt = days === undefined ? {} : { expiresAt: () => new Date(born.getTime() + days * DAY) }
    const store = createMemoryStore({ packSize: PACK, ...expiresAt })
    for (const [name, bytes] of week.store.objects) {
      born = timeOf(parseObjectName(name)?.id ?? '')
      await store.put(name, [bytes])
    }
    const { problems } = await runPrune(store, hourAfter(8), { apply: false, policy: rules })
    expect(problems.every(({ severity }) => severity === 'warning')).toBe(true)
    return problems.map(({ message }) => message)
  }

  test('is a warning in the plan, which says what can', async () => {
    const rules = { monthly: 12, daily: 14 }
    expect(await warnings(90, rules)).toEqual([expect.stringMatching(/cannot keep 12 monthly.*comeback copy/)])
    expect(await warnings(undefined, rules)).toEqual([])
  })

  test('may be that of the days', async () => {
    expect(await warnings(90, { days: 120 })).toEqual([expect.stringContaining('younger than 120 days')])
    expect(await warnings(90, { days: 90 })).toEqual([])
  })
})

describe('a backup that was verified', () => {
  const prove = async ({ store }: History, backup: string, day: number, verdict: 'verified' | 'failed') => {
    const signal = new AbortController().signal
    const manifest = await readManifest(store, { component: 'database', id: backup, file: 'manifest.json' }, signal)
    const provedAt = hourAfter(day).toISOString()
    const id = newBackupId(hourAfter(day))
    const times = { provedAt, restoreSeconds: 1, compareSeconds: 1, age: 60, bytes: 1, stored: 1 }
    const said = { verdict, server: null, engine: 'x', checks: [], findings: {} }
    const record = { format: 1, type: 'proof', id, component: 'database', backup, ...times, ...said } as const
    await writeProof(store, manifest, record, {}, keyring, signal)
  }

  test('stays, whatever the policy, until a newer one is; then it goes with its record', async () => {
    const history = copied(week)
    const { store, contents, ids } = history
    const [, second = '', third = ''] = ids
    await prove(history, second, 3, 'verified')
    await prove(history, third, 4, 'failed')
    const strict = { policy: { days: 1 } }
    const { backups } = await runPrune(store, hourAfter(8), strict)
    expect(backups.find(({ id }) => id === second)?.reasons).toEqual(['newest verified'])
    expect(idsIn(store)).toEqual([second, ...ids.slice(-2)])
    expect([...store.objects.keys()].filter(name => name.startsWith(`database/${third}/proof`))).toEqual([])
    await expectAllRestore(store, contents)

    await prove(history, ids.at(-1) ?? '', 9, 'verified')
    await runPrune(store, hourAfter(10), strict)
    expect(idsIn(store)).toEqual(ids.slice(-1))
    expect([...store.objects.keys()].filter(name => name.includes('proof'))).toHaveLength(1)
    await expectAllRestore(store, contents)
  })
})

describe('applied', () => {
  test('what stays restores, and nothing stays that nothing needs', async () => {
    const { store, contents, ids } = copied(week)
    await runPrune(store, hourAfter(8), { policy: { days: 3, weekly: 2 } })
    expect(idsIn(store)).toEqual([ids[0], ids[5], ids[6], ids[7]])
    expect(unneededIn(store)).toEqual([])
    await expectAllRestore(store, contents)
  })

  test('a second time it finds nothing to do', async () => {
    const { store } = copied(week)
    await runPrune(store, hourAfter(8), { policy: { days: 2 } })
    const report = await runPrune(store, hourAfter(8), { policy: { days: 2 } })
    expect(report.removed).toEqual({ backups: 0, objects: 0, bytes: 0 })
  })

  test('after a year without a run the newest backup is there, and the next one builds on it', async () => {
    const { store, contents, ids } = copied(week)
    const later = new Date(START + 365 * DAY)
    await runPrune(store, later, { policy: { days: 1 } })
    expect(idsIn(store)).toEqual(ids.slice(-1))
    const outcome = await goodBackup(store, memorySource(tables(8)), { clock: clockAt(later), fullEvery: 1000 * DAY })
    expect(outcome).toMatchObject({ base: ids.at(-1), bytes: { new: 0 } })
    contents.set(outcome.id, contentsOf(tables(8)))
    await expectAllRestore(store, contents)
  })

  test('only the components asked for are touched', async () => {
    const { store } = copied(week)
    const before = new Map(store.objects)
    await runPrune(store, hourAfter(60), { components: ['files', 'config'], policy: { days: 1 } })
    expect(isUntouched(store, before)).toBe(true)
  })

  test('it works without the key, and says what that means', async () => {
    const { store, contents, ids } = copied(week)
    const report = await runPrune(store, hourAfter(8), { keyring: undefined, policy: { days: 2 } })
    expect(report.problems).toMatchObject([{ severity: 'warning', message: expect.stringContaining('No key') }])
    expect(idsIn(store)).toEqual(ids.slice(-2))
    expect(unneededIn(store)).toEqual([])
    await expectAllRestore(store, contents)
  })
})

/** Store calls that the whole run takes. */
async function callsOf(
  history: History,
  run: (store: MemoryStore | ReturnType<typeof createFaultyStore>) => Promise<unknown>,
) {
  const store = createFaultyStore(copied(history).store, [])
  await run(store)
  return store.calls.any
}

describe('interrupted', () => {
  test.each(['before', 'after'] as const)(
    'at any store call, %s it took effect, the next run finishes it',
    async when => {
      const short = { policy: { days: 2, weekly: 2 } }
      const calls = await callsOf(week, store => runPrune(store, hourAfter(8), short))
      const done = copied(week)
      await runPrune(done.store, hourAfter(8), short)
      expect(calls).toBeGreaterThan(25)
      for (let call = 1; call <= calls; call++) {
        const { store, contents } = copied(week)
        const faulty = createFaultyStore(store, [
          { method: 'any', call, code: 'store-unavailable', when, lasting: true },
        ])
        await expect(runPrune(faulty, hourAfter(8), short)).rejects.toMatchObject({ code: 'store-unavailable' })
        // Every one in between is at least listed whole; all that are read again at the end.
        for (const id of idsIn(store)) expect(contents.has(id)).toBe(true)
        await runPrune(store, hourAfter(8), short)
        expect([...store.objects.keys()].sort(), `call ${call}`).toEqual([...done.store.objects.keys()].sort())
        if (call % 6 === 0) await expectAllRestore(store, contents)
      }
    },
  )

  test('a backup after the interruption restores, and so does all that is left when prune ends its work', async () => {
    const short = { policy: { days: 2 } }
    const calls = await callsOf(week, store => runPrune(store, hourAfter(8), short))
    for (let call = 1; call <= calls; call += 3) {
      const { store, contents } = copied(week)
      const faulty = createFaultyStore(store, [{ method: 'any', call, code: 'cancelled', lasting: true }])
      await expect(runPrune(faulty, hourAfter(8), short)).rejects.toMatchObject({ code: 'cancelled' })
      const { id } = await goodBackup(store, memorySource(tables(9)), { clock: clockAt(hourAfter(9)) })
      contents.set(id, contentsOf(tables(9)))
      await runPrune(store, hourAfter(9), short)
      expect(unneededIn(store)).toEqual([])
      await expectAllRestore(store, contents)
    }
  })
})

describe('beside others', () => {
  test('two prunes at once, whatever their policies, leave what both keep', async () => {
    const short = { policy: { days: 2 } }
    const calls = await callsOf(week, store => runPrune(store, hourAfter(8), short))
    for (let call = 1; call <= calls; call += 2) {
      const { store, contents, ids } = copied(week)
      const other = () => runPrune(store, hourAfter(8), { policy: { days: 4 } })
      await runPrune(interposed(store, call, other), hourAfter(8), short)
      expect(idsIn(store)).toEqual(ids.slice(-2))
      await runPrune(store, hourAfter(8), short)
      expect(unneededIn(store), `call ${call}`).toEqual([])
      if (call % 3 === 0) await expectAllRestore(store, contents)
    }
    const { store, contents } = copied(week)
    await Promise.all([runPrune(store, hourAfter(8), short), runPrune(store, hourAfter(8), short)])
    await expectAllRestore(store, contents)
    expect(unneededIn(store)).toEqual([])
  })

  test('a backup that runs while all is pruned restores, wherever prune comes in', async () => {
    const later = new Date(START + 20 * DAY)
    const backup = (store: MemoryStore) =>
      goodBackup(store, memorySource(tables(9)), { clock: clockAt(later), fullEvery: 1000 * DAY })
    const calls = await callsOf(week, store => backup(store as MemoryStore))
    for (let call = 1; call <= calls; call++) {
      const { store, contents, ids } = copied(week)
      const prune = () => runPrune(store, new Date(later.getTime() + 60_000), { policy: { days: 1 } })
      const { id, base } = await backup(interposed(store, call, prune))
      contents.set(id, contentsOf(tables(9)))
      expect(base).toBe(ids.at(-1))
      await expectAllRestore(store, contents)
    }
  })

  test('a backup that is made while prune runs restores, wherever it comes in', async () => {
    const later = new Date(START + 20 * DAY)
    const rules = { policy: { days: 1 } }
    const calls = await callsOf(week, store => runPrune(store, later, rules))
    for (let call = 1; call <= calls; call += 3) {
      const { store, contents } = copied(week)
      await runPrune(
        interposed(store, call, async () => {
          const { id } = await goodBackup(store, memorySource(tables(9)), {
            clock: clockAt(later),
            fullEvery: 1000 * DAY,
          })
          contents.set(id, contentsOf(tables(9)))
        }),
        later,
        rules,
      )
      expect(idsIn(store)).toHaveLength(2)
      await expectAllRestore(store, contents)
      await runPrune(store, later, rules)
      expect(unneededIn(store)).toEqual([])
    }
  })

  test('a run whose base is overtaken by another run of its source finds its base still there', async () => {
    const start = new Date(START + 20 * DAY)
    const end = new Date(start.getTime() + DAY - 60_000)
    const backup = (store: MemoryStore, day: number) =>
      goodBackup(store, memorySource(tables(day)), { clock: clockAt(start), fullEvery: 1000 * DAY })
    const calls = await callsOf(week, store => backup(store as MemoryStore, 9))
    for (let call = 1; call <= calls; call += 2) {
      const { store, contents } = copied(week)
      const first = await backup(
        interposed(store, call, async () => {
          const { id } = await backup(store, 12)
          contents.set(id, contentsOf(tables(12)))
          await runPrune(store, end, { policy: { days: 1 } })
        }),
        9,
      )
      contents.set(first.id, contentsOf(tables(9)))
      await expectAllRestore(store, contents)
    }
  })

  test.each([
    ['while old records go', 'complete'],
    ['when all is done', 'failed'],
  ])('a run of days, overtaken by a full backup, that ends %s is %s', async (moment, status) => {
    const started = new Date(START + 20 * DAY)
    const ended = new Date(started.getTime() + 3 * DAY)
    const { store, contents } = copied(week)
    const gate = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    const slow: Source = {
      ...memorySource([]),
      async read(out, signal) {
        const result = await memorySource(tables(9)).read(out, signal)
        begun.resolve()
        await gate.promise
        return result
      },
    }
    const running = runBackup(store, slow, { clock: clockAt(started), fullEvery: 1000 * DAY })
    await begun.promise
    const { id } = await goodBackup(store, memorySource(tables(9)), {
      clock: clockAt(new Date(started.getTime() + DAY)),
      full: true,
    })
    contents.set(id, contentsOf(tables(9)))
    const finish = async () => {
      gate.resolve()
      const outcome = await running
      expect(outcome.status).toBe(status)
      if (outcome.status === 'complete') contents.set(outcome.id, contentsOf(tables(9)))
    }
    // One listing, nine records to read, and then the first to delete.
    const call = moment === 'when all is done' ? Number.POSITIVE_INFINITY : 1 + 9 + 1
    await runPrune(interposed(store, call, finish), ended, { policy: { days: 1 } })
    await finish()
    expect(idsIn(store)).toHaveLength(status === 'complete' ? 2 : 1)
    await expectAllRestore(store, contents)
  })
})

describe('packs without a record', () => {
  const pack = (id: string, file = '01-data-0001.sql.gz.enc') => `database/${id}/${file}`
  const ID = `20261105T030000Z-${ZERO}`
  const orphan = async (id: string, now: string | Date, index: boolean) => {
    const { store } = copied(week)
    // A backup of that time, from which it can be told that it is that late.
    await goodBackup(store, memorySource(tables(8)), { clock: clockAt(new Date(now)) })
    store.objects.set(pack(id), noise(id, 100))
    if (index) store.objects.set(pack(id, 'index.gz.enc'), noise(id, 20))
    const report = await runPrune(store, new Date(now))
    return { there: store.objects.has(pack(id)), report }
  }

  test('go after the grace time, if an index shows that no run is writing there any more', async () => {
    expect((await orphan(ID, '2026-11-06T02:59:00Z', true)).there).toBe(true)
    const { there, report } = await orphan(ID, '2026-11-06T03:00:01Z', true)
    expect(there).toBe(false)
    expect(report.leftovers).toEqual([{ component: 'database', id: ID, objects: 2, bytes: 120 }])
  })

  test('go after a week otherwise: a backup may take long', async () => {
    expect((await orphan(ID, '2026-11-12T02:59:00Z', false)).there).toBe(true)
    expect((await orphan(ID, '2026-11-12T03:00:01Z', false)).there).toBe(false)
  })

  test('stay when their time lies in the future', async () => {
    expect((await orphan(`20300101T000000Z-${ZERO}`, hourAfter(8), true)).there).toBe(true)
  })

  test('go from a backup that stays, too, if it does not name them', async () => {
    const { store, contents, ids } = copied(week)
    const stray = pack(ids[2] ?? '', '04-data-0001.sql.gz.enc')
    store.objects.set(stray, noise('stray', 10))
    await runPrune(store, hourAfter(8))
    expect(store.objects.has(stray)).toBe(false)
    await expectAllRestore(store, contents)
  })
})

describe('placeholders', () => {
  /** Fails when some packs are in the store already. */
  const broken = (identity?: string) => {
    const faults = [{ at: 1_200_000, error: new ComebackError('permission', 'No more.') }]
    const segments = [{ name: 'a', bytes: noise('broken', 1_500_000), faults }]
    return memorySource(segments, identity === undefined ? {} : { identity })
  }
  const placeholders = (store: MemoryStore) =>
    [...store.objects.keys()].filter(name => name.endsWith('/placeholder.json'))

  test('go a week after the failure, once a newer backup is complete and out of every running one’s reach', async () => {
    const { store, contents } = copied(week)
    await runBackup(store, broken(), { clock: clockAt(hourAfter(8)) })
    expect(placeholders(store)).toHaveLength(1)
    const prune = (day: number) => runPrune(store, hourAfter(day))
    const waits = { action: 'keep', reasons: ['no newer backup is complete'] }
    expect((await prune(20)).backups[0]).toMatchObject({ status: 'failed', ...waits })
    const { id } = await goodBackup(store, memorySource(tables(9)), { clock: clockAt(hourAfter(20)) })
    contents.set(id, contentsOf(tables(9)))
    expect((await prune(20)).backups[1]).toMatchObject(waits)
    expect((await prune(22)).backups[1]).toMatchObject({ action: 'remove', reasons: ['a newer backup is complete'] })
    expect(placeholders(store)).toEqual([])
    expect(unneededIn(store)).toEqual([])
    await expectAllRestore(store, contents)
  })

  test('keep their packs while nothing better exists', async () => {
    const store = createMemoryStore({ packSize: PACK })
    await runBackup(store, broken(), { clock: clockAt(hourAfter(1)) })
    const before = store.objects.size
    expect(before).toBeGreaterThan(2)
    await runPrune(store, hourAfter(90))
    expect(store.objects.size).toBe(before)
  })

  test('of a source that was given up go by the days of retention', async () => {
    const { store } = copied(week)
    await runBackup(store, broken('other'), { clock: clockAt(hourAfter(2)) })
    const { backups } = await runPrune(store, hourAfter(12))
    expect(backups.find(({ status }) => status === 'failed')).toMatchObject({ reasons: ['a later run may resume it'] })
    await runPrune(store, hourAfter(33))
    expect(placeholders(store)).toEqual([])
    expect(unneededIn(store)).toEqual([])
  })
})

describe('what cannot be read or understood', () => {
  const edited = (bytes: Uint8Array, from: string, to: string) =>
    Buffer.from(Buffer.from(bytes).toString().replace(from, to))
  const damage: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
    'cut short': bytes => bytes.subarray(0, bytes.length >> 1),
    empty: () => new Uint8Array(0),
    'of a newer version': bytes => edited(bytes, '"format": 2', '"format": 3'),
    altered: bytes => edited(bytes, '"stock": false', '"stock": true'),
  }

  test.each(Object.keys(damage))('a manifest %s stays, with all that it may lean on', async kind => {
    const { store, contents, ids } = copied(week)
    const [, , , , fifth = ''] = ids
    const name = `database/${fifth}/manifest.json`
    const whole = store.objects.get(name) ?? new Uint8Array()
    store.objects.set(name, damage[kind]?.(whole) ?? whole)
    const report = await runPrune(store, hourAfter(8), { policy: { days: 1 } })
    expect(report.problems).toMatchObject([{ severity: 'warning' }])
    expect(report.problems[0]?.message).toContain(fifth)
    expect(report.backups.find(({ id }) => id === fifth)).toMatchObject({ status: 'damaged', action: 'keep' })
    expect(idsIn(store)).toEqual([fifth, ids[6], ids[7]])
    // It comes back from a copy, and is whole.
    store.objects.set(name, whole)
    await expectAllRestore(store, contents)
    await runPrune(store, hourAfter(8), { policy: { days: 1 } })
    expect(unneededIn(store)).toEqual([])
  })

  test('backups of another key stay', async () => {
    const { store, contents, ids } = copied(week)
    const other = new Keyring('another passphrase altogether')
    await goodBackup(store, memorySource(tables(1)), { clock: clockAt(hourAfter(9)), keyring: other, full: true })
    const report = await runPrune(store, hourAfter(40), { keyring: other, policy: { days: 1 } })
    expect(idsIn(store).slice(0, 8)).toEqual(ids)
    expect(report.problems).toMatchObject([{ severity: 'warning', hint: 'Prune with that key, too.' }])
    await runPrune(store, hourAfter(40), { policy: { days: 1 } })
    expect(idsIn(store)).toHaveLength(2)
    expect(unneededIn(store)).toEqual([])
    store.objects.delete(`database/${idsIn(store)[1]}/manifest.json`)
    await expectAllRestore(store, contents)
  })

  test('objects that are nobody’s are told of and left alone', async () => {
    const { store, ids } = copied(week)
    const names = [
      'readme.txt',
      'database/notes',
      `database/${ids[0]}/notes.txt`,
      `database/${ids[7]}/01-data-0001.sql.gz`,
    ]
    for (const name of names) store.objects.set(name, noise(name, 10))
    const report = await runPrune(store, hourAfter(8), { policy: { days: 1 } })
    for (const name of names) expect(store.objects.has(name)).toBe(true)
    expect([...report.foreign].sort()).toEqual([...names].sort())
  })
})

describe('a store that refuses', () => {
  test('one object is told of, and the rest goes', async () => {
    const { store, contents, ids } = copied(week)
    const [, second = ''] = ids
    const faulty = createFaultyStore(store, [
      { method: 'delete', call: 1, code: 'permission', naming: `${second}/manifest.json`, lasting: true },
    ])
    const report = await runPrune(faulty, hourAfter(8), { policy: { days: 1 } })
    expect(report.problems).toMatchObject([{ severity: 'failed' }])
    expect(report.backups.find(({ id }) => id === second)).toMatchObject({ action: 'refused' })
    expect(idsIn(store)).toEqual([second, ids[6], ids[7]])
    // The refused one exists still, and so it must restore.
    await expectAllRestore(store, contents)
    expect(unneededIn(store)).toEqual([])
  })

  test('everything stays whole, and one problem says so', async () => {
    const { store, contents } = copied(week)
    const before = new Map(store.objects)
    const faulty = createFaultyStore(store, [{ method: 'delete', call: 1, code: 'permission', lasting: true }])
    const report = await runPrune(faulty, hourAfter(8), { policy: { days: 1 } })
    expect(isUntouched(store, before)).toBe(true)
    expect(report.removed).toEqual({ backups: 0, objects: 0, bytes: 0 })
    expect(report.problems).toHaveLength(1)
    await expectAllRestore(store, contents)
  })

  test('to be read is an error, and nothing is deleted', async () => {
    const { store } = copied(week)
    const before = new Map(store.objects)
    const faulty = createFaultyStore(store, [{ method: 'get', call: 3, code: 'permission' }])
    await expect(runPrune(faulty, hourAfter(8), { policy: { days: 1 } })).rejects.toMatchObject({ code: 'permission' })
    expect(isUntouched(store, before)).toBe(true)
  })
})
