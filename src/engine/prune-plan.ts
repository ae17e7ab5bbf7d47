/** Which records stay and which go, and why: pure. */
import { timeOf } from '../format/backup-id.ts'
import type { Discount } from '../report/history-report.ts'
import type { ReadRecord, StoreRecord } from './records.ts'
import { GRACE, type RetentionPolicy, reasonsToKeep, UNDO_DAYS } from './retention.ts'

const DAY = 24 * 60 * 60 * 1000
/** Milliseconds that a placeholder stays in sight. */
const WEEK = 7 * DAY

const DISCOUNTED: Readonly<Record<Discount, string>> = {
  future: 'dated in the future',
  'other-key': 'made with another key',
  'other-store': 'made for another store',
  'unclear-store': 'perhaps made for another store',
}

export interface Decision {
  readonly record: StoreRecord
  readonly keep: boolean
  readonly reasons: readonly string[]
}

/** For each record, in their order, whether it stays, and why. */
export function decide(records: readonly StoreRecord[], policy: RetentionPolicy, now: Date): readonly Decision[] {
  const known = records.filter((record): record is ReadRecord => 'needs' in record && record.discount === undefined)
  const backups = known.filter(({ entry }) => entry.kind === 'backup')
  const kept = new Map<StoreRecord, readonly string[]>()
  for (const members of Map.groupBy(backups, ({ entry }) => entry.component).values()) {
    const candidates = members.map(record => ({
      record,
      id: record.entry.id,
      source: record.source,
      safety: record.safety,
      verified: record.verified,
      disproved: record.disproved,
      holds: record.holds,
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

function otherReasons(
  record: StoreRecord,
  backups: readonly ReadRecord[],
  policy: RetentionPolicy,
  now: Date,
): readonly string[] {
  if (!('needs' in record))
    return [record.because === 'gone' ? 'its record vanished just now' : 'its record cannot be read']
  if (record.discount !== undefined) return [DISCOUNTED[record.discount]]
  return placeholderReasons(record, backups, policy, now)
}

/**
 * A failed run stays in sight until a later one has done better. One that left packs may be resumed by a running backup of
 * its source until a complete one of that source is older than the grace time; if there is none, its source was given up, and
 * retention's days decide. A safety backup is nothing better than what was to be backed up: it counts for its like alone.
 */
function placeholderReasons(
  record: ReadRecord,
  backups: readonly ReadRecord[],
  { days }: RetentionPolicy,
  now: Date,
): readonly string[] {
  const { component, id } = record.entry
  const age = now.getTime() - timeOf(id).getTime()
  if (age < WEEK) return ['younger than 7 days']
  const better = backups.filter(
    ({ entry, status, safety }) =>
      entry.component === component &&
      (record.safety || !safety) &&
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
  if ('safety' in record && record.safety) {
    return `a safety backup older than ${daysText({ days: Math.max(policy.days, UNDO_DAYS) })}`
  }
  const slots = [policy.last, policy.hourly, policy.daily, policy.weekly, policy.monthly, policy.yearly]
  const none = slots.every(slot => slot === undefined)
  const age = `older than ${daysText(policy)}`
  return none ? age : `${age}, in no slot`
}

function daysText({ days }: Pick<RetentionPolicy, 'days'>): string {
  return days === 1 ? '24 h' : `${days} days`
}
