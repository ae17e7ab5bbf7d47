/** What the store says of each backup and each failed run, as far as it can be read and believed: what `prune` decides by. */
import { asComebackError, hasCode } from '../errors.ts'
import type { Manifest } from '../format/manifest.ts'
import type { Keyring } from '../repository/keyring.ts'
import { MANIFEST, objectName, PLACEHOLDER } from '../repository/layout.ts'
import { isOurs } from '../repository/manifests.ts'
import { packName, packsOf } from '../repository/packs.ts'
import type { Store } from '../store/store.ts'
import { type Catalog, type CatalogEntry, manifestOf } from './catalog.ts'
import { newestProofs } from './proof-history.ts'
import { allSideBySide, MANIFESTS_AT_A_TIME } from './side-by-side.ts'

export type StoreRecord = ReadRecord | UnreadRecord

export interface ReadRecord {
  readonly entry: CatalogEntry
  /** Name of the manifest or placeholder itself. */
  readonly name: string
  /** `other`: made with another key than the one at hand, so it cannot be told whether it is as it was written. */
  readonly trust: 'known' | 'other'
  readonly status: Manifest['status']
  readonly source: string
  readonly safety: boolean
  /** By the newest of its proofs that came to a verdict; without the key as it claims. */
  readonly verified: boolean
  /** Whether a later run may build on its packs. */
  readonly hasIndex: boolean
  /** Objects that it can't do without: its index, its packs and those that it leans on. */
  readonly needs: readonly string[]
}

export interface UnreadRecord {
  readonly entry: CatalogEntry
  readonly name: string
  /** `gone`: listed, and deleted before it was read. */
  readonly trust: 'damaged' | 'gone'
  readonly why: string
}

/** Records never change once they are written, so one that was read need not be read again. */
export type RecordCache = Map<string, ReadRecord>

/** One for each entry, in their order. Throws what may pass, and what forbids reading. */
export async function readRecords(
  store: Store,
  catalog: Catalog,
  entries: readonly CatalogEntry[],
  options: { readonly keyring: Keyring | undefined; readonly cache: RecordCache; readonly signal: AbortSignal },
): Promise<readonly StoreRecord[]> {
  const { keyring, cache, signal } = options
  return allSideBySide(entries, MANIFESTS_AT_A_TIME, async entry => {
    const name = recordName(entry)
    const cached = cache.get(name)
    if (cached !== undefined) return cached
    const record = await readRecord(store, entry, catalog, keyring, signal)
    if ('needs' in record) cache.set(name, record)
    return record
  })
}

export function recordName({ component, id, kind }: CatalogEntry): string {
  return objectName({ component, id, file: kind === 'backup' ? MANIFEST : PLACEHOLDER })
}

async function readRecord(
  store: Store,
  entry: CatalogEntry,
  catalog: Catalog,
  keyring: Keyring | undefined,
  signal: AbortSignal,
): Promise<StoreRecord> {
  const name = recordName(entry)
  try {
    const manifest = await manifestOf(store, entry, signal)
    const { status, source, index } = manifest
    const safety = manifest.purpose === 'safety'
    const trust = keyring === undefined || (await isOurs(manifest, keyring)) ? 'known' : 'other'
    const believer = trust === 'known' ? keyring : undefined
    const { decided } = await newestProofs(store, entry, manifest, believer, signal)
    const verified = decided?.record.verdict === 'verified'
    const needs = needsOf(manifest, catalog)
    return { entry, name, trust, status, source, safety, verified, hasIndex: index !== null, needs }
  } catch (error) {
    if (!hasCode(error, 'damaged', 'unsupported', 'not-found')) throw error
    const trust = error.code === 'not-found' ? 'gone' : 'damaged'
    return { entry, name, trust, why: asComebackError(error).message }
  }
}

/** The listing's own strings where there are such: the same pack is named by many manifests. */
function needsOf(manifest: Manifest, catalog: Catalog): readonly string[] {
  const { component, id, index } = manifest
  const names = packsOf(manifest).map(pack => packName(component, pack))
  if (index !== null) names.push(objectName({ component, id, file: index.name }))
  return names.map(name => catalog.objects.get(name)?.name ?? name)
}
