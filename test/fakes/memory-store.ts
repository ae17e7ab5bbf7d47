/** A store in memory that keeps the whole contract, for every test that doesn't care where objects lie. */
import { randomUUID } from 'node:crypto'
import { asComebackError, ComebackError } from '../../src/errors.ts'
import { timeOf } from '../../src/format/backup-id.ts'
import { parseObjectName } from '../../src/repository/layout.ts'
import { checkObjectName } from '../../src/store/object-name.ts'
import type { Store } from '../../src/store/store.ts'

export interface MemoryStore extends Store {
  /** The objects themselves: tests may damage, remove or plant what they like. */
  readonly objects: Map<string, Uint8Array>
}

export interface MemoryStoreOptions {
  readonly packSize?: number
  readonly location?: string
  /** Of another one, where this one is that at a later time. */
  readonly place?: string | undefined
  /** When objects put from now on expire; as artifacts do. */
  readonly expiresAt?: () => Date
  /** The store's own clock; without one an object was written when its backup was, as where all clocks agree. */
  readonly clock?: () => Date
  readonly objects?: Iterable<readonly [string, Uint8Array]>
}

export function createMemoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  const objects = new Map<string, Uint8Array>(options.objects)
  const expiries = new Map<string, Date>()
  const times = new Map<string, Date>()

  function info(name: string, bytes: Uint8Array) {
    const expiresAt = expiries.get(name)
    const writtenAt = times.get(name) ?? timeOfBackup(name)
    return {
      ...{ name, size: bytes.length, writtenAt },
      ...(expiresAt === undefined ? {} : { expiresAt }),
    }
  }

  function find(name: string): Uint8Array {
    const bytes = objects.get(name)
    if (bytes === undefined) throw new ComebackError('not-found', `There is no ${name} in memory.`)
    return bytes
  }

  return {
    objects,
    location: options.location ?? 'memory:',
    place: options.place ?? options.location ?? `memory ${randomUUID()}`,
    packSize: options.packSize ?? 1024 * 1024,

    async *list(prefix, signal) {
      check(signal)
      for (const [name, bytes] of [...objects]) {
        check(signal)
        if (name.startsWith(prefix)) yield info(name, bytes)
      }
    },

    async put(name, body, signal) {
      checkObjectName(name)
      check(signal)
      const bytes = Buffer.concat(body)
      if (objects.has(name)) throw new ComebackError('already-exists', `${name} exists already.`)
      objects.set(name, bytes)
      if (options.clock !== undefined) times.set(name, options.clock())
      if (options.expiresAt !== undefined) expiries.set(name, options.expiresAt())
    },

    async get(name, { range, limit, signal } = {}) {
      checkObjectName(name)
      check(signal)
      const bytes = find(name)
      if (limit !== undefined && bytes.length > limit) {
        throw new ComebackError('damaged', `${name} is ${bytes.length} bytes long, more than ${limit}.`)
      }
      const { offset, length } = range ?? { offset: 0, length: bytes.length }
      if (offset + length > bytes.length) {
        throw new ComebackError('damaged', `${name} ends after ${bytes.length} bytes.`)
      }
      return Buffer.from(bytes.subarray(offset, offset + length))
    },

    async stat(name, signal) {
      checkObjectName(name)
      check(signal)
      return info(name, find(name))
    },

    async delete(name, signal) {
      checkObjectName(name)
      check(signal)
      objects.delete(name)
      expiries.delete(name)
      times.delete(name)
    },
  }
}

function check(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw asComebackError(signal.reason)
}

function timeOfBackup(name: string): Date {
  const place = parseObjectName(name)
  return place === undefined ? new Date() : timeOf(place.id)
}
