/**
 * What a new backup may build on: the newest backup of the same source, and the placeholders of runs that failed since. The
 * reuse rule is here: a chunk may be referred to only in a pack that the store keeps long enough and that the base still uses
 * at least half of. So full backups come by themselves when they are due, and garbage stays bounded without repacking.
 */
import { asComebackError, ComebackError, hasCode } from '../errors.ts'
import { timeOf } from '../format/backup-id.ts'
import type { BackupIndex } from '../format/backup-index.ts'
import type { Component, Manifest } from '../format/manifest.ts'
import type { KnownChunks } from '../repository/backup-writer.ts'
import { ChunkPlaces } from '../repository/chunk-places.ts'
import { readIndex } from '../repository/index-object.ts'
import type { Keyring } from '../repository/keyring.ts'
import { objectName } from '../repository/layout.ts'
import { prepareIndex } from '../repository/manifests.ts'
import { mostlyUsed, usedBytes } from '../repository/pack-use.ts'
import { type Pack, packFinder, packName } from '../repository/packs.ts'
import type { Store } from '../store/store.ts'
import type { Catalog, CatalogEntry } from './catalog.ts'
import type { Problem } from './ports.ts'
import { isOf } from './source-hash.ts'
import type { Judge, Judged, Standing } from './standing.ts'

/** Backups that a report names because they can't be built on. */
const MOST_TOLD = 5

export interface BaseSearch {
  readonly store: Store
  readonly keyring: Keyring
  readonly component: Component
  readonly identity: string
  readonly catalog: Catalog
  readonly judge: Judge
  /** Safety backups from then on may be built on, too. Without it, none. */
  readonly safetySince?: Date
  readonly signal: AbortSignal
}

export interface Found {
  /** The newest backup of this source. */
  readonly backup: Manifest | undefined
  /** Of later runs that failed, newest first. */
  readonly placeholders: readonly Manifest[]
  readonly problems: readonly Problem[]
}

/**
 * Looks from the newest backwards, at what counts alone. Damaged manifests are reported and passed over: they must not stop new
 * backups. Throws `wrong-key` if the store holds backups of this component and none was made with this key: more likely a slip
 * than a wish.
 */
export async function findBase(search: BaseSearch, allowOtherKey: boolean): Promise<Found> {
  const { component, identity, catalog, keyring } = search
  const placeholders: Manifest[] = []
  const unread: Problem[] = []
  let otherKey: ComebackError | undefined
  let holdsOurs = false
  for (const entry of catalog.entries) {
    const { standing, manifest } = await judged(search, entry)
    const because = standing.counts ? undefined : standing.because
    if (because === 'other-key') {
      if (manifest !== undefined && isThere(manifest, catalog)) otherKey ??= errorOf(standing)
      else unread.push(passedOver(errorOf(standing)))
      continue
    }
    if (manifest === undefined || because === 'damaged' || because === 'gone') {
      unread.push(passedOver(errorOf(standing)))
      continue
    }
    holdsOurs = true
    if (!mayLeanOn(manifest, search)) continue
    if (because === 'future' || because === 'other-store') {
      unread.push(passedOver(errorOf(standing)))
      continue
    }
    // Where nothing tells which store this is, the backups of this very source do.
    if (!(await isOf(manifest, identity, keyring))) continue
    if (because === 'unclear-store') unread.push(goesOnWith(errorOf(standing)))
    if (entry.kind === 'backup')
      return {
        backup: manifest,
        placeholders: placeholders.filter(({ idSalt }) => idSalt === manifest.idSalt),
        problems: bounded(unread),
      }
    if (manifest.index !== null) placeholders.push(manifest)
  }
  if (otherKey !== undefined && !holdsOurs && !allowOtherKey) {
    throw new ComebackError(
      'wrong-key',
      `The store's ${component} backups were made with another key. ${otherKey.message}`,
      {
        hint: 'Give the old key, or start anew under this one with --full; the old backups then still need the old key.',
        cause: otherKey,
      },
    )
  }
  const [newest] = placeholders
  return {
    backup: undefined,
    placeholders: placeholders.filter(({ idSalt }) => idSalt === newest?.idSalt),
    problems: bounded(unread),
  }
}

/** A manifest may have been damaged on its way, or in a memory in between: then it is read once more. */
async function judged({ judge, keyring }: BaseSearch, entry: CatalogEntry): Promise<Judged> {
  const look = () => judge.judge(entry, manifest => prepareIndex(manifest, keyring))
  const first = await look()
  return !first.standing.counts && first.standing.because === 'damaged' ? look() : first
}

