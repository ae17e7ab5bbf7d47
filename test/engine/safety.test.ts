/** The backup of what a target holds before a restore touches it, on bytes in memory. */
import { describe, expect, test } from 'vitest'
import { parseMoment } from '../../src/engine/catalog.ts'
import { list } from '../../src/engine/list.ts'
import type { DatabaseTarget, Sink, Source } from '../../src/engine/ports.ts'
import type { ProgressEvent } from '../../src/engine/progress.ts'
import { restore } from '../../src/engine/restore.ts'
import { planRestore } from '../../src/engine/restore-plan.ts'
import type { RestoreRequest } from '../../src/engine/restore-request.ts'
import type { Safety } from '../../src/engine/safety.ts'
import { ComebackError, hasCode } from '../../src/errors.ts'
import type { Store } from '../../src/store/store.ts'
import { createFaultyStore } from '../fakes/faulty-store.ts'
import { createMemoryStore } from '../fakes/memory-store.ts'
import { memorySource } from '../fakes/source.ts'
import { DAY, runPrune, runStatus } from './keeping.ts'
import { type Clock, FEW_ITERATIONS, fakeClock, goodBackup, keyring, manifest, noise } from './scene.ts'

const SIGNAL = new AbortController().signal
const OLD = noise('old', 300_000)
const NEW = noise('new', 300_000)

/** A database that is one segment of bytes, or empty. */
function memoryDatabase(bytes: Uint8Array | undefined, name = 'shop') {
  const state = { bytes, touched: 0 }
  const source = (): Source =>
    memorySource(state.bytes === undefined ? [] : [{ name: 'rows', bytes: state.bytes }], { identity: name })
  const sink: Sink = {
    component: 'database',
    async inspect(): Promise<DatabaseTarget> {
      return {
        kind: 'database',
        place: `db:5432/${name}`,
        database: name,
        user: 'app',
        server: 'PostgreSQL 18.4',
        ...(state.bytes === undefined
          ? {}
          : { holds: { counts: { table: 1 }, examples: ['rows'], bytes: state.bytes.length } }),
        mode: 'atomic',
        needsConfirmation: state.bytes !== undefined,
        losses: [],
        problems: [],
      }
    },
    async restore(backup, _, signal) {
      state.touched++
      const parts: Uint8Array[] = []
      for (const segment of backup.segments) for await (const part of backup.read(segment, signal)) parts.push(part)
      state.bytes = Buffer.concat(parts)
      return { summary: [], problems: [] }
    },
  }
  return { state, source, sink }
}

type Database = ReturnType<typeof memoryDatabase>

interface Asked {
  readonly at?: string
  readonly undo?: boolean
  readonly clock?: Clock
  readonly events?: ProgressEvent[]
  readonly safety?: Partial<Safety>
  readonly safetyStore?: Store
  readonly source?: Source
  readonly consent?: RestoreRequest['consent']
}

function requestFor(store: Store, database: Database, asked: Asked = {}): RestoreRequest {
  const { clock = fakeClock(), at = 'latest', undo = false, events, consent = { name: 'shop' } } = asked
  const { safetyStore = store } = asked
  const safety: Safety = {
    wanted: true,
    store: safetyStore.location,
    source: () => asked.source ?? database.source(),
    request: async () => ({
      store: safetyStore,
      keyring,
      codec: 'gzip',
      level: 1,
      full: false,
      fullEvery: 30 * DAY,
      keepUntil: new Date(clock.now().getTime() + 30 * DAY),
      iterations: FEW_ITERATIONS,
      tools: {},
      now: clock.now,
      signal: SIGNAL,
    }),
    ...asked.safety,
  }
  return {
    store,
    keyring,
    component: 'database',
    moment: undo ? { kind: 'undo', identity: database.source().identity, place: 'db:5432/shop' } : parseMoment(at),
    sink: database.sink,
    safety,
    consent,
    now: clock.now,
    progress: event => events?.push(event),
    signal: SIGNAL,
  }
}

const run = (...args: Parameters<typeof requestFor>) => restore(requestFor(...args))
const listed = (store: Store) => list(store, ['database'], keyring, SIGNAL)

