/**
 * A store that fails by script: the k-th call of a method, before or after its effect, once or from then on; or that hands
 * out damaged bytes. It counts calls, and knows which faults never came up: a test that never met its fault tested nothing.
 */
import { ComebackError, type ErrorCode } from '../../src/errors.ts'
import type { Store } from '../../src/store/store.ts'

export type StoreMethod = 'list' | 'put' | 'get' | 'stat' | 'delete'

export type Fault = Failure | Damage

export interface Failure {
  /** `any` counts the calls of all methods together. */
  readonly method: StoreMethod | 'any'
  /** Which call, from 1. */
  readonly call: number
  readonly code: ErrorCode
  /** `before` nothing happened; `after` the effect is there and only the answer is lost. Of a list: after its first object. */
  readonly when?: 'before' | 'after'
  /** That call and every later one: the store is gone. */
  readonly lasting?: boolean
  /** Only calls whose object's name (or a list's prefix) contains this are counted. */
  readonly naming?: string
}

export interface Damage {
  readonly method: 'get'
  readonly call: number
  /** The last byte missing, or one bit of the middle byte flipped. */
  readonly damage: 'truncate' | 'flip'
  readonly naming?: string
}

export interface FaultyStore extends Store {
  /** Calls made so far, by method and in all. */
  readonly calls: Readonly<Record<StoreMethod | 'any', number>>
  /** Faults that no call has met. */
  unmet(): readonly Fault[]
}

export function createFaultyStore(store: Store, faults: readonly Fault[]): FaultyStore {
  const calls: Record<StoreMethod | 'any', number> = { list: 0, put: 0, get: 0, stat: 0, delete: 0, any: 0 }
  const seen = new Map<Fault, number>()
  const met = new Set<Fault>()

  /** The fault that this call meets. */
  function call(method: StoreMethod, name: string): Fault | undefined {
    calls[method]++
    calls.any++
    let meets: Fault | undefined
    for (const fault of faults) {
      if (fault.method !== 'any' && fault.method !== method) continue
      if (fault.naming !== undefined && !name.includes(fault.naming)) continue
      const count = (seen.get(fault) ?? 0) + 1
      seen.set(fault, count)
      const due = count === fault.call || (count > fault.call && 'lasting' in fault && fault.lasting === true)
      if (due) meets ??= fault
    }
    if (meets !== undefined) met.add(meets)
    return meets
  }

  async function faulty<T>(method: StoreMethod, name: string, run: () => Promise<T>): Promise<T> {
    const fault = call(method, name)
    if (fault === undefined || 'damage' in fault) return await run()
    if (fault.when === 'after') await run()
    throw failure(fault, method, name)
  }

  return {
    location: store.location,
    ...(store.place === undefined ? {} : { place: store.place }),
    packSize: store.packSize,
    calls,
    unmet: () => faults.filter(fault => !met.has(fault)),

    async *list(prefix, signal) {
      const fault = call('list', prefix)
      const failing = fault !== undefined && 'code' in fault ? fault : undefined
      if (failing !== undefined && failing.when !== 'after') throw failure(failing, 'list', prefix)
      for await (const object of store.list(prefix, signal)) {
        yield object
        if (failing !== undefined) throw failure(failing, 'list', prefix)
      }
      if (failing !== undefined) throw failure(failing, 'list', prefix)
    },

    put: (name, body, signal) => faulty('put', name, () => store.put(name, body, signal)),
    stat: (name, signal) => faulty('stat', name, () => store.stat(name, signal)),
    delete: (name, signal) => faulty('delete', name, () => store.delete(name, signal)),

    async get(name, options) {
      const fault = call('get', name)
      if (fault !== undefined && 'code' in fault && fault.when !== 'after') throw failure(fault, 'get', name)
      const bytes = await store.get(name, options)
      if (fault === undefined) return bytes
      if ('code' in fault) throw failure(fault, 'get', name)
      return fault.damage === 'truncate' ? bytes.subarray(0, -1) : flipped(bytes)
    },
  }
}

function failure(fault: Failure, method: StoreMethod, name: string): ComebackError {
  return new ComebackError(fault.code, `Scripted: ${method} of ${name} fails ${fault.when ?? 'before'} its effect.`)
}

function flipped(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.from(bytes)
  const middle = copy.length >> 1
  copy[middle] = (copy[middle] ?? 0) ^ 1
  return copy
}
