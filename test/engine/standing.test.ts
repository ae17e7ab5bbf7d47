/** One rule for what counts: each way in which a record may not, asked of everything that chooses by records. */
import { describe, expect, test } from 'vitest'
import { parseMoment, readCatalog } from '../../src/engine/catalog.ts'
import { copy } from '../../src/engine/copy.ts'
import { importBackups } from '../../src/engine/import.ts'
import { list } from '../../src/engine/list.ts'
import type { ProgressEvent } from '../../src/engine/progress.ts'
import { restore } from '../../src/engine/restore.ts'
import { recordedProofs } from '../../src/engine/verify-recorded.ts'
import { type Manifest, parseManifest, sealManifest } from '../../src/format/manifest.ts'
import { createMemoryStore, type MemoryStore } from '../fakes/memory-store.ts'
import { memorySink, memorySource } from '../fakes/source.ts'
import { DAY, idsIn, runPrune, runStatus } from './keeping.ts'
import { never, prover, run } from './proving.ts'
import { fakeClock, goodBackup, keyring, manifest, noise, runBackup } from './scene.ts'

const MiB = 1024 * 1024
const rows = (name: string, seed = name) => memorySource([{ name, bytes: noise(seed, 300_000) }], { identity: name })
const structure = (identity: string) =>
  memorySource([{ name: 'schema', group: '00-schema', bytes: noise('schema', 3000) }], { identity, holds: 'structure' })

async function restored(store: MemoryStore, now: Date, at = 'latest') {
  const events: ProgressEvent[] = []
  const sink = memorySink()
  const { id } = await restore({
    store,
    keyring,
    component: 'database',
    moment: parseMoment(at),
    sink,
    now: () => now,
    progress: event => void events.push(event),
    signal: never,
  })
  return { id, warnings: events.flatMap(event => (event.type === 'warning' ? [event.message] : [])) }
}

function transplant(from: MemoryStore, to: MemoryStore): void {
  for (const [name, bytes] of from.objects) to.objects.set(name, bytes)
}

async function forge(store: MemoryStore, id: string, changes: Partial<Manifest>): Promise<void> {
  const [name = ''] = [...store.objects.keys()].filter(object => object.endsWith('/manifest.json'))
  const { mac: _, ...unsealed } = parseManifest(await store.get(name), name)
  const bytes = sealManifest({ ...unsealed, id, ...changes }, Buffer.alloc(32, 7))
  store.objects.set(`database/${id}/manifest.json`, bytes)
}

/** As an older version would have written it. */
async function unbound(store: MemoryStore): Promise<void> {
  for (const [name, bytes] of store.objects) {
    if (!name.endsWith('/manifest.json')) continue
    const { mac: _, store: __, holds: ___, ...rest } = parseManifest(bytes, name)
    const { mac } = await keyring.chain(rest.idSalt, rest.kdf.iterations)
    store.objects.set(name, sealManifest({ ...rest, format: 1 }, mac))
  }
}

/** A store with `days` daily backups of `name`; the clock stands a day after the last. */
async function daily(name: string, days: number, start?: string) {
  const store = createMemoryStore({ packSize: MiB })
  const clock = fakeClock(start)
  const ids: string[] = []
  for (let day = 0; day < days; day++, clock.nextDay()) {
    ids.push((await goodBackup(store, rows(name), { clock })).id)
  }
  return { store, clock, ids, source: rows(name) }
}

