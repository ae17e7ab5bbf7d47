/** The objects of one backup on their way into another store: packs and index first, the manifest last, then its proofs. */
import { ComebackError, hasCode } from '../errors.ts'
import { MANIFEST_LIMIT, type Manifest, parseManifest } from '../format/manifest.ts'
import { PROOF_LIMIT } from '../format/proof-record.ts'
import { DAMAGE_HINT, getChecked } from '../repository/index-object.ts'
import { MANIFEST, objectName } from '../repository/layout.ts'
import type { Store } from '../store/store.ts'
import type { Catalog, CatalogEntry } from './catalog.ts'
import { digestOf, itemsOf, type Needed, type Readable } from './copy-choice.ts'
import type { CopyTarget } from './copy-target.ts'
import type { Progress } from './progress.ts'
import { sideBySide } from './side-by-side.ts'

/** Objects on their way at the same time: each is held in memory. */
const AT_A_TIME = 4
/** How often objects are copied that vanish from the target while their backup is copied. */
const ROUNDS = 3

export interface Carrier {
  readonly from: Store
  readonly source: Catalog
  readonly target: CopyTarget
  readonly progress: Progress
  readonly signal: AbortSignal
  /** Why nothing more can be copied. */
  halted: ComebackError | undefined
  /** Bytes, of the component that is being copied. */
  done: number
}

/** Adds to the sum what it brings. `damaged` for what is not as it was written; sets `halted` where a store is at its end. */
export async function bring(
  carrier: Carrier,
  { entry, digest }: Readable,
  sum: { objects: number; bytes: number },
): Promise<void> {
  const { from, target, progress, signal } = carrier
  const { component } = entry
  const count = (bytes: number): void => {
    sum.objects++
    sum.bytes += bytes
    carrier.done += bytes
    progress({ type: 'bytes', component, done: carrier.done, fresh: 0, stored: 0 })
  }
  try {
    const name = manifestName(entry)
    const record = await from.get(name, { limit: MANIFEST_LIMIT, signal })
    const manifest = parseManifest(record, name)
    // What was believed is what must travel.
    if (digestOf(manifest) !== digest) {
      throw new ComebackError('damaged', `${name} is not what it was a moment ago.`, { hint: DAMAGE_HINT })
    }
    await bringItems(carrier, manifest, count)
    if (!target.has(name)) {
      await target.put(name, record, signal)
      count(record.length)
    }
    // Only beside a record: from where there is none, a prune of the target would take them away.
    for (const proof of entry.proofs.toReversed()) await bringProof(carrier, proof, count)
  } catch (error) {
    if (hasCode(error, 'store-unavailable', 'connection', 'authentication')) carrier.halted ??= error
    carrier.halted ??= target.refused
    throw await explained(carrier, entry, error)
  }
}

export function manifestName({ component, id }: CatalogEntry): string {
  return objectName({ component, id, file: MANIFEST })
}

/** The manifest, then the proofs, oldest first. */
export function recordsOf(entry: CatalogEntry, { objects }: Catalog): readonly Needed[] {
  const names = [manifestName(entry), ...entry.proofs.toReversed()]
  return names.map(name => ({ name, size: objects.get(name)?.size ?? 0 }))
}

/** Until all of them are there, as far as anybody knows. */
async function bringItems(
  { from, target, signal }: Carrier,
  manifest: Manifest,
  count: (bytes: number) => void,
): Promise<void> {
  const items = itemsOf(manifest)
  for (let round = 1; round <= ROUNDS; round++) {
    const missing = items.filter(item => target.wants(item))
    const bringing = sideBySide(missing, AT_A_TIME, async item => {
      await target.put(item.name, await getChecked(from, item.name, item, signal), signal)
      return item.size
    })
    for await (const size of bringing) count(size)
    if (!target.isStale) return
    await target.look(signal)
    if (!items.some(item => target.lacks(item))) return
  }
  throw new ComebackError('failed', `Objects of ${manifest.id} vanish from the target while it is copied.`, {
    hint: 'Something removes them: let it end, then copy again.',
  })
}

/** One that a prune of the source has just taken away is missed by nobody. */
async function bringProof(
  { from, target, signal }: Carrier,
  name: string,
  count: (bytes: number) => void,
): Promise<void> {
  if (target.has(name)) return
  try {
    const record = await from.get(name, { limit: PROOF_LIMIT, signal })
    await target.put(name, record, signal)
    count(record.length)
  } catch (error) {
    if (!hasCode(error, 'not-found') || target.refused !== undefined) throw error
  }
}

/** What a prune of the source took away while it was to be copied is not damaged. */
async function explained({ from, signal }: Carrier, entry: CatalogEntry, error: unknown): Promise<unknown> {
  if (!hasCode(error, 'damaged', 'not-found')) return error
  try {
    await from.stat(manifestName(entry), signal)
    return error
  } catch (gone) {
    if (!hasCode(gone, 'not-found')) return error
    return new ComebackError('not-found', `${from.location} does not hold ${entry.component} ${entry.id} any more.`, {
      hint: 'It was removed before it could be copied.',
      cause: error,
    })
  }
}