/** A store with a backup of the database, which has changed since. */
async function scene() {
  const clock = fakeClock()
  const store = createMemoryStore()
  const database = memoryDatabase(OLD)
  const normal = await goodBackup(store, database.source(), { clock })
  clock.nextDay()
  database.state.bytes = NEW
  return { clock, store, database, normal }
}

describe('before a restore', () => {
  test('what the target holds is backed up, and undo brings it back, and undo of undo takes it away again', async () => {
    const { clock, store, database, normal } = await scene()
    const report = await run(store, database, { clock })
    expect(report).toMatchObject({
      id: normal.id,
      safety: { store: 'memory:', undo: 'comeback restore database --undo --confirm shop' },
    })
    expect(OLD.equals(database.state.bytes ?? NEW)).toBe(true)

    clock.nextDay()
    const undone = await run(store, database, { clock, undo: true })
    expect(undone.id).toBe(report.safety?.id)
    expect(NEW.equals(database.state.bytes ?? OLD)).toBe(true)
    clock.nextDay()
    const again = await run(store, database, { clock, undo: true })
    expect(again.id).toBe(undone.safety?.id)
    expect(OLD.equals(database.state.bytes ?? NEW)).toBe(true)
  })

  test('undo takes the last one, even of several in a second', async () => {
    const { store, database } = await scene()
    let time = Date.parse('2026-12-24T12:00:00.100Z')
    const clock: Clock = { ...fakeClock(), now: () => new Date(time++) }
    let last = await run(store, database, { clock })
    for (let i = 0; i < 8; i++) {
      const undone = await run(store, database, { clock, undo: true })
      expect(undone.id).toBe(last.safety?.id)
      expect((i % 2 === 0 ? NEW : OLD).equals(database.state.bytes ?? Buffer.alloc(0))).toBe(true)
      last = undone
    }
    expect(time).toBeLessThan(Date.parse('2026-12-24T12:00:01Z'))
  })

  test('nothing is, where the target is empty', async () => {
    const { clock, store, database } = await scene()
    database.state.bytes = undefined
    const report = await run(store, database, { clock, consent: {} })
    expect(report.safety).toBeUndefined()
    expect((await listed(store)).backups).toHaveLength(1)
  })

  test('the backup may go into another store, and the way back says so', async () => {
    const { clock, store, database } = await scene()
    const other = createMemoryStore({ location: 'file:./other' })
    const report = await run(store, database, { clock, safetyStore: other })
    expect(report.safety?.undo).toBe('comeback restore database --undo --safety-store file:./other --confirm shop')
    expect((await listed(other)).backups).toMatchObject([{ purpose: 'safety' }])
    expect((await listed(store)).backups).toHaveLength(1)
  })

  test('the plan is said, before anything is written', async () => {
    const { clock, store, database, normal } = await scene()
    const events: ProgressEvent[] = []
    await run(store, database, { clock, events })
    const said = events.findIndex(({ type }) => type === 'plan')
    expect(events[said]).toMatchObject({
      plan: { id: normal.id, confirm: 'shop', safety: { wanted: true, store: 'memory:', bytes: 300_000 } },
    })
    expect(events.findIndex(event => event.type === 'phase' && event.text.startsWith('safety backup'))).toBeGreaterThan(
      said,
    )
  })

  test('what was read for it shares its chunks with the backups of the same database', async () => {
    const { clock, store, database } = await scene()
    database.state.bytes = OLD
    await run(store, database, { clock })
    const [safety] = (await listed(store)).backups
    expect(safety).toMatchObject({ purpose: 'safety' })
    expect(safety?.stored).toBeLessThan(2_000)
  })
})

