/** Proofs as the engine makes them: which backup, which verdict, what is recorded, what the records do afterwards. */
import { expect, test } from 'vitest'
import { parseMoment } from '../../src/engine/catalog.ts'
import { list } from '../../src/engine/list.ts'
import type { ProofResult } from '../../src/engine/ports.ts'
import { recordedProofs } from '../../src/engine/verify-recorded.ts'
import type { VerifyRequest } from '../../src/engine/verify-request.ts'
import { ComebackError } from '../../src/errors.ts'
import { exitCodeOf } from '../../src/report/exit-code.ts'
import { Keyring } from '../../src/repository/keyring.ts'
import type { Store } from '../../src/store/store.ts'
import { createMemoryStore } from '../fakes/memory-store.ts'
import { memorySource } from '../fakes/source.ts'
import { failure } from '../postgres/round-trip.ts'
import { idsIn, runPrune, runStatus } from './keeping.ts'
import { type Call, history, never, proofFiles, prover, run } from './proving.ts'
import { fakeClock, goodBackup, keyring, noise } from './scene.ts'

/** Milliseconds. */
const DAY = 24 * 3_600_000

test('a backup that comes back is verified, and the record beside it says so', async () => {
  const store = createMemoryStore()
  const { ids, clock } = await history(store, 2)
  const report = await run(store, clock.now())
  expect(report).toMatchObject({ command: 'verify', schema: 1, kind: 'made', verdict: 'verified', absent: [] })
  expect(report.proofs).toMatchObject([
    {
      id: ids[1],
      verdict: 'verified',
      restoreSeconds: 90,
      compareSeconds: 30,
      age: 24 * 3_600,
      recorded: true,
      authenticated: true,
    },
  ])
  expect(exitCodeOf(report)).toBe(0)
  const [file] = proofFiles(store)
  expect(file).toMatch(new RegExp(`^database/${ids[1]}/proof-`))
  const text = Buffer.from(await store.get(file ?? '', { limit: 1_000_000, signal: never })).toString()
  expect(JSON.parse(text)).toMatchObject({ type: 'proof', backup: ids[1], verdict: 'verified', restoreSeconds: 90 })
  // Readable without the key, so it names nothing.
  expect(text).not.toContain('secret_table')
  const listed = await list(store, ['database'], keyring, never)
  expect(listed.backups.map(({ proof }) => proof?.verdict)).toEqual(['verified', undefined])
})

test.each([
  [['rows-differ'], 'failed', 3],
  [['rows-reordered', 'extension-version'], 'verified', 0],
  [['wrong-major'], 'could-not-verify', 4],
  [['wrong-major', 'index-invalid', 'rows-reordered'], 'failed', 3],
] as const)('findings %j make it %s', async (codes, verdict, code) => {
  const store = createMemoryStore()
  const { clock } = await history(store, 1)
  const report = await run(store, clock.now(), { prover: prover(codes) })
  expect(report.verdict).toBe(verdict)
  expect(exitCodeOf(report)).toBe(code)
  expect(report.proofs[0]?.findings.map(found => found.code)).toHaveLength(codes.length)
})

test('a prover that finds nothing because it compared nothing verifies nothing', async () => {
  const store = createMemoryStore()
  const { clock } = await history(store, 1)
  const empty: ProofResult = { checks: [], findings: [], tables: [], assertions: [] }
  const report = await run(store, clock.now(), { prover: () => ({ component: 'database', prove: async () => empty }) })
  expect(report.verdict).toBe('could-not-verify')
})

test('the next proof is compared with the last, and its history grows', async () => {
  const store = createMemoryStore()
  const { ids, clock } = await history(store, 3)
  const calls: Call[] = []
  await run(store, clock.now(), { moment: parseMoment(ids[0] ?? ''), prover: prover([], calls) })
  clock.nextDay()
  const report = await run(store, clock.now(), { prover: prover([], calls) })
  expect(calls[0]?.before).toBeUndefined()
  expect(calls[1]?.before).toMatchObject({
    id: ids[0],
    tables: [{ name: 'public.secret_table', rows: 7 }],
    assertions: [{ name: 'people', value: 7 }],
  })
  expect(report.proofs[0]?.history.map(({ id }) => id)).toEqual([ids[0], ids[2]])
})

