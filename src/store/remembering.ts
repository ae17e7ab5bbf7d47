/**
 * Small objects that never change (manifests, indexes) are remembered from one run to the next, so that a run needn't ask for
 * hundreds of them again. The memory may be lost, damaged or out of date at any time; why it never shows:
 *
 * - A name is answered from memory only if this run's last listing shows it, with the size that is remembered. Existence,
 *   sizes and expiry always come from the store itself: `list` and `stat` are never answered from memory, and neither is a
 *   range. The engine reads what it has just listed, so what is gone is asked for, and found to be gone.
 * - Objects are created once and never changed, and their names hold a time and random digits. So bytes that were once read
 *   under a name in this store are its bytes. An entry is sealed with a SHA-256 over location, name and bytes: one that is
 *   cut short, damaged, renamed or from another store counts for nothing.
 * - That hash needs no key, so whoever can write the memory can forge an entry. The caller checks the manifest's MAC and the
 *   index's SHA-256 anyway, as of all that a store says. After an answer from memory, the next `get` of the name goes to the
 *   store and puts the memory right: a caller that finds an answer wrong need only ask again.
 * - A memory that fails is as if it weren't there.
 */
import { createHash } from 'node:crypto'
import { asComebackError } from '../errors.ts'
import { MiB } from '../format/sizes.ts'
import type { Store } from './store.ts'

/** Bytes of an object beyond which it is not remembered: then asking the store again costs little in comparison. */
const ENTRY_LIMIT = 32 * MiB
const HASH_BYTES = 32

export interface Memory {
  /** The bytes last written under the name, if it has them. */
  read(name: string): Promise<Uint8Array | undefined>
  write(name: string, bytes: Uint8Array): Promise<void>
  /** Told by each complete listing: of the names that begin with the prefix these exist in the store, and no others. */
  listed(prefix: string, names: ReadonlySet<string>): Promise<void>
}

/** The same store; of the objects that `isImmutable` names, those that the memory knows are not fetched again. */
export function withMemory(store: Store, memory: Memory, isImmutable: (name: string) => boolean): Store {
  const { location } = store
  /** Sizes by the last listing. */
  const sizes = new Map<string, number>()
  /** Answered from memory, and not read from the store since. */
  const unproven = new Set<string>()

  async function recall(name: string, size: number): Promise<Uint8Array | undefined> {
    const entry = await memory.read(name).catch(asNothing)
    if (entry?.length !== HASH_BYTES + size) return undefined
    const bytes = entry.subarray(HASH_BYTES)
    return seal(location, name, [bytes]).equals(entry.subarray(0, HASH_BYTES)) ? bytes : undefined
  }

  async function remember(name: string, body: readonly Uint8Array[]): Promise<void> {
    if (body.reduce((sum, part) => sum + part.length, 0) > ENTRY_LIMIT) return
    await memory.write(name, Buffer.concat([seal(location, name, body), ...body])).catch(asNothing)
  }

  return {
    location,
    ...(store.place === undefined ? {} : { place: store.place }),
    packSize: store.packSize,
    ...(store.tidy === undefined ? {} : { tidy: signal => store.tidy?.(signal) ?? Promise.resolve() }),

    async *list(prefix, signal) {
      const found = new Map<string, number>()
      for await (const object of store.list(prefix, signal)) {
        if (isImmutable(object.name)) found.set(object.name, object.size)
        yield object
      }
      // Only here, after the last one, does it say anything about what is not there.
      for (const name of sizes.keys()) if (name.startsWith(prefix)) sizes.delete(name)
      for (const [name, size] of found) sizes.set(name, size)
      await memory.listed(prefix, new Set(found.keys())).catch(asNothing)
    },

    async put(name, body, signal) {
      await store.put(name, body, signal)
      if (isImmutable(name)) await remember(name, body)
    },

    async get(name, options = {}) {
      const { range, limit = Number.POSITIVE_INFINITY, signal } = options
      if (range !== undefined || !isImmutable(name)) return store.get(name, options)
      const size = sizes.get(name)
      if (size !== undefined && size <= limit && !unproven.has(name)) {
        if (signal?.aborted) throw asComebackError(signal.reason)
        const bytes = await recall(name, size)
        if (bytes !== undefined) {
          unproven.add(name)
          return bytes
        }
      }
      const bytes = await store.get(name, options)
      unproven.delete(name)
      await remember(name, [bytes])
      return bytes
    },

    stat: (name, signal) => store.stat(name, signal),

    async delete(name, signal) {
      await store.delete(name, signal)
      sizes.delete(name)
    },
  }
}

function seal(location: string, name: string, body: readonly Uint8Array[]): Buffer {
  // Neither text can hold a NUL.
  const hash = createHash('sha256').update(`${location}\0${name}\0`)
  for (const part of body) hash.update(part)
  return hash.digest()
}

/** Of a memory that fails: nothing is lost but time. */
function asNothing(): undefined {
  return undefined
}
