/**
 * Years of a store, at random: backups that end well, badly or not at all, clocks that jump, proofs, prunes that are killed,
 * refused or run beside a backup, copies into another store that is pruned, too. Whatever happens, each backup that exists
 * restores, and none goes that must stay.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { copy } from '../../src/engine/copy.ts'
import type { RetentionPolicy } from '../../src/engine/retention.ts'
import { ComebackError } from '../../src/errors.ts'
import { newBackupId, timeOf } from '../../src/format/backup-id.ts'
import { MANIFEST, parseObjectName } from '../../src/repository/layout.ts'
import { readManifest } from '../../src/repository/manifests.ts'
import { writeProof } from '../../src/repository/proofs.ts'
import { createFaultyStore, type Fault } from '../fakes/faulty-store.ts'
import { createMemoryStore, type MemoryStore } from '../fakes/memory-store.ts'
import { memorySource } from '../fakes/source.ts'
import { DAY, expectAllRestore, idsIn, interposed, policy, runPrune, unneededIn } from './keeping.ts'
import { keyring, noise, runBackup } from './scene.ts'

const KiB = 1024
const PARTS = 3
const HOUR = DAY / 24
const never = new AbortController().signal

type Kind = 'complete' | 'partial' | 'safety'
type Source = 'a' | 'b'

type Act =
  | { readonly type: 'wait'; readonly milliseconds: number }
  | {
      readonly type: 'backup'
      readonly source: Source
      readonly part: number
      readonly kind: Kind
      readonly skew: number
    }
  | { readonly type: 'fail'; readonly source: Source; readonly part: number; readonly kill: number }
  | { readonly type: 'prove'; readonly which: number; readonly verdict: 'verified' | 'failed' }
  | { readonly type: 'prune'; readonly rules: Rules; readonly mishap: Mishap }
  | { readonly type: 'prune-beside-backup'; readonly rules: Rules; readonly source: Source; readonly call: number }
  | { readonly type: 'copy'; readonly rules: Rules | undefined; readonly mishap: Mishap }
  | { readonly type: 'prune-copies'; readonly rules: Rules; readonly mishap: Mishap }

type Rules = Partial<RetentionPolicy>
/** The store is gone from the k-th call on, refuses the k-th delete, or another of its kind comes in before the k-th call. */
type Mishap = { readonly kind: 'none' | 'killed' | 'refused' | 'twice'; readonly call: number }

const source = fc.constantFrom<Source>('a', 'b')
const part = fc.integer({ min: 0, max: PARTS - 1 })
const slots = fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined, freq: 2 })
const rules: fc.Arbitrary<Rules> = fc.record({
  days: fc.constantFrom(1, 1, 1, 2, 7, 30, 400),
  last: slots,
  daily: slots,
  weekly: slots,
  monthly: slots,
  yearly: slots,
})
const mishap: fc.Arbitrary<Mishap> = fc.record({
  kind: fc.constantFrom('none', 'none', 'killed', 'refused', 'twice'),
  call: fc.integer({ min: 1, max: 30 }),
})
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('wait' as const),
      milliseconds: fc.oneof(
        fc.integer({ min: 1, max: 48 }).map(hours => hours * HOUR),
        fc.integer({ min: 2, max: 8 }).map(days => days * DAY),
        fc.constantFrom(31 * DAY, 366 * DAY),
      ),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant('backup' as const),
      source,
      part,
      kind: fc.constantFrom<Kind>('complete', 'complete', 'complete', 'partial', 'safety'),
      // A clock that was wrong for this run alone.
      skew: fc.constantFrom(0, 0, 0, 0, 0, 0, -40 * DAY, 500 * DAY),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('fail' as const), source, part, kill: fc.integer({ min: 0, max: 12 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('prove' as const),
      which: fc.nat(),
      verdict: fc.constantFrom('verified' as const, 'failed' as const),
    }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('prune' as const), rules, mishap }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('prune-beside-backup' as const),
      rules,
      source,
      call: fc.integer({ min: 1, max: 20 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('copy' as const), rules: fc.option(rules, { nil: undefined }), mishap }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('prune-copies' as const), rules, mishap }) },
)