function errorOf(standing: Standing): ComebackError {
  if (!standing.counts) return standing.error
  throw new Error('A record that counts is nothing to report.')
}

/** Whether all that it names of its own is there: anybody can leave a manifest alone, and its key's id is but a claim. */
function isThere({ component, id, index, objects }: Manifest, { objects: listed }: Catalog): boolean {
  const own = index === null ? objects : [...objects, index]
  return (
    index !== null &&
    own.every(({ name, size }) => listed.get(objectName({ component, id, file: name }))?.size === size)
  )
}

/**
 * Retention lets safety backups go by their age alone, so what leans on one might lose it while it is being made: only another
 * safety backup does, and only on one that has days left.
 */
function mayLeanOn({ purpose, id }: Manifest, { safetySince }: BaseSearch): boolean {
  return purpose === undefined || (safetySince !== undefined && timeOf(id) >= safetySince)
}

/** Whether the chain's full backup is older than `fullEvery` milliseconds. */
export function fullIsDue(backup: Manifest, now: Date, fullEvery: number): boolean {
  return backup.chain === null || now.getTime() - timeOf(backup.chain).getTime() >= fullEvery
}

/** The chunks of these manifests that the reuse rule allows. A damaged index is reported and gives none. */
export async function loadKnown(
  search: BaseSearch,
  manifests: readonly Manifest[],
  keepUntil: Date | undefined,
): Promise<{ readonly known: KnownChunks; readonly problems: readonly Problem[] }> {
  const places = new ChunkPlaces()
  const packs: Pack[] = []
  const starts = new Map<string, number>()
  const problems: Problem[] = []
  for (const manifest of manifests) {
    const index = await readIndex(search.store, manifest, search.keyring, search.signal).catch(error => {
      if (!hasCode(error, 'damaged')) throw error
      problems.push(passedOver(error))
    })
    if (!index) continue
    const find = packFinder(manifest)
    const listed = index.packs.map(({ backup, name }) => find(backup, name))
    addKnown(places, packs, index, listed, pack => isKept(search, pack, keepUntil))
    linkSegments(places, starts, index)
  }
  return { known: { places, packs, starts }, problems }
}

function addKnown(
  places: ChunkPlaces,
  packs: Pack[],
  index: BackupIndex,
  listed: readonly Pack[],
  kept: (pack: Pack) => boolean,
): void {
  const used = usedBytes(index)
  const positions = listed.map((pack, number) =>
    mostlyUsed(used[number] ?? 0, pack.size) && kept(pack) ? packs.push(pack) - 1 : undefined,
  )
  for (let i = 0; i < index.chunks.length; i++) {
    const { id, pack, offset, length, plain } = index.chunks.at(i)
    const position = positions[pack]
    if (position === undefined || places.find(id) >= 0) continue
    places.place(places.add(id, plain), { pack: position, offset, length })
  }
}

/**
 * Which chunk followed which, so that the next backup may guess it. The last one of a segment was cut by its end, not by its
 * bytes, and is never guessed.
 */
function linkSegments(places: ChunkPlaces, starts: Map<string, number>, index: BackupIndex): void {
  for (const { name, first, count } of index.segments) {
    let before = -1
    for (let i = first; i < first + count - 1; i++) {
      const row = places.find(index.chunks.at(i).id)
      if (row >= 0 && i === first) starts.set(name, row)
      if (row >= 0 && before >= 0) places.follow(before, row)
      before = row
    }
  }
}

/** The store has the pack, whole, for as long as the new backup must live. */
function isKept({ catalog, component }: BaseSearch, pack: Pack, keepUntil: Date | undefined): boolean {
  const object = catalog.objects.get(packName(component, pack))
  if (object === undefined || object.size !== pack.size) return false
  return object.expiresAt === undefined || (keepUntil !== undefined && object.expiresAt >= keepUntil)
}

/** Whoever can write to the store can leave any number of them there. */
function bounded(problems: readonly Problem[]): readonly Problem[] {
  const more = problems.length - MOST_TOLD
  if (more <= 0) return problems
  const message = `${more} more earlier backups can't be built on.`
  return [
    ...problems.slice(0, MOST_TOLD),
    { severity: 'warning', message, hint: '`comeback check` names all of them.' },
  ]
}

function goesOnWith({ message, hint }: ComebackError): Problem {
  return {
    severity: 'warning',
    message: `${message} It is of this source, so this backup goes on with its store.`,
    hint,
  }
}

function passedOver(error: unknown): Problem {
  const { message, hint } = asComebackError(error)
  return {
    severity: 'warning',
    message: `An earlier backup can't be built on: ${message}`,
    hint,
  }
}