describe('nothing is touched', () => {
  test('whichever store call fails while the target is backed up', async () => {
    const fresh = async () => {
      const { clock, store, database } = await scene()
      return { clock, store, database, safetyStore: createMemoryStore() }
    }
    const whole = await fresh()
    const counting = createFaultyStore(whole.safetyStore, [])
    await run(whole.store, whole.database, { clock: whole.clock, safetyStore: counting })
    // The last ones read the history, when the backup exists already.
    for (let call = 1; call <= counting.calls.any; call++) {
      for (const when of ['before', 'after'] as const) {
        const { clock, store, database, safetyStore } = await fresh()
        const faulty = createFaultyStore(safetyStore, [
          { method: 'any', call, code: 'store-unavailable', when, lasting: true },
        ])
        const done = await run(store, database, { clock, safetyStore: faulty }).then(
          () => true,
          () => false,
        )
        const exists = (await listed(safetyStore)).backups.some(({ status }) => status === 'complete')
        if (done) expect(exists, `${call} ${when}`).toBe(true)
        else expect(database.state.touched, `${call} ${when}`).toBe(0)
      }
    }
  })

  test('if the target cannot be read, and the error says how to go on', async () => {
    const { clock, store, database } = await scene()
    const error = new ComebackError('permission', 'The table secrets may not be read.')
    const source = memorySource([{ name: 'rows', bytes: NEW, faults: [{ at: 0, error }] }])
    await expect(run(store, database, { clock, source })).rejects.toSatisfy(
      thrown =>
        hasCode(thrown, 'permission') &&
        thrown.message.includes('nothing was touched') &&
        (thrown.hint?.includes('--no-safety-backup') ?? false),
    )
    expect(database.state.touched).toBe(0)
  })

  test('if the backup of the target is partial', async () => {
    const { clock, store, database } = await scene()
    const source = memorySource([{ name: 'rows', bytes: NEW }], {
      identity: 'shop',
      problems: [{ severity: 'partial', message: 'a.txt changed while it was read.' }],
    })
    await expect(run(store, database, { clock, source })).rejects.toSatisfy(
      error => hasCode(error, 'source-changed') && error.message.includes('a.txt changed'),
    )
    expect(database.state.touched).toBe(0)
    await expect(run(store, database, { clock, undo: true })).rejects.toSatisfy(error =>
      hasCode(error, 'no-such-backup'),
    )
  })

  test('if the store can take none, which a plan says, too', async () => {
    const { clock, store, database } = await scene()
    const refusal = new ComebackError('usage', 'Give another store.')
    const plan = await planRestore(requestFor(store, database, { clock, safety: { refusal } }))
    expect(plan.target.refusal).toMatchObject({ code: 'usage', message: 'Give another store.' })
    await expect(run(store, database, { clock, safety: { refusal } })).rejects.toThrow('Give another store.')
    expect(database.state.touched).toBe(0)
  })

  test.each([
    { what: 'no name', consent: {}, code: 'not-empty' },
    { what: 'another name', consent: { name: 'staging' }, code: 'usage' },
  ] as const)('if $what was given', async ({ consent, code }) => {
    const { clock, store, database } = await scene()
    for (const wanted of [true, false]) {
      await expect(run(store, database, { clock, consent, safety: { wanted } })).rejects.toSatisfy(error =>
        hasCode(error, code),
      )
    }
    expect(database.state.touched).toBe(0)
    expect((await listed(store)).backups).toHaveLength(1)
  })
})

test('without a safety backup, which needs the name, none is made', async () => {
  const { clock, store, database } = await scene()
  const report = await run(store, database, { clock, safety: { wanted: false } })
  expect(report.safety).toBeUndefined()
  expect((await listed(store)).backups).toHaveLength(1)
})

test('who sits at a terminal types the name, and the right one alone counts', async () => {
  const { clock, store, database } = await scene()
  const questions: string[] = []
  const answering = (answer: string): NonNullable<RestoreRequest['consent']> => ({
    ask: async question => {
      questions.push(question)
      return answer
    },
    named: () => database.sink,
  })
  await expect(run(store, database, { clock, consent: answering('shoop') })).rejects.toSatisfy(error =>
    hasCode(error, 'usage'),
  )
  expect(database.state.touched).toBe(0)
  await run(store, database, { clock, consent: answering(' shop ') })
  expect(database.state.touched).toBe(1)
  expect(questions[0]).toContain('db:5432/shop')
})

test('an error of the restore says where the former content is', async () => {
  const { clock, store, database } = await scene()
  const request = requestFor(store, database, { clock })
  const sink: Sink = {
    ...database.sink,
    restore: () => Promise.reject(new ComebackError('server-error', 'It broke.', { hint: 'Mend it.' })),
  }
  await expect(restore({ ...request, sink })).rejects.toSatisfy(
    error => hasCode(error, 'server-error') && /^Mend it\. .*--undo/.test(error.hint ?? ''),
  )
})

