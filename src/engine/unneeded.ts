/** Which packs and indexes nothing needs any more: pure, so that plan and deed follow the same rules. */
import type { Component } from '../format/manifest.ts'
import { proofIdOf } from '../format/proof-record.ts'
import { MANIFEST, type ObjectPlace, PLACEHOLDER, parseObjectName } from '../repository/layout.ts'
import type { ObjectInfo } from '../store/store.ts'
import type { Catalog } from './catalog.ts'
import type { StoreRecord } from './records.ts'
import { GRACE } from './retention.ts'

/** Milliseconds after which a run that has written nothing has ended. */
const LONGEST_PAUSE = 7 * 24 * 60 * 60 * 1000

/** The names that packs and indexes have; anything else in a backup's folder is not ours to delete. */
const PACK_FILE = /^\d{2,}-(schema|data)-\d{4,}\.(sql|tar)\.(gz|zst)\.enc$/
const INDEX_FILE = /^index\.(gz|zst)\.enc$/

export interface Unneeded {
  /** With the records of proofs whose backup is gone. */
  readonly packs: readonly ObjectInfo[]
  /** To be deleted after all packs. */
  readonly indexes: readonly ObjectInfo[]
  /** In folders of backups, and not of a kind that Comeback writes. */
  readonly strange: readonly string[]
}

/**
 * Packs and indexes that none of these records needs; `ended` are the records, of these and of others, whose runs are known to
 * have ended. Everything is left that
 * - lies in a folder of any other run that was written to within the grace time, or, if it holds no index, within a week: a
 *   backup may be writing it, and nothing tells of that before it is finished;
 * - is not newer than a record that could not be read: what that one leans on, nobody knows.
 *
 * How long ago that was, the objects' own times say, compared with the newest in the store: names hold the time of another
 * machine, or of an old file that is imported, and the clock of this one may be as wrong.
 *
 * An index comes last in a backup, so it marks a folder that no run is filling any more. It goes last, too, when no pack of the
 * folder is left, or a prune that was cut short would have to wait a week for the rest.
 */
export function unneeded(
  catalog: Catalog,
  components: readonly Component[],
  records: readonly StoreRecord[],
  ended: readonly StoreRecord[],
  now: Date,
): Unneeded {
  const needed = new Set(records.flatMap(record => ('needs' in record ? record.needs : [])))
  const unread = newestIds(records.filter(record => !('needs' in record)))
  const recorded = new Set(records.map(({ entry }) => folderOf(entry)))
  const over = new Set(ended.map(({ entry }) => folderOf(entry)))
  const present = Math.min(now.getTime(), lastWrite([...catalog.objects.values()], 0))
  const packs: ObjectInfo[] = []
  const indexes: ObjectInfo[] = []
  const strange: string[] = []
  for (const [folder, members] of foldersOf(catalog, components)) {
    const { component, id } = members[0].place
    const pause = members.some(({ place }) => INDEX_FILE.test(place.file)) ? GRACE : LONGEST_PAUSE
    const idle = present - lastWrite(members.map(({ object }) => object))
    const old = (over.has(folder) || idle >= pause) && id > (unread.get(component) ?? '')
    const may = ({ object }: Member) => old && !needed.has(object.name)
    const own = members.filter(({ place }) => PACK_FILE.test(place.file))
    const going = own.filter(may)
    packs.push(...going.map(({ object }) => object))
    const proofs = recorded.has(folder) || !old ? [] : members.filter(({ place }) => isProof(place.file))
    packs.push(...proofs.map(({ object }) => object))
    for (const member of members) {
      const { file } = member.place
      const last = recorded.has(folder) || going.length === own.length
      if (INDEX_FILE.test(file) && last && may(member)) indexes.push(member.object)
      if (!isOurs(file)) strange.push(member.object.name)
    }
  }
  return { packs, indexes, strange }
}

interface Member {
  readonly object: ObjectInfo
  readonly place: ObjectPlace
}

function foldersOf(
  catalog: Catalog,
  components: readonly Component[],
): ReadonlyMap<string, readonly [Member, ...Member[]]> {
  const folders = new Map<string, [Member, ...Member[]]>()
  for (const object of catalog.objects.values()) {
    const place = parseObjectName(object.name)
    if (place === undefined || !components.includes(place.component)) continue
    const member = { object, place }
    const members = folders.get(folderOf(place))
    if (members === undefined) folders.set(folderOf(place), [member])
    else members.push(member)
  }
  return folders
}

/** Milliseconds since the epoch. What has no time of its own was written a moment ago, as far as anybody knows. */
function lastWrite(objects: readonly ObjectInfo[], unknown = Number.POSITIVE_INFINITY): number {
  return objects.reduce((last, { writtenAt }) => Math.max(last, writtenAt?.getTime() ?? unknown), 0)
}

function folderOf({ component, id }: { readonly component: Component; readonly id: string }): string {
  return `${component}/${id}`
}

function isOurs(file: string): boolean {
  return file === MANIFEST || file === PLACEHOLDER || PACK_FILE.test(file) || INDEX_FILE.test(file) || isProof(file)
}

function isProof(file: string): boolean {
  return proofIdOf(file) !== undefined
}

function newestIds(records: readonly StoreRecord[]): ReadonlyMap<Component, string> {
  const newest = new Map<Component, string>()
  for (const { entry } of records) {
    if (entry.id > (newest.get(entry.component) ?? '')) newest.set(entry.component, entry.id)
  }
  return newest
}