/** Both stores, the time, and what is known of each backup that was ever made. */
class World {
  readonly store = createMemoryStore({ packSize: 80 * KiB, location: 'memory:main', clock: () => new Date(this.#now) })
  readonly copies = createMemoryStore({
    packSize: 80 * KiB,
    location: 'memory:copies',
    clock: () => new Date(this.#now),
  })
  readonly contents = new Map<string, ReadonlyMap<string, Buffer>>()
  readonly facts = new Map<string, { readonly source: Source; readonly kind: Kind; verified: boolean }>()
  /** 30 December: the leap day of 2028 and week 53 of 2026 are not far. */
  #now = Date.parse('2026-12-30T02:00:00Z')
  #version = 0
  readonly #parts = { a: [0, 0, 0], b: [0, 0, 0] }

  get now(): Date {
    // No two acts at one moment, as ids are told apart by their time first.
    this.#now += 60_000
    return new Date(this.#now)
  }

  async run(act: Act): Promise<void> {
    switch (act.type) {
      case 'wait':
        this.#now += act.milliseconds
        return
      case 'backup':
        return this.#backUp(this.store, act)
      case 'fail':
        return this.#fail(act)
      case 'prove':
        return this.#prove(act)
      case 'prune':
        return this.#prune(this.store, act.rules, act.mishap)
      case 'prune-copies':
        return this.#prune(this.copies, act.rules, act.mishap)
      case 'prune-beside-backup': {
        const prune = () => this.#prune(this.store, act.rules, { kind: 'none', call: 0 })
        return this.#backUp(interposed(this.store, act.call, prune), { ...act, part: 0, kind: 'complete', skew: 0 })
      }
      case 'copy':
        return this.#copy(act.rules, act.mishap)
    }
  }

  #segments(source: Source, part: number) {
    this.#parts[source][part] = ++this.#version
    return this.#parts[source].map((version, index) => ({
      name: `part ${index}`,
      bytes: noise(`${source} ${index} ${version}`, 60 * KiB),
    }))
  }

  async #backUp(
    store: MemoryStore,
    { source, part, kind, skew }: Pick<Extract<Act, { type: 'backup' }>, 'source' | 'part' | 'kind' | 'skew'>,
  ): Promise<void> {
    const segments = this.#segments(source, part)
    const problems = kind === 'partial' ? ([{ severity: 'partial', message: 'A part changed.' }] as const) : []
    const now = new Date(this.now.getTime() + skew)
    const outcome = await runBackup(store, memorySource(segments, { identity: source, problems }), {
      clock: { now: () => now, nextDay: () => undefined },
      keepUntil: new Date(now.getTime() + 30 * DAY),
      ...(kind === 'safety' ? { purpose: 'safety' } : {}),
    })
    if (outcome.status === 'failed') throw new Error(outcome.error.message)
    this.contents.set(outcome.id, new Map(segments.map(({ name, bytes }) => [name, bytes])))
    this.facts.set(outcome.id, { source, kind, verified: false })
  }