describe('undo', () => {
  test('takes nothing but a safety backup of this very target', async () => {
    const { clock, store, database } = await scene()
    const staging = memoryDatabase(NEW, 'staging')
    await run(store, staging, { clock, consent: { name: 'staging' } })
    await expect(run(store, database, { clock, undo: true })).rejects.toSatisfy(error =>
      hasCode(error, 'no-such-backup'),
    )
    expect(database.state.touched).toBe(0)
  })
})

describe('a safety backup', () => {
  test('is never latest, nor of its day or time, unless asked for, and always by its id', async () => {
    const { clock, store, database, normal } = await scene()
    const { safety } = await run(store, database, { clock })
    const id = safety?.id ?? ''
    const day = clock.now().toISOString().slice(0, 10)
    const found = async (at: string, include = false) => {
      const target = memoryDatabase(undefined)
      const request = requestFor(store, target, { clock })
      return (await restore({ ...request, moment: parseMoment(at, include) })).id
    }
    expect((await manifest(store)).id).toBe(normal.id)
    expect(await found(clock.now().toISOString())).toBe(normal.id)
    await expect(found(day)).rejects.toSatisfy(error => hasCode(error, 'no-such-backup'))
    for (const at of ['latest', day, clock.now().toISOString()]) expect(await found(at, true)).toBe(id)
    expect(await found(id)).toBe(id)
  })

  test('is marked in the list, and status looks past it, be it good or failed', async () => {
    const { clock, store, database, normal } = await scene()
    const events: ProgressEvent[] = []
    await run(store, database, { clock, events })
    const error = new ComebackError('permission', 'No.')
    const source = memorySource([{ name: 'rows', bytes: NEW, faults: [{ at: 0, error }] }])
    clock.nextDay()
    await expect(run(store, database, { clock, source })).rejects.toThrow()
    expect((await listed(store)).backups.map(({ status, purpose }) => [status, purpose])).toEqual([
      ['failed', 'safety'],
      ['complete', 'safety'],
      ['complete', undefined],
    ])
    const { components } = await runStatus(store, clock.now(), { components: ['database'] })
    expect(components).toMatchObject([{ state: 'good', last: { id: normal.id }, since: [], next: [] }])
  })

  test('no other backup builds on it, while the next safety backup does', async () => {
    const { clock, store, database, normal } = await scene()
    await run(store, database, { clock })
    database.state.bytes = NEW
    clock.nextDay()
    const next = await goodBackup(store, database.source(), { clock })
    expect(next.base).toBe(normal.id)

    const staging = memoryDatabase(NEW, 'staging')
    const consent = { name: 'staging' }
    const first = await run(store, staging, { clock, consent })
    clock.nextDay()
    staging.state.bytes = NEW
    const second = await run(store, staging, { clock, consent })
    expect((await manifest(store, 'database', second.safety?.id)).base).toBe(first.safety?.id)
    for (let day = 0; day < 29; day++) clock.nextDay()
    staging.state.bytes = NEW
    const late = await run(store, staging, { clock, consent })
    expect((await manifest(store, 'database', late.safety?.id)).base).toBeNull()
  })

  test('goes by its age, takes no slot, and leaves what builds on its packs whole', async () => {
    const { clock, store, database, normal } = await scene()
    const first = await run(store, database, { clock })
    clock.nextDay()
    database.state.bytes = NEW
    const second = await run(store, database, { clock })
    const later = new Date(clock.now().getTime() + 8 * DAY)
    const kept = async (days: number) =>
      (await runPrune(store, later, { policy: { days, last: 1 }, apply: false })).backups
        .filter(({ action }) => action === 'keep')
        .map(({ id }) => id)
    const { backups } = await runPrune(store, later, { policy: { days: 30 }, apply: false })
    expect(backups[0]?.reasons).toEqual(['safety backup, younger than 30 days'])
    expect(await kept(30)).toEqual([second.safety?.id, first.safety?.id, normal.id])
    expect(await kept(1)).toEqual([normal.id])

    // A restore can be undone for a week, whatever the policy.
    await runPrune(store, new Date(clock.now().getTime() + 6.5 * DAY), { policy: { days: 1 } })
    expect((await listed(store)).backups.map(({ id }) => id)).toEqual([second.safety?.id, normal.id])
    await run(store, database, { clock, undo: true })
    expect(NEW.equals(database.state.bytes ?? OLD)).toBe(true)
  })
})