describe('what was made for another store, under the same key', () => {
  test('is not the latest, nor proved, nor built on, and is named', async () => {
    const production = await daily('production', 2)
    const staging = await daily('staging', 1, '2026-11-02T05:00:00Z')
    transplant(staging.store, production.store)
    const now = production.clock.now()
    const { id, warnings } = await restored(production.store, now)
    expect(id).toBe(production.ids[1])
    expect(warnings.join()).toMatch(new RegExp(`${staging.ids[0]} was made for another store`))
    expect(await run(production.store, now)).toMatchObject({ verdict: 'verified', proofs: [{ id: production.ids[1] }] })
    const status = await runStatus(production.store, now, { components: ['database'], maxAge: 26 * 3_600_000 })
    expect(status.components[0]).toMatchObject({
      last: { id: production.ids[1] },
      since: [{ id: staging.ids[0], status: 'foreign' }],
    })
    const { backups } = await list(production.store, ['database'], keyring, never, now)
    expect(backups.map(({ discount }) => discount)).toEqual(['other-store', undefined, undefined])
    expect(await restored(production.store, now, staging.ids[0])).toMatchObject({ id: staging.ids[0] })
  })

  test('takes no slot, and is not removed', async () => {
    const production = await daily('same', 3)
    const staging = await daily('same', 5, '2026-11-01T03:00:00Z')
    transplant(staging.store, production.store)
    await runPrune(production.store, new Date('2027-02-01T00:00:00Z'), { policy: { days: 1, last: 3 }, keyring })
    expect(idsIn(production.store)).toEqual([...production.ids, ...staging.ids].sort())
  })

  test('is taken for its own where it comes before the first backup, as where a store has moved, but not in silence', async () => {
    const staging = await daily('staging', 2)
    const store = createMemoryStore({ packSize: MiB, objects: staging.store.objects })
    const first = await goodBackup(store, rows('production'), { clock: staging.clock })
    expect(first.problems).toMatchObject([{ message: expect.stringMatching(/2 records that were made elsewhere/) }])
    staging.clock.nextDay()
    expect(await goodBackup(store, rows('production'), { clock: staging.clock })).toMatchObject({ problems: [] })
  })

  test('nothing tells where a copy got some of each, so latest is refused and an id is not', async () => {
    const [one, other] = [await daily('a', 2), await daily('b', 1, '2026-11-02T05:00:00Z')]
    const copy = createMemoryStore({ packSize: MiB, objects: [...one.store.objects, ...other.store.objects] })
    const now = one.clock.now()
    await expect(restored(copy, now)).rejects.toMatchObject({ message: expect.stringMatching(/several/) })
    expect(await restored(copy, now, one.ids[0])).toMatchObject({ id: one.ids[0] })
    const status = await runStatus(copy, now, { components: ['database'], maxAge: DAY })
    expect(status.components[0]).toMatchObject({ state: 'bad', overdue: true })
  })
})

describe('a store that was copied, moved or renamed', () => {
  test('restores, and its next backup leans on what came with it', async () => {
    const { store, clock, ids, source } = await daily('app', 3)
    const moved = createMemoryStore({ packSize: MiB, objects: store.objects })
    expect(await restored(moved, clock.now())).toEqual({ id: ids[2], warnings: [] })
    const next = await goodBackup(moved, source, { clock })
    expect(next).toMatchObject({ full: false, leansOn: 1, problems: [] })
    expect((await list(moved, ['database'], keyring, never, clock.now())).backups.map(b => b.discount)).toEqual(
      Array(4).fill(undefined),
    )
    // And back again, with what was made in between.
    transplant(moved, store)
    expect(await restored(store, clock.now())).toEqual({ id: next.id, warnings: [] })
  })

  test('goes on for each source though another one was backed up there first, and a target was kept in it before', async () => {
    const { store, clock, ids, source } = await daily('app', 2)
    const moved = createMemoryStore({ packSize: MiB, objects: store.objects })
    const kept = await goodBackup(moved, rows('target'), { clock, purpose: 'safety' })
    expect(await restored(moved, clock.now())).toMatchObject({ id: ids[1] })
    clock.nextDay()
    await goodBackup(moved, rows('new'), { clock })
    clock.nextDay()
    expect(await goodBackup(moved, source, { clock })).toMatchObject({ full: false, leansOn: 1 })
    const { backups } = await list(moved, ['database'], keyring, never, clock.now())
    expect(backups.map(({ discount }) => discount)).toEqual(Array(5).fill(undefined))
    expect(backups.map(({ id }) => id)).toEqual(expect.arrayContaining([kept.id, ids[0]]))
  })
})

test('a copy into a store with backups of its own says that it will not count there, into another copy of the same it does', async () => {
  const from = await daily('app', 2)
  const [own, empty] = [await daily('other', 1), createMemoryStore()]
  const copied = async (to: MemoryStore) => {
    const { warnings } = await copy({
      ...{
        from: { ...from.store, location: 'memory:from' },
        to,
        components: ['database'],
        keyring,
        rules: undefined,
        moment: undefined,
      },
      ...{ includeSafety: false, dryRun: false, now: from.clock.now, progress: () => undefined, signal: never },
    })
    return warnings
  }
  expect(await copied(own.store)).toMatchObject([expect.stringContaining('do not count there')])
  expect(await copied(empty)).toEqual([])
  await goodBackup(from.store, from.source, { clock: from.clock })
  expect(await copied(empty)).toEqual([])
  expect(await restored(empty, from.clock.now())).toMatchObject({ warnings: [] })
})

test('where nothing tells which store it is, the next backup goes on with that of its source, says so, and that settles it', async () => {
  const [one, other] = [await daily('a', 2), await daily('b', 2, '2026-11-01T05:00:00Z')]
  const store = createMemoryStore({ packSize: MiB, objects: [...one.store.objects, ...other.store.objects] })
  const next = await goodBackup(store, one.source, { clock: one.clock })
  expect(next).toMatchObject({ full: false, base: one.ids[1] })
  expect(next.problems).toMatchObject([{ message: expect.stringMatching(/several.*goes on with its store/) }])
  const { backups } = await list(store, ['database'], keyring, never, one.clock.now())
  const foreign = backups.filter(({ discount }) => discount === 'other-store').map(({ id }) => id)
  expect(foreign.toSorted()).toEqual(other.ids)
  expect(backups.filter(({ discount }) => discount === undefined)).toHaveLength(3)
})

