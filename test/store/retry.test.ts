import { expect, it } from 'vitest'
import { ComebackError } from '../../src/errors.ts'
import { withRetry } from '../../src/store/retry.ts'
import type { Store } from '../../src/store/store.ts'
import { createFaultyStore, type Fault } from '../fakes/faulty-store.ts'
import { createMemoryStore } from '../fakes/memory-store.ts'
import { codeOf, list, storeContract } from './contract.ts'

storeContract('patient', async () => ({ store: withRetry(createMemoryStore()), close: async () => {} }))

const NAME = 'database/b1/pack'
const BODY = [Buffer.from('some '), Buffer.from('bytes')]
const UNAVAILABLE = { code: 'store-unavailable' } as const

/** A patient store over a faulty one, that writes its waits down instead of waiting. */
function patient(faults: readonly Fault[], attempts?: number) {
  const memory = createMemoryStore()
  const faulty = createFaultyStore(memory, faults)
  const waits: number[] = []
  const store = withRetry(faulty, {
    ...(attempts === undefined ? {} : { attempts }),
    random: () => 1 - 2 ** -53,
    sleep: async milliseconds => {
      waits.push(milliseconds)
    },
  })
  return { memory, faulty, store, waits }
}

it('repeats what may pass, waiting longer each time', async () => {
  const { store, faulty, waits, memory } = patient([
    { method: 'put', call: 1, ...UNAVAILABLE },
    { method: 'put', call: 2, ...UNAVAILABLE },
    { method: 'put', call: 3, ...UNAVAILABLE },
  ])
  await store.put(NAME, BODY)
  expect(faulty.unmet()).toEqual([])
  expect(waits).toEqual([500, 1000, 2000])
  expect(memory.objects.get(NAME)?.toString()).toBe('some bytes')
})

it.each(['get', 'stat', 'delete', 'list'] as const)('repeats %s', async method => {
  const { store, faulty, memory } = patient([{ method, call: 1, ...UNAVAILABLE }])
  memory.objects.set(NAME, Buffer.from('x'))
  const run = {
    get: () => store.get(NAME),
    stat: () => store.stat(NAME),
    delete: () => store.delete(NAME),
    list: () => list(store, ''),
  }
  await run[method]()
  expect(faulty.unmet()).toEqual([])
  expect(faulty.calls[method]).toBe(2)
})

it.each(['store-full', 'permission', 'not-found', 'damaged', 'already-exists'] as const)(
  'does not repeat %s, which will not pass',
  async code => {
    const { store, faulty, waits } = patient([{ method: 'put', call: 1, code }])
    expect(await codeOf(store.put(NAME, BODY))).toBe(code)
    expect(waits).toEqual([])
    expect(faulty.calls.put).toBe(1)
  },
)

it('gives up after the last attempt with the last error', async () => {
  const { store, faulty, waits } = patient([{ method: 'put', call: 1, lasting: true, ...UNAVAILABLE }], 3)
  expect(await codeOf(store.put(NAME, BODY))).toBe('store-unavailable')
  expect(faulty.calls.put).toBe(3)
  expect(waits).toHaveLength(2)
})

it('waits at least half and never more than the longest wait', async () => {
  const waits: number[] = []
  const faulty = createFaultyStore(createMemoryStore(), [{ method: 'stat', call: 1, lasting: true, ...UNAVAILABLE }])
  const sleep = async (milliseconds: number) => void waits.push(milliseconds)
  await codeOf(withRetry(faulty, { attempts: 10, random: () => 0, sleep }).stat(NAME))
  expect(waits).toEqual([250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000])
})

it('recognizes its own object when only the answer to a put was lost', async () => {
  const { store, faulty, memory } = patient([{ method: 'put', call: 1, when: 'after', ...UNAVAILABLE }])
  await store.put(NAME, BODY)
  expect(faulty.unmet()).toEqual([])
  expect(memory.objects.get(NAME)?.toString()).toBe('some bytes')
})

it('recognizes its own object even if looking at it fails at first', async () => {
  const { store, faulty } = patient([
    { method: 'put', call: 1, when: 'after', ...UNAVAILABLE },
    { method: 'get', call: 1, ...UNAVAILABLE },
  ])
  await store.put(NAME, BODY)
  expect(faulty.unmet()).toEqual([])
})

it.each(['other', 'some-bytes', 'some bytes.'])(
  'does not take %j of somebody else for its own after a retry',
  async other => {
    const { store, memory } = patient([{ method: 'put', call: 1, ...UNAVAILABLE }])
    memory.objects.set(NAME, Buffer.from(other))
    expect(await codeOf(store.put(NAME, BODY))).toBe('already-exists')
    expect(memory.objects.get(NAME)?.toString()).toBe(other)
  },
)

it('takes nothing for its own at the first try, be it the same bytes', async () => {
  const { store } = patient([])
  await store.put(NAME, BODY)
  expect(await codeOf(store.put(NAME, BODY))).toBe('already-exists')
})

it('continues a listing that breaks off without yielding anything twice', async () => {
  const { store, faulty, memory } = patient([
    { method: 'list', call: 1, when: 'after', ...UNAVAILABLE },
    { method: 'list', call: 2, ...UNAVAILABLE },
  ])
  for (const name of ['a/1', 'a/2', 'a/3']) memory.objects.set(name, Buffer.from('x'))
  expect(await list(store, 'a/')).toEqual(['a/1', 'a/2', 'a/3'])
  expect(faulty.unmet()).toEqual([])
})

it('stops waiting when the signal aborts, with its reason', async () => {
  const faulty = createFaultyStore(createMemoryStore(), [{ method: 'put', call: 1, lasting: true, ...UNAVAILABLE }])
  const abort = new AbortController()
  const store: Store = withRetry(faulty, { onRetry: () => setImmediate(() => abort.abort()) })
  expect(await codeOf(store.put(NAME, BODY, abort.signal))).toBe('cancelled')

  const timeout = new AbortController()
  const reason = new ComebackError('timeout', 'The time limit of the run has passed.')
  const other = withRetry(faulty, { onRetry: () => timeout.abort(reason) })
  expect(await codeOf(other.put(NAME, BODY, timeout.signal))).toBe('timeout')
  expect(faulty.calls.put).toBe(2)
})

it('tells of each retry before it waits', async () => {
  const faulty = createFaultyStore(createMemoryStore(), [{ method: 'get', call: 1, ...UNAVAILABLE }])
  const events: unknown[] = []
  const store = withRetry(faulty, {
    random: () => 0,
    sleep: async () => {},
    onRetry: ({ error, attempt, wait }) => events.push([error.code, attempt, wait]),
  })
  expect(await codeOf(store.get(NAME))).toBe('not-found')
  expect(events).toEqual([['store-unavailable', 1, 250]])
})