test('migrations run against the last backup that was verified, and say so where there is none', async () => {
  const store = createMemoryStore()
  const { ids, clock } = await history(store, 3)
  const calls: Call[] = []
  const first = await run(store, clock.now(), { migrates: true, prover: prover([], calls) })
  expect(first.proofs[0]?.findings).toMatchObject([{ code: 'not-last-verified' }])
  await run(store, clock.now(), { moment: parseMoment(ids[1] ?? ''), prover: prover([], calls) })
  clock.nextDay()
  await run(store, clock.now(), { moment: parseMoment(ids[2] ?? ''), prover: prover(['rows-differ'], calls) })
  await run(store, clock.now(), { migrates: true, prover: prover([], calls) })
  expect(calls.map(({ id }) => id)).toEqual([ids[2], ids[1], ids[2], ids[1]])
})

test('damage of the backup fails the proof; a store that is away does not', async () => {
  const store = createMemoryStore()
  const { ids, clock } = await history(store, 1)
  const failing = (code: 'damaged' | 'store-unavailable') =>
    run(store, clock.now(), {
      prover: () => ({
        component: 'database',
        prove: async () => {
          throw new ComebackError(code, 'So it is.')
        },
      }),
    })
  expect(await failing('damaged')).toMatchObject({
    verdict: 'failed',
    proofs: [{ findings: [{ code: 'backup-damaged' }] }],
  })
  expect(await failing('store-unavailable')).toMatchObject({ verdict: 'could-not-verify' })
  const index = `database/${ids[0]}/index.gz.enc`
  await store.delete(index, never)
  expect(await run(store, clock.now())).toMatchObject({
    verdict: 'failed',
    proofs: [{ findings: [{ code: 'backup-damaged' }] }],
  })
})

test('time that is up verifies nothing; a run that is cancelled records nothing', async () => {
  const store = createMemoryStore()
  const { clock } = await history(store, 1)
  const ended = (code: 'timeout' | 'cancelled') => {
    const controller = new AbortController()
    const prove = async (): Promise<ProofResult> => {
      controller.abort(new ComebackError(code, 'Enough.'))
      throw controller.signal.reason
    }
    return run(store, clock.now(), { signal: controller.signal, prover: () => ({ component: 'database', prove }) })
  }
  expect(await failure(ended('cancelled'))).toMatchObject({ code: 'cancelled' })
  expect(proofFiles(store)).toEqual([])
  expect(await ended('timeout')).toMatchObject({
    verdict: 'could-not-verify',
    proofs: [{ findings: [{ code: 'interrupted' }] }],
  })
})

test('components that there was no time for are not verified; after a cancellation there is no verdict', async () => {
  const store = createMemoryStore()
  const { clock } = await history(store, 1)
  const files = memorySource([{ name: 'a', bytes: noise('f', 100) }], { component: 'files' })
  const { id } = await goodBackup(store, files, { clock })
  const ended = (code: 'timeout' | 'cancelled') => {
    const controller = new AbortController()
    const prove = prover()
    const progress: VerifyRequest['progress'] = ({ type }) => {
      if (type === 'done') controller.abort(new ComebackError(code, 'Enough.'))
    }
    const all = { components: ['database', 'files', 'config'], all: true } as const
    return run(store, clock.now(), { ...all, signal: controller.signal, progress, prover: prove })
  }
  const report = await ended('timeout')
  expect(report).toMatchObject({
    verdict: 'could-not-verify',
    proofs: [
      { component: 'database', verdict: 'verified' },
      { component: 'files', id, verdict: 'could-not-verify', findings: [{ code: 'interrupted' }], recorded: false },
    ],
  })
  expect(exitCodeOf(report)).toBe(4)
  expect(await failure(ended('cancelled'))).toMatchObject({ code: 'cancelled' })
})

test('a component that was never backed up is absent among all, and an error by name', async () => {
  const store = createMemoryStore()
  const { clock } = await history(store, 1)
  const all = { components: ['database', 'files', 'config'], all: true } as const
  expect(await run(store, clock.now(), all)).toMatchObject({ verdict: 'verified', absent: ['files', 'config'] })
  const files = run(store, clock.now(), { components: ['files'] })
  expect(await failure(files)).toMatchObject({ code: 'no-such-backup' })
  expect(await failure(run(createMemoryStore(), clock.now(), all))).toMatchObject({ code: 'no-such-backup' })
})