  /** Leaves a placeholder, or, killed at a call, whatever it had written. */
  async #fail({ source, part, kill }: Extract<Act, { type: 'fail' }>): Promise<void> {
    const error = new ComebackError('permission', 'No more.')
    const segments = this.#segments(source, part).map((segment, index) =>
      index === PARTS - 1 ? { ...segment, faults: [{ at: 50_000, error }] } : segment,
    )
    const faults: Fault[] = kill === 0 ? [] : [{ method: 'any', call: kill, code: 'store-unavailable', lasting: true }]
    const now = this.now
    const clock = { now: () => now, nextDay: () => undefined }
    const store = createFaultyStore(this.store, faults)
    const outcome = await runBackup(store, memorySource(segments, { identity: source }), { clock }).catch(
      () => undefined,
    )
    expect(outcome?.status ?? 'failed').toBe('failed')
  }

  async #prove({ which, verdict }: Extract<Act, { type: 'prove' }>): Promise<void> {
    const ids = idsIn(this.store)
    const backup = ids[which % Math.max(1, ids.length)]
    const facts = backup === undefined ? undefined : this.facts.get(backup)
    if (backup === undefined || facts === undefined) return
    const manifest = await readManifest(this.store, { component: 'database', id: backup, file: MANIFEST }, never)
    const at = this.now
    const said = { verdict, server: null, engine: 'x', checks: [], findings: {} }
    const times = { provedAt: at.toISOString(), restoreSeconds: 1, compareSeconds: 1, age: 60, bytes: 1, stored: 1 }
    const about = { format: 1, type: 'proof', id: newBackupId(at), component: 'database', backup } as const
    await writeProof(this.store, manifest, { ...about, ...times, ...said }, {}, keyring, never)
    facts.verified = verdict === 'verified'
  }

  async #prune(store: MemoryStore, rules: Rules, { kind, call }: Mishap): Promise<void> {
    const before = idsIn(store)
    const now = this.now
    const prune = (through: Parameters<typeof runPrune>[0]) => runPrune(through, now, { policy: rules })
    if (kind === 'twice') await prune(interposed(store, call, () => prune(store)))
    else if (kind === 'none') await prune(store)
    else {
      const fault: Fault =
        kind === 'killed'
          ? { method: 'any', call, code: 'store-unavailable', lasting: true }
          : { method: 'delete', call, code: 'permission' }
      await prune(createFaultyStore(store, [fault])).catch(error => expect(error.code).toBe('store-unavailable'))
    }
    this.#expectKept(store, before, rules, now)
    if (kind === 'none' || kind === 'twice') {
      expect((await prune(store)).removed, 'a second prune').toEqual({ backups: 0, objects: 0, bytes: 0 })
    }
  }

  #expectKept(store: MemoryStore, before: readonly string[], rules: Rules, now: Date): void {
    const left = new Set(idsIn(store))
    const age = (id: string) => now.getTime() - timeOf(id).getTime()
    const must = (id: string | undefined, why: string) => {
      if (id !== undefined) expect(left, `${id}: ${why}`).toContain(id)
    }
    const newestFirst = before.toReversed()
    for (const id of newestFirst) {
      const days = Math.max(rules.days ?? 1, this.facts.get(id)?.kind === 'safety' ? 7 : 1)
      if (age(id) < days * DAY) must(id, `younger than ${days} days`)
    }
    for (const source of ['a', 'b'] as const) {
      const own = newestFirst.filter(id => {
        const facts = this.facts.get(id)
        return facts?.source === source && facts.kind !== 'safety' && age(id) >= 0
      })
      const complete = own.filter(id => this.facts.get(id)?.kind === 'complete')
      must(complete[0], 'newest complete')
      // What is proved where the copies come from may not be known to be so among them.
      if (store === this.store)
        must(
          own.find(id => this.facts.get(id)?.verified),
          'newest verified',
        )
      for (const id of complete.slice(0, rules.last ?? 0)) must(id, 'last')
      for (const [count, digits] of [
        [rules.daily, 8],
        [rules.monthly, 6],
        [rules.yearly, 4],
      ] as const) {
        const periods = [...Map.groupBy(complete, id => id.slice(0, digits)).values()].slice(0, count ?? 0)
        for (const [newest] of periods) must(newest, `newest of its ${digits} digits`)
      }
    }
  }

  async #copy(rules: Rules | undefined, { kind, call }: Mishap): Promise<void> {
    const now = this.now
    const run = (from: Parameters<typeof copy>[0]['from'], to: Parameters<typeof copy>[0]['to']) =>
      copy({
        from,
        to,
        components: ['database'],
        moment: undefined,
        rules: rules === undefined ? undefined : policy(rules),
        includeSafety: false,
        keyring: call % 2 === 0 ? keyring : undefined,
        dryRun: false,
        now: () => now,
        progress: () => undefined,
        signal: never,
      }).catch(error => expect(['no-such-backup', 'store-unavailable']).toContain(error.code))
    const fault: Fault = { method: 'any', call, code: 'store-unavailable', lasting: true }
    const prune = () => runPrune(this.copies, now, { policy: { days: 1 } })
    if (kind === 'killed') await run(this.store, createFaultyStore(this.copies, [fault]))
    else if (kind === 'refused') await run(createFaultyStore(this.store, [fault]), this.copies)
    else if (kind === 'twice') await run(this.store, interposed(this.copies, call, prune))
    else await run(this.store, this.copies)
  }
}

/** Each object that a record names is there. */
function expectWhole({ objects, location }: MemoryStore, after: string): void {
  for (const [name, bytes] of objects) {
    if (!name.endsWith(`/${MANIFEST}`)) continue
    const { component, id, index, objects: own, leansOn } = JSON.parse(Buffer.from(bytes).toString())
    for (const group of [{ backup: id, objects: [...own, index] }, ...leansOn]) {
      for (const object of group.objects) {
        const needed = `${component}/${group.backup}/${object.name}`
        expect(objects.get(needed)?.length, `${location}: ${needed} of ${id}, after ${after}`).toBe(object.size)
      }
    }
  }
}

test('whatever happens to a store in years, what exists restores, and nothing goes that must stay', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 30 }), async acts => {
      const world = new World()
      for (const [index, act] of acts.entries()) {
        await world.run(act)
        for (const store of [world.store, world.copies]) expectWhole(store, `${index}: ${JSON.stringify(act)}`)
      }
      await expectAllRestore(world.store, world.contents)
      await expectAllRestore(world.copies, world.contents)
      // In the end nothing is left over but what clocks that were ahead have dated.
      await world.run({ type: 'wait', milliseconds: 8 * DAY })
      for (const store of [world.store, world.copies]) {
        const now = world.now
        // By which the store tells how late it is.
        await store.put('config/note', [])
        await runPrune(store, now, { policy: { days: 1 } })
        await store.delete('config/note')
        const stale = unneededIn(store).filter(name => timeOf(parseObjectName(name)?.id ?? '') <= now)
        expect(stale.filter(name => !name.includes('/proof-'))).toEqual([])
        await expectAllRestore(store, world.contents)
      }
    }),
    { numRuns: Number(process.env.COMEBACK_TEST_HISTORIES ?? 60) },
  )
})