describe('records of format 1', () => {
  test('count up to the first that is bound to its store, and not from then on', async () => {
    const old = await daily('old', 2)
    await unbound(old.store)
    expect(await restored(old.store, old.clock.now())).toEqual({ id: old.ids[1], warnings: [] })
    const { id, leansOn } = await goodBackup(old.store, old.source, { clock: old.clock })
    expect(leansOn).toBe(1)
    const elsewhere = await daily('elsewhere', 1, '2026-11-04T05:00:00Z')
    await unbound(elsewhere.store)
    transplant(elsewhere.store, old.store)
    const now = new Date('2026-11-05T00:00:00Z')
    expect(await restored(old.store, now)).toMatchObject({ id })
    const { backups } = await list(old.store, ['database'], keyring, never, now)
    expect(backups.map(({ discount }) => discount)).toEqual(['other-store', undefined, undefined, undefined])
    expect((await restored(old.store, now, elsewhere.ids[0])).warnings.join()).toMatch(
      /names no store.*asked for by its id/,
    )
  })

  test('go on counting when older backups are imported beside them, though those are bound', async () => {
    const old = await daily('old', 2)
    await unbound(old.store)
    const date = new Date('2025-05-01T03:00:00Z')
    const script = { name: '2025-05-01.sql', size: 1, time: date, source: rows('script') }
    const { now } = old.clock
    const { files } = await importBackups({
      ...{ store: old.store, keyring, tools: { comeback: 'test' }, codec: 'gzip', level: 1, backups: [script] },
      ...{ full: false, fullEvery: 30 * DAY, iterations: 2, progress: () => undefined, signal: never },
    })
    expect(files).toMatchObject([{ status: 'imported' }])
    expect(await restored(old.store, now())).toEqual({ id: old.ids[1], warnings: [] })
    const { backups } = await list(old.store, ['database'], keyring, never, now())
    expect(backups.map(({ discount }) => discount)).toEqual([undefined, undefined, undefined])
  })
})

describe('what is dated in the future', () => {
  test('is neither latest, nor base, nor proved, nor a proof, and is named', async () => {
    const { store, clock, ids, source } = await daily('app', 2)
    const ahead = fakeClock('2027-11-03T02:00:00Z')
    const future = await goodBackup(store, source, { clock: ahead })
    await run(store, ahead.now(), { moment: parseMoment(future.id) })
    const now = clock.now()
    expect(await restored(store, now)).toMatchObject({ id: ids[1], warnings: [expect.stringContaining(future.id)] })
    const status = await runStatus(store, now, { components: ['database'], maxProofAge: 8 * DAY })
    expect(status.components[0]).toMatchObject({ proofOverdue: true, since: [{ id: future.id, status: 'future' }] })
    const recorded = { store, components: ['database'], keyring, now: () => now, signal: never } as const
    expect(await recordedProofs(recorded)).toMatchObject({ proofs: [{ recorded: false }] })
    const next = await goodBackup(store, source, { clock })
    expect(next).toMatchObject({ base: ids[1], problems: [{ message: expect.stringContaining(future.id) }] })
    expect(await run(store, now)).toMatchObject({ proofs: [{ id: next.id }] })
  })

  test('a proof that a clock ahead made of a real backup is not its age', async () => {
    const { store, clock, ids } = await daily('app', 1)
    await run(store, new Date('2027-11-03T02:00:00Z'), { moment: parseMoment(ids[0] ?? '') })
    const status = await runStatus(store, clock.now(), { components: ['database'], maxProofAge: 8 * DAY })
    expect(status.components[0]).toMatchObject({ proofOverdue: true })
  })
})

test('with the key at hand a manifest of any other key silences no alarm', async () => {
  const { store, clock, ids } = await daily('app', 1)
  for (let day = 0; day < 10; day++) clock.nextDay()
  const id = `${clock.now().toISOString().slice(0, 10).replaceAll('-', '')}T010000Z-abcdef`
  await forge(store, id, { keyId: '00'.repeat(8), idSalt: '11'.repeat(16) })
  const ask = { components: ['database'], maxAge: 2 * DAY } as const
  const status = await runStatus(store, clock.now(), ask)
  expect(status.components[0]).toMatchObject({
    overdue: true,
    last: { id: ids[0] },
    since: [{ id, status: 'foreign' }],
  })
  expect(status).not.toHaveProperty('unauthenticated')
  expect(await runStatus(store, clock.now(), { ...ask, keyring: undefined })).toMatchObject({ unauthenticated: true })
})

