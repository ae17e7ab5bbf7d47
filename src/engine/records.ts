/** What the store says of each backup and each failed run, as far as it can be read and believed: what `prune` decides by. */
import { type Holds, holdsOf, type Manifest } from '../format/manifest.ts'
import type { Discount } from '../report/history-report.ts'
import { MANIFEST, objectName, PLACEHOLDER } from '../repository/layout.ts'
import { packName, packsOf } from '../repository/packs.ts'
import type { Catalog, CatalogEntry } from './catalog.ts'
import { newestProofs } from './proof-history.ts'
import { allSideBySide, MANIFESTS_AT_A_TIME } from './side-by-side.ts'
import { Judge, type Judging } from './standing.ts'

export type StoreRecord = ReadRecord | UnreadRecord

export interface ReadRecord {
  readonly entry: CatalogEntry
  /** Name of the manifest or placeholder itself. */
  readonly name: string
  /** Why it counts for nothing; absent where it counts. */
  readonly discount?: Discount
  readonly status: Manifest['status']
  readonly holds: Holds
  readonly source: string
  readonly safety: boolean
  /** By the newest of its proofs that came to a verdict; without the key as it claims. */
  readonly verified: boolean
  readonly disproved: boolean
  /** Whether a later run may build on its packs. */
  readonly hasIndex: boolean
  /** Objects that it can't do without: its index, its packs and those that it leans on. */
  readonly needs: readonly string[]
}

export interface UnreadRecord {
  readonly entry: CatalogEntry
  readonly name: string
  /** `gone`: listed, and deleted before it was read. */
  readonly because: 'damaged' | 'gone'
  readonly why: string
}

/** Records never change once they are written, so one that was read need not be read again. */
export type RecordCache = Map<string, ReadRecord>

/** One for each entry, in their order. Throws what may pass, and what forbids reading. */
export async function readRecords(
  judging: Judging,
  entries: readonly CatalogEntry[],
  cache: RecordCache,
): Promise<readonly StoreRecord[]> {
  const judge = new Judge(judging)
  const read = await allSideBySide(entries, MANIFESTS_AT_A_TIME, async entry => {
    const cached = cache.get(recordName(entry))
    return cached === undefined ? readRecord(judging, judge, entry) : async () => cached
  })
  return allSideBySide(read, 1, async judged => {
    const record = await judged()
    if ('needs' in record) cache.set(record.name, record)
    return record
  })
}

export function recordName({ component, id, kind }: CatalogEntry): string {
  return objectName({ component, id, file: kind === 'backup' ? MANIFEST : PLACEHOLDER })
}

async function readRecord(judging: Judging, judge: Judge, entry: CatalogEntry): Promise<() => Promise<StoreRecord>> {
  const name = recordName(entry)
  const { manifest, believed, standing } = await judge.read(entry)
  const facts = manifest === undefined ? undefined : await factsOf(judging, entry, manifest, believed)
  return async () => {
    const judged = await standing()
    if (judged.counts) {
      if (facts === undefined) throw new Error(`${name} was judged unread.`)
      return { entry, name, ...facts }
    }
    const { because, error } = judged
    if (facts !== undefined && because !== 'damaged' && because !== 'gone')
      return { entry, name, discount: because, ...facts }
    return { entry, name, because: because === 'gone' ? 'gone' : 'damaged', why: error.message }
  }
}

async function factsOf(
  judging: Judging,
  entry: CatalogEntry,
  manifest: Manifest,
  believed: boolean,
): Promise<Omit<ReadRecord, 'entry' | 'name' | 'discount'>> {
  const { status, source, index, purpose } = manifest
  const { decided } = believed ? await newestProofs(judging, entry, manifest) : {}
  return {
    status,
    holds: holdsOf(manifest),
    source,
    safety: purpose === 'safety',
    verified: decided?.record.verdict === 'verified',
    disproved: decided?.record.verdict === 'failed',
    hasIndex: index !== null,
    needs: needsOf(manifest, judging.catalog),
  }
}

/** The listing's own strings where there are such: the same pack is named by many manifests. */
function needsOf(manifest: Manifest, catalog: Catalog): readonly string[] {
  const { component, id, index } = manifest
  const names = packsOf(manifest).map(pack => packName(component, pack))
  if (index !== null) names.push(objectName({ component, id, file: index.name }))
  return names.map(name => catalog.objects.get(name)?.name ?? name)
}
