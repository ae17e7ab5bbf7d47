import { ComebackError } from '../errors.ts'
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
      const place = places.get(segment.name)
      if (place === undefined)
        throw new ComebackError('not-found', `The backup ${manifest.id} has no segment ${segment.name}.`)
      return reader.read(place.first, place.count, readSignal)
    },
  }
}
