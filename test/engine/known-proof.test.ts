/** What the plan of a restore tells of earlier proofs. */
import { expect, test } from 'vitest'
import { parseMoment } from '../../src/engine/catalog.ts'
import type { ProgressEvent } from '../../src/engine/progress.ts'
import { planRestore } from '../../src/engine/restore-plan.ts'
import { ComebackError } from '../../src/errors.ts'
import type { Store } from '../../src/store/store.ts'
import { createMemoryStore } from '../fakes/memory-store.ts'
import { memorySink, memorySource } from '../fakes/source.ts'
import { history, never, proofFiles, prover, run } from './proving.ts'
import { goodBackup, keyring, noise } from './scene.ts'

function plan(store: Store, at = 'latest', events: ProgressEvent[] = []) {
  return planRestore({
    store,
    keyring,
    component: 'database',
    moment: parseMoment(at),
    sink: memorySink(),
    now: () => new Date('2026-11-10T00:00:00Z'),
    progress: event => events.push(event),
    signal: never,
  })
}

test('the plan tells of the proof of its backup, and else of the last one that was restored to its end', async () => {
  const store = createMemoryStore()
  const { ids, clock } = await history(store, 3)
  expect(await plan(store)).not.toHaveProperty('proof')
  await run(store, clock.now(), { moment: parseMoment(ids[0] ?? '') })
  expect((await plan(store)).proof).toEqual({
    id: ids[0],
    verdict: 'verified',
    time: clock.now().toISOString(),
    restoreSeconds: 90,
  })
  const stopped = prover(['restore-failed'])()
  const prove: typeof stopped.prove = async (...args) => {
    const { restoreTime: _, ...result } = await stopped.prove(...args)
    return result
  }
  const fails = () => ({ component: 'database' as const, prove })
  await run(store, clock.now(), { moment: parseMoment(ids[1] ?? ''), prover: fails })
  expect((await plan(store)).proof).toMatchObject({ id: ids[0], restoreSeconds: 90 })
  const { proof } = await plan(store, ids[1])
  expect(proof).toMatchObject({ id: ids[1], verdict: 'failed' })
  expect(proof).not.toHaveProperty('restoreSeconds')
})

test('a proof of another source, or one that was forged, is none', async () => {
  const store = createMemoryStore()
  const { clock } = await history(store, 1)
  await run(store, clock.now())
  const [name = ''] = proofFiles(store)
  const text = Buffer.from(await store.get(name, { limit: 1_000_000, signal: never })).toString()
  await store.delete(name, never)
  await store.put(name, [Buffer.from(text.replace('"restoreSeconds": 90', '"restoreSeconds": 1'))], never)
  expect(await plan(store)).not.toHaveProperty('proof')
  const other = memorySource([{ name: 'a', bytes: noise('other', 100) }], { identity: 'another database' })
  const { id } = await goodBackup(store, other, { clock })
  await run(store, clock.now(), { moment: parseMoment(id) })
  expect(await plan(store, '2026-11-01')).not.toHaveProperty('proof')
})

test('a store that gives no proofs keeps nobody from restoring', async () => {
  const store = createMemoryStore()
  const { ids, clock } = await history(store, 1)
  await run(store, clock.now())
  const closed: Store = {
    ...store,
    get: async (name, options) => {
      if (name.includes('/proof-')) throw new ComebackError('permission', 'Not this one.')
      return store.get(name, options)
    },
  }
  const events: ProgressEvent[] = []
  expect(await plan(closed, 'latest', events)).toMatchObject({ id: ids[0] })
  expect(events).toContainEqual(
    expect.objectContaining({ type: 'warning', message: expect.stringContaining('Not this one.') }),
  )
})
