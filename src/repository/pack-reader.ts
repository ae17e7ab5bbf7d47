/**
 * Reads chunks back. A pack that the backup mostly uses is fetched whole and checked against its SHA-256 before it is
 * decrypted; of any other only the ranges needed are read. Either way a chunk's id, a keyed hash, is checked before its bytes
 * go anywhere. Holds a few packs at most.
 */
import type { KeyObject } from 'node:crypto'
import { ComebackError, hasCode } from '../errors.ts'
import type { BackupIndex, ChunkRef } from '../format/backup-index.ts'
import { chunkId } from '../format/chunk-id.ts'
import { cipherRange, decryptPack, decryptRange } from '../format/cipher.ts'
import { codecOfFile, notThatChunk } from '../format/compression.ts'
import type { Component } from '../format/manifest.ts'
import { MiB } from '../format/sizes.ts'
import type { Store } from '../store/store.ts'
import { asDamage, DAMAGE_HINT, getChecked } from './index-object.ts'
import type { Keyring } from './keyring.ts'
import { mostlyUsed, usedBytes } from './pack-use.ts'
import { type Pack, packName } from './packs.ts'

/** Whole packs kept decrypted: segments that were written side by side are read alternating between their packs. */
const CACHED_PACKS = 3
/** The most that one ranged read fetches, and the largest gap that it reads across. */
const SPAN = 2 * MiB
const GAP = 64 * 1024
/** Chunks decompressed ahead of the consumer. */
const AHEAD = 4

interface PackUse {
  readonly pack: Pack
  readonly whole: boolean
}

/** A run of chunks of one pack, close together. */
interface Span {
  readonly use: PackUse
  readonly refs: ChunkRef[]
  end: number
}

export class PackReader {
  readonly #store: Store
  readonly #component: Component
  readonly #keyring: Keyring
  readonly #idKey: KeyObject
  readonly #index: BackupIndex
  readonly #uses: readonly PackUse[]
  /** By pack name, oldest use first. */
  readonly #cache = new Map<string, Promise<Buffer>>()

  constructor(
    store: Store,
    component: Component,
    keyring: Keyring,
    idKey: KeyObject,
    index: BackupIndex,
    find: (backup: string, file: string) => Pack,
  ) {
    this.#store = store
    this.#component = component
    this.#keyring = keyring
    this.#idKey = idKey
    this.#index = index
    const packs = index.packs.map(({ backup, name }) => find(backup, name))
    const used = usedBytes(index)
    this.#uses = packs.map((pack, position) => ({ pack, whole: mostlyUsed(used[position] ?? 0, pack.size) }))
  }

  /** Drops the packs that are held for the next read. */
  forget(): void {
    this.#cache.clear()
  }

  /** The plain bytes of the index's chunks [first, first + count), in order. */
  async *read(first: number, count: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    for await (const span of ahead(this.#spans(first, count), 1, span => this.#fetch(span, signal))) {
      const chunks = span.refs.values()
      for await (const plain of ahead(chunks, AHEAD, ref => this.#open(span, ref))) {
        signal.throwIfAborted()
        yield plain
      }
    }
  }

  *#spans(first: number, count: number): Generator<Span> {
    let span: Span | undefined
    for (let i = first; i < first + count; i++) {
      const ref = this.#index.chunks.at(i)
      const use = this.#uses[ref.pack]
      if (use === undefined)
        throw new ComebackError('damaged', `Chunk ${i} lies in a pack that the index does not list.`)
      const start = span?.refs[0]?.offset ?? 0
      const joins =
        span?.use === use &&
        ref.offset >= span.end &&
        ref.offset - span.end <= GAP &&
        ref.offset + ref.length - start <= SPAN
      if (span !== undefined && joins) {
        span.refs.push(ref)
        span.end = ref.offset + ref.length
      } else {
        if (span !== undefined) yield span
        span = { use, refs: [ref], end: ref.offset + ref.length }
      }
    }
    if (span !== undefined) yield span
  }

  /** The span with the decrypted bytes that hold its chunks, and where in the pack these begin. */
  async #fetch(span: Span, signal: AbortSignal): Promise<Span & { readonly bytes: Buffer; readonly base: number }> {
    if (span.use.whole) return { ...span, bytes: await this.#whole(span.use.pack, signal), base: 0 }
    const { pack } = span.use
    const name = packName(this.#component, pack)
    const key = await this.#keyring.pack(pack.salt, pack.iterations)
    const offset = span.refs[0]?.offset ?? 0
    const range = { offset, length: span.end - offset }
    const stored = await this.#store.get(name, { range: cipherRange(range), signal }).catch(error => {
      throw asDamage(error, name)
    })
    return { ...span, bytes: decryptRange(key, stored, range), base: offset }
  }

  #whole(pack: Pack, signal: AbortSignal): Promise<Buffer> {
    const name = packName(this.#component, pack)
    const cached = this.#cache.get(name)
    this.#cache.delete(name)
    const bytes = cached ?? this.#decrypt(pack, name, signal)
    this.#cache.set(name, bytes)
    for (const oldest of this.#cache.keys()) {
      if (this.#cache.size <= CACHED_PACKS) break
      this.#cache.delete(oldest)
    }
    return bytes
  }

  async #decrypt(pack: Pack, name: string, signal: AbortSignal): Promise<Buffer> {
    const stored = await getChecked(this.#store, name, pack, signal)
    return decryptPack(await this.#keyring.pack(pack.salt, pack.iterations), stored)
  }

  async #open(span: Span & { readonly bytes: Buffer; readonly base: number }, ref: ChunkRef): Promise<Uint8Array> {
    const { pack } = span.use
    const start = ref.offset - span.base
    try {
      if (start + ref.length > span.bytes.length)
        throw new ComebackError('damaged', 'The pack is shorter than its index says.')
      const plain = await codecOfFile(pack.file).decompress(span.bytes.subarray(start, start + ref.length), ref.plain)
      if (!chunkId(this.#idKey, plain).equals(ref.id)) throw notThatChunk()
      return plain
    } catch (error) {
      if (!hasCode(error, 'damaged')) throw error
      throw new ComebackError(
        'damaged',
        `${packName(this.#component, pack)} is damaged at byte ${ref.offset}: ${error.message}`,
        {
          cause: error,
          hint: DAMAGE_HINT,
        },
      )
    }
  }
}

/** Maps in order with up to `depth` results prepared before they are asked for. */
async function* ahead<T, U>(items: Iterable<T>, depth: number, map: (item: T) => Promise<U>): AsyncGenerator<U> {
  const waiting: Promise<U>[] = []
  for (const item of items) {
    const result = map(item)
    // Awaited below in its turn; until then a failure must not count as unhandled.
    result.catch(() => undefined)
    waiting.push(result)
    if (waiting.length > depth) yield await (waiting.shift() as Promise<U>)
  }
  for (const result of waiting) yield await result
}
