/** What may go, by what the records say: pure, so that plan and deed follow the same rules. */
import { timeOf } from '../format/backup-id.ts'
import type { Component } from '../format/manifest.ts'
import { MANIFEST, PLACEHOLDER, parseObjectName } from '../repository/layout.ts'
import type { ObjectInfo } from '../store/store.ts'
import type { Catalog } from './catalog.ts'
import type { ReadRecord, StoreRecord } from './records.ts'
import { GRACE, type RetentionPolicy, reasonsToKeep } from './retention.ts'

const DAY = 24 * 60 * 60 * 1000
/** Milliseconds that a placeholder stays in sight, and that a run that leaves no record may take. */
const WEEK = 7 * DAY

/** The names that packs and indexes have; anything else in a backup's folder is not ours to delete. */
const OWN_FILE = /^(\d{2,}-(schema|data)-\d{4,}\.(sql|tar)|index)\.(gz|zst)\.enc$/

export interface Decision {
  readonly record: StoreRecord
  readonly keep: boolean
  readonly reasons: readonly string[]
}

/** For each record, in their order, whether it stays, and why. */
export function decide(records: readonly StoreRecord[], policy: RetentionPolicy, now: Date): readonly Decision[] {
  const known = records.filter((record): record is ReadRecord => record.trust === 'known')
  const backups = known.filter(({ entry }) => entry.kind === 'backup')
  const kept = new Map<StoreRecord, readonly string[]>()
  for (const members of Map.groupBy(backups, ({ entry }) => entry.component).values()) {
    const candidates = members.map(record => ({
      record,
      id: record.entry.id,
      source: record.source,
      complete: record.status === 'complete',
    }))
    for (const [{ record }, reasons] of reasonsToKeep(candidates, policy, now)) kept.set(record, reasons)
  }
  return records.map(record => {
    const reasons = kept.get(record) ?? otherReasons(record, backups, policy, now)
    const keep = reasons.length > 0
    return { record, keep, reasons: keep ? reasons : [whyGo(record, policy)] }
  })
}

export interface Unneeded {
  readonly objects: readonly ObjectInfo[]
  /** In folders of backups, and not of a kind that Comeback writes. */
  readonly strange: readonly string[]
}

/**
 * Packs and indexes that none of these records needs. Everything is left that
 * - lies in the folder of a backup younger than the grace time, or in that of the component's newest run for a week: it may
 *   be running still, and nothing tells of it before it is finished;
 * - is not newer than a record that could not be read: what that one leans on, nobody knows.
 */
export function unneeded(
  catalog: Catalog,
  components: readonly Component[],
  records: readonly StoreRecord[],
  now: Date,
): Unneeded {
  const needed = new Set(records.flatMap(record => ('needs' in record ? record.needs : [])))
  const folders = new Set(records.map(({ entry }) => `${entry.component}/${entry.id}`))
  const unread = newestIds(records.filter(record => !('needs' in record)))
  const newest = newestIds(records.filter(({ entry }) => entry.kind === 'backup' && timeOf(entry.id) <= now))
  const objects: ObjectInfo[] = []
  const strange: string[] = []
  for (const object of catalog.objects.values()) {
    const place = parseObjectName(object.name)
    if (place === undefined || !components.includes(place.component)) continue
    const { component, id, file } = place
    if (file === MANIFEST || file === PLACEHOLDER || needed.has(object.name)) continue
    if (!OWN_FILE.test(file)) {
      strange.push(object.name)
      continue
    }
    const maybeRunning = !folders.has(`${component}/${id}`) && id > (newest.get(component) ?? '')
    const age = now.getTime() - timeOf(id).getTime()
    if (age < (maybeRunning ? WEEK : GRACE) || id <= (unread.get(component) ?? '')) continue
    objects.push(object)
  }
  return { objects, strange }
}

function otherReasons(
  record: StoreRecord,
  backups: readonly ReadRecord[],
  policy: RetentionPolicy,
  now: Date,
): readonly string[] {
  if (!('needs' in record))
    return [record.trust === 'gone' ? 'its record vanished just now' : 'its record cannot be read']
  if (record.trust === 'other') return ['made with another key']
  return placeholderReasons(record, backups, policy, now)
}

/**
 * A failed run stays in sight until a later one has done better. One that left packs may be resumed by a running backup of
 * its source until a complete one of that source is older than the grace time; if there is none, its source was given up, and
 * retention's days decide.
 */
function placeholderReasons(
  record: ReadRecord,
  backups: readonly ReadRecord[],
  { days }: RetentionPolicy,
  now: Date,
): readonly string[] {
  const { component, id } = record.entry
  const age = now.getTime() - timeOf(id).getTime()
  if (age < 0) return ['dated in the future']
  if (age < WEEK) return ['younger than 7 days']
  const better = backups.filter(
    ({ entry, status }) =>
      entry.component === component &&
      entry.id >= id &&
      status === 'complete' &&
      now.getTime() - timeOf(entry.id).getTime() >= GRACE,
  )
  if (better.length === 0) return ['no newer backup is complete']
  if (!record.hasIndex || better.some(({ source }) => source === record.source)) return []
  return age < days * DAY ? ['a later run may resume it'] : []
}

function whyGo(record: StoreRecord, policy: RetentionPolicy): string {
  if (record.entry.kind === 'placeholder') return 'a newer backup is complete'
  const slots = [policy.last, policy.hourly, policy.daily, policy.weekly, policy.monthly, policy.yearly]
  const none = slots.every(slot => slot === undefined)
  const age = `older than ${policy.days === 1 ? '24 h' : `${policy.days} days`}`
  return none ? age : `${age}, in no slot`
}

function newestIds(records: readonly StoreRecord[]): ReadonlyMap<Component, string> {
  const newest = new Map<Component, string>()
  for (const { entry } of records) {
    if (entry.id > (newest.get(entry.component) ?? '')) newest.set(entry.component, entry.id)
  }
  return newest
}