describe('a backup of the structure alone', () => {
  async function rowsThenStructure() {
    const history = await daily('app', 1)
    const { store, clock } = history
    const later: string[] = []
    for (let day = 0; day < 40; day++, clock.nextDay()) {
      if (day % 8 === 0) later.push((await goodBackup(store, structure('app'), { clock })).id)
    }
    return { ...history, later }
  }

  test('displaces none with rows: in latest, status, retention and proofs', async () => {
    const { store, clock, ids, later } = await rowsThenStructure()
    const now = clock.now()
    const { id, warnings } = await restored(store, now)
    expect(id).toBe(ids[0])
    expect(warnings.join()).toContain(later.at(-1))
    expect(await restored(store, now, later.at(-1))).toMatchObject({ id: later.at(-1), warnings: [] })
    const ask = { components: ['database'], maxAge: 26 * 3_600_000, maxProofAge: 50 * DAY } as const
    await run(store, now, { moment: parseMoment(later.at(-1) ?? '') })
    expect((await runStatus(store, now, ask)).components[0]).toMatchObject({
      overdue: true,
      proofOverdue: true,
      last: { id: ids[0] },
      since: later.toReversed().map(id => ({ id, status: 'structure' })),
    })
    await runPrune(store, now, { policy: { days: 1 }, keyring })
    expect(idsIn(store)).toContain(ids[0])
    expect(idsIn(store)).toContain(later.at(-1))
    const { backups } = await list(store, ['database'], keyring, never, now)
    expect(backups.map(({ holds }) => holds)).toEqual([
      ...idsIn(store)
        .slice(1)
        .map(() => 'structure'),
      undefined,
    ])
  })

  test('is the latest where there is nothing else, and said to be what it is', async () => {
    const store = createMemoryStore()
    const { id } = await goodBackup(store, structure('app'))
    expect(await manifest(store)).toMatchObject({ id, holds: 'structure' })
    const status = await runStatus(store, new Date('2026-11-01T03:00:00Z'), { components: ['database'], maxAge: DAY })
    expect(status.components[0]).toMatchObject({ overdue: false, last: { id, holds: 'structure' } })
  })
})

test('a manifest of a day to come that is damaged stands in nobody’s way', async () => {
  const { store, clock, ids } = await daily('app', 2)
  store.objects.set('database/20991101T020000Z-000000/manifest.json', Buffer.from('{'))
  expect(await restored(store, clock.now())).toMatchObject({ id: ids[1] })
  expect(await run(store, clock.now())).toMatchObject({ verdict: 'verified' })
})

test('a forged newest record that claims our own key keeps no backup from being proved', async () => {
  const { store, clock, ids } = await daily('app', 2)
  await forge(store, '20261102T030000Z-abcdef', {})
  expect(await run(store, clock.now())).toMatchObject({ verdict: 'verified', proofs: [{ id: ids[1], recorded: true }] })
  // With objects beside it, it may be one of ours that was damaged.
  store.objects.set('database/20261102T030000Z-abcdef/index.gz.enc', Buffer.from('x'))
  expect(await run(store, clock.now())).toMatchObject({
    verdict: 'failed',
    proofs: [
      { id: '20261102T030000Z-abcdef', findings: [{ code: 'backup-damaged' }] },
      { id: ids[1], verdict: 'verified' },
    ],
  })
})

test('a backup whose proof failed is restored if it is the latest, and says so loudly', async () => {
  const { store, clock, ids } = await daily('app', 2)
  await run(store, clock.now(), { prover: prover(['rows-differ']) })
  const { id, warnings } = await restored(store, clock.now())
  expect(id).toBe(ids[1])
  expect(warnings.join()).toMatch(new RegExp(`${ids[1]}.* FAILED`))
})

test('a manifest alone of another key does not shut out the first backup, one with its objects does', async () => {
  const other = await daily('other', 1)
  const store = createMemoryStore()
  const id = '20261101T010000Z-abcdef'
  await forge(other.store, id, { keyId: '00'.repeat(8), idSalt: '11'.repeat(16) })
  const name = `database/${id}/manifest.json`
  store.objects.set(name, other.store.objects.get(name) ?? Buffer.alloc(0))
  const forged = parseManifest(await store.get(name), name)
  const first = await runBackup(store, rows('app'), { clock: other.clock })
  expect(first).toMatchObject({ status: 'complete', problems: [{ message: expect.stringContaining(id) }] })
  const real = createMemoryStore({ objects: [[name, await store.get(name)]] })
  for (const { name, size } of [...forged.objects, ...(forged.index ? [forged.index] : [])]) {
    real.objects.set(`database/${id}/${name}`, new Uint8Array(size))
  }
  await expect(runBackup(real, rows('app'), { clock: other.clock })).rejects.toMatchObject({ code: 'wrong-key' })
  expect((await readCatalog(real, 'database', never)).entries).toHaveLength(1)
})