test('a component of which only partial backups, or other days, are there keeps none of the others from being proved', async () => {
  const store = createMemoryStore()
  const { ids, clock } = await history(store, 1)
  const problems = [{ severity: 'partial', message: 'A file vanished.' }] as const
  const half = memorySource([{ name: 'a', bytes: noise('a', 100) }], { component: 'files', problems })
  const { id } = await goodBackup(store, half, { clock })
  const all = { components: ['database', 'files', 'config'], all: true } as const
  expect(await run(store, clock.now(), all)).toMatchObject({ verdict: 'verified', absent: ['files', 'config'] })
  const byId = await run(store, clock.now(), { ...all, moment: parseMoment(ids[0] ?? '') })
  expect(byId).toMatchObject({ proofs: [{ id: ids[0] }], absent: ['files', 'config'] })
  const never = run(store, clock.now(), { ...all, moment: parseMoment('2026-01-01') })
  expect(await failure(never)).toMatchObject({ code: 'no-such-backup', hint: expect.stringContaining(ids[0] ?? '') })
  expect(await failure(run(store, clock.now(), { components: ['files'] }))).toMatchObject({ code: 'no-such-backup' })
  expect(await run(store, clock.now(), { components: ['files'], moment: parseMoment(id) })).toMatchObject({
    proofs: [{ component: 'files', findings: [{ code: 'partial-backup' }] }],
  })
})

test('a newest backup whose manifest is damaged fails, and the one before it and the other components are proved all the same', async () => {
  const store = createMemoryStore()
  const { ids, clock } = await history(store, 2)
  await goodBackup(store, memorySource([{ name: 'a', bytes: noise('f', 100) }], { component: 'files' }), { clock })
  const name = `database/${ids[1]}/manifest.json`
  await store.delete(name, never)
  await store.put(name, [Buffer.from('{')], never)
  const report = await run(store, clock.now(), { components: ['database', 'files', 'config'], all: true })
  expect(report).toMatchObject({
    verdict: 'failed',
    proofs: [
      { id: ids[1], verdict: 'failed', findings: [{ code: 'backup-damaged' }], recorded: false },
      { id: ids[0], verdict: 'verified', recorded: true },
      { component: 'files', verdict: 'verified', recorded: true },
    ],
    absent: ['config'],
  })
  expect(exitCodeOf(report)).toBe(3)
})

test('a store that does not give the newest manifest could not be verified', async () => {
  const store = createMemoryStore()
  const { ids, clock } = await history(store, 1)
  const away: Store = {
    ...store,
    get: async () => {
      throw new ComebackError('store-unavailable', 'It does not answer.')
    },
  }
  const report = await run(away, clock.now())
  expect(report.proofs).toMatchObject([{ id: ids[0], findings: [{ code: 'store-unavailable' }], recorded: false }])
  expect(exitCodeOf(report)).toBe(4)
})

test('another key is another key', async () => {
  const store = createMemoryStore()
  const { clock } = await history(store, 1)
  const other = new Keyring('some other passphrase of length')
  expect(await failure(run(store, clock.now(), { keyring: other }))).toMatchObject({ code: 'wrong-key' })
})

test('a store that takes no record leaves the verdict as it is, and says why it is not recorded', async () => {
  const store = createMemoryStore()
  const { clock } = await history(store, 1)
  const closed: Store = {
    ...store,
    put: async () => {
      throw new ComebackError('permission', 'Nothing may be written.')
    },
  }
  const report = await run(closed, clock.now())
  expect(report).toMatchObject({
    verdict: 'verified',
    proofs: [{ recorded: false, notRecorded: 'Nothing may be written.' }],
  })
})

test('recorded proofs are shown without the key, as what they claim, and with it as what they are', async () => {
  const store = createMemoryStore()
  const { ids, clock } = await history(store, 1)
  await run(store, clock.now())
  const recorded = (ring: Keyring | undefined) =>
    recordedProofs({ store, components: ['database'], keyring: ring, now: clock.now, signal: never })
  const keyless = await recorded(undefined)
  expect(keyless).toMatchObject({
    kind: 'recorded',
    verdict: 'verified',
    proofs: [{ id: ids[0], authenticated: false, restoreSeconds: 90, checks: [{ name: 'rows', result: 'passed' }] }],
  })
  expect(keyless.proofs[0]).not.toHaveProperty('tables')
  expect(await recorded(keyring)).toMatchObject({
    proofs: [
      { authenticated: true, tables: [{ name: 'public.secret_table', rows: 7 }], checks: [{ detail: 'all of them' }] },
    ],
  })
})

