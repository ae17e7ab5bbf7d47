/** Packs that a proof or a check has found damaged: the next backup of that source does not build on them. */
import { expect, test } from 'vitest'
import { check } from '../../src/engine/check.ts'
import { createMemoryStore, type MemoryStore } from '../fakes/memory-store.ts'
import { memorySink, memorySource } from '../fakes/source.ts'
import { prover, run } from './proving.ts'
import { type Clock, fakeClock, goodBackup, keyring, noise, runRestore } from './scene.ts'

const BYTES = noise('a', 300_000)
const source = (identity = 'memory') => memorySource([{ name: 'a', bytes: BYTES }], { identity })

function flip(store: MemoryStore, id: string, file = '01-data-0001'): void {
  for (const [name, bytes] of store.objects) {
    if (!name.includes(`${id}/${file}`)) continue
    const copy = Buffer.from(bytes)
    copy[copy.length >> 1] = (copy[copy.length >> 1] ?? 0) ^ 1
    store.objects.set(name, copy)
  }
}

function runCheck(
  store: MemoryStore,
  clock: Clock,
  options: { readonly keyring?: undefined; readonly warnings?: string[] } = {},
) {
  return check({
    ...{ store, components: ['database'], keyring, percent: 100, now: clock.now, engine: 'comeback test' },
    progress: event => event.type === 'warning' && options.warnings?.push(event.message),
    signal: new AbortController().signal,
    ...('keyring' in options ? { keyring: undefined } : {}),
  })
}

const findings = {
  'a failed proof': (store: MemoryStore, clock: Clock) =>
    run(store, clock.now(), { prover: prover(['backup-damaged']) }),
  'a check that read it': (store: MemoryStore, clock: Clock) => runCheck(store, clock),
} as const

test.each(Object.entries(findings))(
  'after %s, the next backup is whole by itself, says why, and the one after builds on it',
  async (_, find) => {
    const store = createMemoryStore()
    const clock = fakeClock()
    const first = await goodBackup(store, source(), { clock })
    const other = await goodBackup(store, source('another source'), { clock, full: true })
    flip(store, first.id)
    clock.nextDay()
    // The newest may be another source's; the damaged one is what must be looked at.
    store.objects.delete(`database/${other.id}/manifest.json`)
    await find(store, clock)
    clock.nextDay()
    const next = await goodBackup(store, source(), { clock })
    expect(next).toMatchObject({ full: true, leansOn: 0, bytes: { new: BYTES.length } })
    expect(next.problems.map(({ message }) => message).join()).toMatch(new RegExp(`${first.id}.*damaged`))
    const sink = memorySink()
    await runRestore(store, sink)
    expect(sink.restored.get('a')?.equals(BYTES)).toBe(true)
    clock.nextDay()
    expect(await goodBackup(store, source(), { clock })).toMatchObject({
      base: next.id,
      bytes: { new: 0 },
      problems: [],
    })
  },
)

test('what an older backup was found damaged in is not built upon by way of a newer one that shares its packs', async () => {
  const store = createMemoryStore()
  const clock = fakeClock()
  const first = await goodBackup(store, source(), { clock })
  clock.nextDay()
  expect(await goodBackup(store, source(), { clock })).toMatchObject({ leansOn: 1 })
  flip(store, first.id)
  clock.nextDay()
  await run(store, clock.now(), { prover: prover(['backup-damaged']), moment: { kind: 'id', id: first.id } })
  clock.nextDay()
  expect(await goodBackup(store, source(), { clock })).toMatchObject({ full: true, bytes: { new: BYTES.length } })
})

test('a backup that came back, or that failed for what its packs cannot help, is built upon', async () => {
  for (const codes of [[], ['assertion-failed'], ['no-server']] as const) {
    const store = createMemoryStore()
    const clock = fakeClock()
    await goodBackup(store, source(), { clock })
    clock.nextDay()
    await run(store, clock.now(), { prover: prover(codes) })
    expect(await goodBackup(store, source(), { clock })).toMatchObject({ full: false, bytes: { new: 0 }, problems: [] })
  }
})

test('damage that was mended since, as a later proof says, is none', async () => {
  const store = createMemoryStore()
  const clock = fakeClock()
  await goodBackup(store, source(), { clock })
  clock.nextDay()
  await run(store, clock.now(), { prover: prover(['backup-damaged']) })
  clock.nextDay()
  await run(store, clock.now(), { prover: prover() })
  expect(await goodBackup(store, source(), { clock })).toMatchObject({ full: false, problems: [] })
})

test('a check records once what it found, and only with the key; without it, it says what that means', async () => {
  const store = createMemoryStore()
  const clock = fakeClock()
  const { id } = await goodBackup(store, source(), { clock })
  const proofs = () => [...store.objects.keys()].filter(name => name.includes('/proof-'))
  flip(store, id)
  const warnings: string[] = []
  await runCheck(store, clock, { keyring: undefined, warnings })
  expect(proofs()).toEqual([])
  expect(warnings.join()).toContain('--full')
  await runCheck(store, clock)
  clock.nextDay()
  await runCheck(store, clock)
  expect(proofs()).toHaveLength(1)
})

test('a check that finds nothing writes nothing', async () => {
  const store = createMemoryStore()
  const clock = fakeClock()
  await goodBackup(store, source(), { clock })
  const before = [...store.objects.keys()]
  await runCheck(store, clock)
  expect([...store.objects.keys()]).toEqual(before)
})
