import { ComebackError } from '../errors.ts'
import type { BackupIndex, ChunkRef } from '../format/backup-index.ts'
import { chunksDiffer } from '../format/chunks-differ.ts'
import type { Manifest } from '../format/manifest.ts'
import type { Json, Segment } from '../format/segment.ts'
import type { Store } from '../store/store.ts'
import { readIndex } from './index-object.ts'
import type { Keyring } from './keyring.ts'
import { PackReader } from './pack-reader.ts'
import { packFinder } from './packs.ts'

/** A finished backup, as Sinks see it. */
export interface StoredBackup {
  readonly id: string
  readonly time: Date
  readonly detail: Json
  /** In stock order: by group, then as written. */
  readonly segments: readonly Segment[]
  /** The segment's bytes, each chunk checked against its id before it is yielded. May be called for several at a time. */
  read(segment: Segment, signal: AbortSignal): AsyncIterable<Uint8Array>
  /**
   * Compares bytes with the segment's by the ids of its chunks alone, so that nothing is read from the store. Undefined if they
   * are the same to the last one; else the plain offset of the first chunk that differs, is missing, or is too much. The
   * bytes are read to their end only if they are the same. May be called for several at a time.
   */
  difference(segment: Segment, bytes: AsyncIterable<Uint8Array>): Promise<number | undefined>
  /** Lets go of what is held in memory for the next read; whoever has read all of it and goes on needs the room. */
  forget(): void
}

/** Only of an authenticated manifest. */
export async function openBackup(
  store: Store,
  manifest: Manifest,
  keyring: Keyring,
  signal: AbortSignal,
): Promise<StoredBackup> {
  const index = await readIndex(store, manifest, keyring, signal)
  const keys = await keyring.chain(manifest.idSalt, manifest.kdf.iterations)
  const reader = new PackReader(store, manifest.component, keyring, keys.id, index, packFinder(manifest))
  const places = new Map(
    index.segments.map(({ first, count, ...segment }) => [segment.name, { segment, first, count }]),
  )
  return {
    id: manifest.id,
    time: new Date(manifest.time),
    detail: index.detail,
    segments: [...places.values()].map(({ segment }) => segment),
    read(segment, readSignal) {
      const { first, count } = placeOf(segment)
      return reader.read(first, count, readSignal)
    },
    forget: () => reader.forget(),
    difference(segment, bytes) {
      const { first, count } = placeOf(segment)
      return chunksDiffer(keys.id, chunksOf(index, first, count), bytes)
    },
  }

  function placeOf({ name }: Segment) {
    const place = places.get(name)
    if (place !== undefined) return place
    throw new ComebackError('not-found', `The backup ${manifest.id} has no segment ${name}.`)
  }
}

function* chunksOf({ chunks }: BackupIndex, first: number, count: number): Generator<ChunkRef> {
  for (let position = first; position < first + count; position++) yield chunks.at(position)
}