test('without any record nothing is verified', async () => {
  const store = createMemoryStore()
  const { clock } = await history(store, 1)
  const report = await recordedProofs({ store, components: ['database'], keyring, now: clock.now, signal: never })
  expect(report).toMatchObject({ verdict: 'could-not-verify', proofs: [{ findings: [{ code: 'never-verified' }] }] })
  expect(exitCodeOf(report)).toBe(4)
})

test('a record that was forged, damaged or moved counts for nothing with the key at hand', async () => {
  const store = createMemoryStore()
  const { ids, clock } = await history(store, 2)
  await run(store, clock.now(), { moment: parseMoment(ids[0] ?? ''), prover: prover(['rows-differ']) })
  const [name = ''] = proofFiles(store)
  const bytes = Buffer.from(await store.get(name, { limit: 1_000_000, signal: never }))
  const forged = bytes.toString().replace('"verdict": "failed"', '"verdict": "verified"')
  await store.delete(name, never)
  await store.put(name, [Buffer.from(forged)], never)
  await store.put(name.replace(ids[0] ?? '', ids[1] ?? ''), [bytes], never)
  await store.put(`database/${ids[1]}/proof-20261124T000000Z-aaaaaa.json`, [Buffer.from('{}')], never)
  const listed = await list(store, ['database'], keyring, never)
  expect(listed.backups.map(({ proof }) => proof)).toEqual([undefined, undefined])
  expect((await runStatus(store, clock.now(), { components: ['database'] })).components[0]).not.toHaveProperty(
    'lastProof',
  )
})

test('status tells of the last proof and the last good one, and fails where they are too old', async () => {
  const store = createMemoryStore()
  const { ids, clock } = await history(store, 2)
  const look = (maxProofAge: number) => runStatus(store, clock.now(), { components: ['database'], maxProofAge })
  expect(exitCodeOf(await look(8 * DAY))).toBe(1)
  await run(store, clock.now(), { moment: parseMoment(ids[0] ?? '') })
  await run(store, clock.now(), { prover: prover(['rows-differ']) })
  const report = await look(8 * DAY)
  expect(report.components[0]).toMatchObject({
    proofOverdue: false,
    lastProof: { id: ids[1], verdict: 'failed' },
    lastVerified: { id: ids[0], verdict: 'verified', restoreSeconds: 90 },
    next: [expect.stringContaining('The last proof FAILED')],
  })
  expect(exitCodeOf(report)).toBe(0)
  for (let day = 0; day < 9; day++) clock.nextDay()
  expect(exitCodeOf(await look(8 * DAY))).toBe(1)
})

test('retention keeps the newest verified backup, whatever its age, and drops the records of those that go', async () => {
  const store = createMemoryStore()
  const { ids, clock } = await history(store, 6)
  for (const at of [ids[0], ids[1]]) await run(store, clock.now(), { moment: parseMoment(at ?? '') })
  await run(store, clock.now(), { moment: parseMoment(ids[2] ?? ''), prover: prover(['rows-differ']) })
  for (let day = 0; day < 60; day++) clock.nextDay()
  for (const ring of [keyring, undefined]) {
    await runPrune(store, clock.now(), { policy: { days: 1 }, keyring: ring })
    expect(idsIn(store)).toEqual([ids[1], ids[5]])
  }
  // A folder that holds nothing but a record might be one that somebody is filling; a week later it is not.
  expect(proofFiles(store).map(name => name.split('/')[1])).toEqual([ids[1]])
})

test('a partial backup says that it is one', async () => {
  const store = createMemoryStore()
  const clock = fakeClock()
  const problems = [{ severity: 'partial', message: 'A file vanished.' }] as const
  const { id } = await goodBackup(store, memorySource([{ name: 'a', bytes: noise('a', 100) }], { problems }), { clock })
  const report = await run(store, clock.now(), { moment: parseMoment(id) })
  expect(report).toMatchObject({ verdict: 'verified', proofs: [{ findings: [{ code: 'partial-backup' }] }] })
})
