/** What earlier proofs are worth to those that come after them: to retention, the alarm, and the next comparison. */
import { expect, test } from 'vitest'
import { parseMoment } from '../../src/engine/catalog.ts'
import { list } from '../../src/engine/list.ts'
import { recordedProofs } from '../../src/engine/verify-recorded.ts'
import { newBackupId } from '../../src/format/backup-id.ts'
import { writeProof } from '../../src/repository/proofs.ts'
import { createMemoryStore } from '../fakes/memory-store.ts'
import { memorySource } from '../fakes/source.ts'
import { DAY, idsIn, runPrune, runStatus } from './keeping.ts'
import { type Call, history, never, prover, run } from './proving.ts'
import { goodBackup, keyring, manifest, noise } from './scene.ts'

test('a proof that could not be made takes nothing back from one that verified', async () => {
  const store = createMemoryStore()
  const { ids, clock } = await history(store, 4)
  const at = { moment: parseMoment(ids[1] ?? '') }
  await run(store, clock.now(), at)
  clock.nextDay()
  await run(store, clock.now(), { ...at, prover: prover(['no-server']) })

  const listed = await list(store, ['database'], keyring, never)
  expect(listed.backups.find(({ id }) => id === ids[1])?.proof?.verdict).toBe('could-not-verify')
  const status = await runStatus(store, clock.now(), { components: ['database'], maxProofAge: 8 * DAY })
  expect(status.components[0]).toMatchObject({
    proofOverdue: false,
    lastProof: { verdict: 'could-not-verify' },
    lastVerified: { id: ids[1], verdict: 'verified', age: DAY / 1000 },
  })
  const calls: Call[] = []
  await run(store, clock.now(), { migrates: true, prover: prover(['no-server'], calls) })
  expect(calls).toMatchObject([{ id: ids[1] }])
  for (let day = 0; day < 60; day++) clock.nextDay()
  for (const ring of [undefined, keyring]) {
    await runPrune(store, clock.now(), { policy: { days: 1 }, keyring: ring })
    expect(idsIn(store)).toEqual([ids[1], ids[3]])
  }
})

test('a proof that failed takes back what an earlier one said', async () => {
  const store = createMemoryStore()
  const { ids, clock } = await history(store, 3)
  const at = { moment: parseMoment(ids[0] ?? '') }
  await run(store, clock.now(), at)
  clock.nextDay()
  await run(store, clock.now(), { ...at, prover: prover(['rows-differ']) })
  clock.nextDay()
  await run(store, clock.now(), { ...at, prover: prover(['no-server']) })
  const status = await runStatus(store, clock.now(), { components: ['database'], maxProofAge: 8 * DAY })
  expect(status.components[0]).toMatchObject({ proofOverdue: true })
  expect(status.components[0]).not.toHaveProperty('lastVerified')
})

test('a backup is compared with an older one, however often it is proved: a second try does not heal it', async () => {
  const store = createMemoryStore()
  const { ids, clock } = await history(store, 3)
  const calls: Call[] = []
  const prove = async (id = '') => run(store, clock.now(), { moment: parseMoment(id), prover: prover([], calls) })
  for (const id of [ids[0], ids[2], ids[2], ids[1], ids[0]]) {
    await prove(id)
    clock.nextDay()
  }
  expect(calls.map(({ before }) => before?.id)).toEqual([undefined, ids[0], ids[0], ids[0], undefined])
})

test('what was made of another source, or of a target before its restore, is nothing to compare with', async () => {
  const store = createMemoryStore()
  const { clock } = await history(store, 1)
  const other = memorySource([{ name: 'a', bytes: noise('other', 100) }], { identity: 'another database' })
  const safety = memorySource([{ name: 'a', bytes: noise('safety', 100) }])
  const ids = [(await goodBackup(store, other, { clock })).id]
  clock.nextDay()
  ids.push((await goodBackup(store, safety, { clock, purpose: 'safety' })).id)
  clock.nextDay()
  ids.push((await goodBackup(store, memorySource([{ name: 'a', bytes: noise('new', 100) }]), { clock })).id)
  const calls: Call[] = []
  for (const id of ids) await run(store, clock.now(), { moment: parseMoment(id), prover: prover([], calls) })
  expect(calls.map(({ before }) => before)).toEqual([undefined, undefined, undefined])
})

test('of a record whose details only a newer version understands, what stands in the clear is shown', async () => {
  const store = createMemoryStore()
  const { ids, clock } = await history(store, 1)
  const id = newBackupId(clock.now())
  const record: Parameters<typeof writeProof>[2] = {
    format: 1,
    type: 'proof',
    id,
    component: 'database',
    backup: ids[0] ?? '',
    verdict: 'failed',
    provedAt: clock.now().toISOString(),
    restoreSeconds: 9,
    compareSeconds: null,
    age: 1,
    bytes: 1,
    stored: 1,
    server: null,
    engine: 'comeback 99',
    checks: [{ name: 'rows', result: 'failed' }],
    findings: { 'rows-in-another-place': 2 },
  }
  const details = {
    checks: [{ name: 'rows', result: 'failed', detail: '' }],
    findings: [{ code: 'rows-in-another-place' }],
  }
  await writeProof(store, await manifest(store), record, details, keyring, never)
  const report = await recordedProofs({ store, components: ['database'], keyring, now: clock.now, signal: never })
  expect(report.proofs).toMatchObject([
    {
      authenticated: true,
      checks: [{ name: 'rows', result: 'failed' }],
      findings: [{ code: 'rows-in-another-place', subject: '2 found' }],
    },
  ])
  expect(report.proofs[0]).not.toHaveProperty('tables')
})
