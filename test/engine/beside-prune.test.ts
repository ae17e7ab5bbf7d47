/** A run's packs while another machine prunes the store, with clocks that are days and years apart: on each kind of store. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { copy } from '../../src/engine/copy.ts'
import { importBackups } from '../../src/engine/import.ts'
import { openLocalStore } from '../../src/store/local.ts'
import type { Store } from '../../src/store/store.ts'
import { createMemoryStore } from '../fakes/memory-store.ts'
import { memorySink, memorySource } from '../fakes/source.ts'
import { artifactPlace } from '../store/artifact-place.ts'
import { s3Scene } from '../support/s3/store.ts'
import { DAY, runPrune } from './keeping.ts'
import { FEW_ITERATIONS, fakeClock, goodBackup, keyring, noise, runBackup, runRestore } from './scene.ts'

const KiB = 1024
const BYTES = noise('a', 400 * KiB)
const source = () => memorySource([{ name: 'a', bytes: BYTES }])
const signal = new AbortController().signal

interface Place extends AsyncDisposable {
  readonly store: Store
}

async function folder(): Promise<Place> {
  const root = await mkdtemp(join(tmpdir(), 'comeback-test-'))
  const store = openLocalStore(root, { packSize: 100 * KiB })
  return { store, [Symbol.asyncDispose]: () => rm(root, { recursive: true }) }
}

async function bucket(): Promise<Place> {
  const scene = await s3Scene({}, { packSize: 100 * KiB })
  return { store: scene.store, [Symbol.asyncDispose]: () => scene[Symbol.asyncDispose]() }
}

async function shelf(): Promise<Place> {
  const place = await artifactPlace()
  const store = place.inAction({ packSize: 200 * KiB })
  return { store, [Symbol.asyncDispose]: () => place[Symbol.asyncDispose]() }
}

const places = { folder, bucket, 'shelf of artifacts': shelf } as const

/** Runs something once, before the first put whose object's name ends so. */
function before(store: Store, ending: RegExp, run: () => Promise<unknown>): Store {
  let done = false
  return {
    ...store,
    async put(name, ...rest) {
      if (ending.test(name) && !done) {
        done = true
        await run()
      }
      await store.put(name, ...rest)
    },
  }
}

const at = (days: number) => new Date(Date.now() + days * DAY)
const clockAt = (days: number) => fakeClock(at(days).toISOString())
const moments = { 'before its index': /index\./, 'before its manifest': /manifest\.json$/ } as const

const skews = [
  { run: 0, prune: 8 },
  { run: -8, prune: 0 },
  { run: -8, prune: 8 },
  { run: 0, prune: 365 },
  { run: -365, prune: 0 },
  { run: 365, prune: 0 },
  { run: 0, prune: -365 },
]

for (const [kind, open] of Object.entries(places)) {
  for (const [when, ending] of Object.entries(moments)) {
    test.each(skews)(
      `in a ${kind}, a backup by a clock $run days off is whole, though one $prune days off prunes ${when}`,
      async skew => {
        await using place = await open()
        const prune = () => runPrune(place.store, at(skew.prune), { policy: { days: 1 } })
        const { id } = await goodBackup(before(place.store, ending, prune), source(), { clock: clockAt(skew.run) })
        await expectWhole(place.store, id)
      },
    )
  }

  test(`in a ${kind}, what is imported under its old dates is whole beside a prune`, async () => {
    await using place = await open()
    const prune = () => runPrune(place.store, at(0), { policy: { days: 1 } })
    const { files } = await importBackups({
      ...{
        store: before(place.store, moments['before its index'], prune),
        keyring,
        codec: 'gzip',
        level: 1,
        full: false,
      },
      ...{ fullEvery: 30 * DAY, iterations: FEW_ITERATIONS, tools: {}, progress: () => undefined, signal },
      backups: [{ name: 'old.sql', time: at(-200), size: BYTES.length, source: source() }],
    })
    expect(files).toMatchObject([{ status: 'imported' }])
    await expectWhole(place.store)
  })

  test(`into a ${kind}, an old backup is copied whole beside a prune`, async () => {
    await using place = await open()
    const from = createMemoryStore({ location: 'memory:from', packSize: 100 * KiB })
    await goodBackup(from, source(), { clock: clockAt(-200) })
    let deleted = 0
    const counting: Store = {
      ...place.store,
      async delete(...args) {
        deleted++
        await place.store.delete(...args)
      },
    }
    const prune = () => runPrune(counting, at(0), { policy: { days: 1 } })
    const { backups } = await copy({
      ...{
        from,
        to: before(place.store, moments['before its manifest'], prune),
        components: ['database'],
        keyring,
        rules: undefined,
      },
      ...{ moment: { kind: 'latest' }, includeSafety: false, dryRun: false },
      ...{ now: () => new Date(), progress: () => undefined, signal },
    })
    expect(backups).toMatchObject([{ status: 'copied' }])
    expect(deleted).toBe(0)
    await expectWhole(place.store)
  })
}

async function expectWhole(store: Store, at = 'latest'): Promise<void> {
  const sink = memorySink()
  await runRestore(store, sink, at)
  expect(sink.restored.get('a')?.equals(BYTES)).toBe(true)
}

for (const [kind, open] of Object.entries(places)) {
  test.each(['01-data-0001', 'index'])(
    `in a ${kind}, a run whose own %s is gone at its end fails, and no backup stands there`,
    async gone => {
      await using place = await open()
      let found: string | undefined
      const take = async () => {
        for await (const { name } of place.store.list('database/')) if (name.includes(gone)) found = name
        if (found !== undefined) await place.store.delete(found)
      }
      // Once before the last look, and once after it, just as the manifest is put.
      for (const meddled of [afterPut(place.store, /index\./, take), before(place.store, /manifest\.json$/, take)]) {
        found = undefined
        const outcome = await runBackup(meddled, source(), { clock: clockAt(0) })
        expect(found).toBeDefined()
        expect(outcome).toMatchObject({
          status: 'failed',
          error: { code: 'damaged', message: expect.stringContaining(gone) },
        })
        for await (const { name } of place.store.list('')) expect(name).not.toContain('manifest')
      }
      await goodBackup(place.store, source(), { clock: clockAt(0) })
      await expectWhole(place.store)
    },
  )
}

/** Runs something once, after the first put whose object's name matches. */
function afterPut(store: Store, ending: RegExp, run: () => Promise<unknown>): Store {
  let done = false
  return {
    ...store,
    async put(name, ...rest) {
      await store.put(name, ...rest)
      if (!ending.test(name) || done) return
      done = true
      await run()
    },
  }
}
