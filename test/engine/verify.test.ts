/** Proofs as the engine makes them: which backup, which verdict, what is recorded, what the records do afterwards. */
import { expect, test } from 'vitest'
import { parseMoment } from '../../src/engine/catalog.ts'
import { list } from '../../src/engine/list.ts'
import type { ProofContext, ProofResult, Prover } from '../../src/engine/ports.ts'
import type { ProofCode, ProofFinding } from '../../src/engine/proof.ts'
import { type VerifyRequest, verify } from '../../src/engine/verify.ts'
import { recordedProofs } from '../../src/engine/verify-recorded.ts'
import { ComebackError } from '../../src/errors.ts'
import { exitCodeOf } from '../../src/report/exit-code.ts'
import { Keyring } from '../../src/repository/keyring.ts'
import type { Store } from '../../src/store/store.ts'
import { createMemoryStore, type MemoryStore } from '../fakes/memory-store.ts'
import { memorySource } from '../fakes/source.ts'
import { failure } from '../postgres/round-trip.ts'
import { idsIn, runPrune, runStatus } from './keeping.ts'
import { fakeClock, goodBackup, keyring, noise } from './scene.ts'

const never = new AbortController().signal
const HOUR = 3_600_000
const DAY = 24 * HOUR

function finding(code: ProofCode): ProofFinding {
  return { code, subject: 'public.secret_table', message: 'What was found.' }
}

interface Call {
  readonly id: string
  readonly before: ProofContext['before']
}

/** Finds what it is told to, and notes what it was asked. */
function prover(codes: readonly ProofCode[] = [], calls: Call[] = []): () => Prover {
  return () => ({
    component: 'database',
    async prove(backup, { before }) {
      calls.push({ id: backup.id, before })
      return {
        restoreTime: 90_000,
        compareTime: 30_000,
        server: 'PostgreSQL 18.4',
        checks: [{ name: 'rows', result: 'passed', detail: 'all of them' }],
        findings: codes.map(finding),
        tables: [{ name: 'public.secret_table', rows: 7, bytes: 70 }],
        assertions: [{ name: 'people', result: 'passed', value: 7 }],
      } satisfies ProofResult
    },
  })
}

function run(store: Store, time: Date, options: Partial<VerifyRequest> = {}) {
  return verify({
    store,
    keyring,
    components: ['database'],
    all: false,
    moment: undefined,
    migrates: false,
    prover: prover(),
    engine: 'comeback test',
    now: () => time,
    progress: () => undefined,
    signal: never,
    ...options,
  })
}

/** So many daily backups, with the last of its days. */
async function history(store: Store, days: number) {
  const clock = fakeClock()
  const ids: string[] = []
  for (let day = 0; day < days; day++) {
    const source = memorySource([{ name: 'a', bytes: noise(`day ${day}`, 5_000) }])
    ids.push((await goodBackup(store, source, { clock })).id)
    clock.nextDay()
  }
  return { ids, clock }
}

function proofFiles(store: MemoryStore): readonly string[] {
  return [...store.objects.keys()].filter(name => /\/proof-.*\.json$/.test(name))
}

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

test('a component that was never backed up is absent among all, and an error by name', async () => {
  const store = createMemoryStore()
  const { clock } = await history(store, 1)
  const all = { components: ['database', 'files', 'config'], all: true } as const
  expect(await run(store, clock.now(), all)).toMatchObject({ verdict: 'verified', absent: ['files', 'config'] })
  const files = run(store, clock.now(), { components: ['files'] })
  expect(await failure(files)).toMatchObject({ code: 'no-such-backup' })
  expect(await failure(run(createMemoryStore(), clock.now(), all))).toMatchObject({ code: 'no-such-backup' })
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
