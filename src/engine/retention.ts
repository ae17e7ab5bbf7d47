/**
 * Which backups a policy keeps, and why: a pure function over times. Slots (`--keep-daily 7` and its like) are restic's: they
 * count periods that hold a backup, not days of the calendar, so a gap in the schedule never empties the store. All rules
 * add up; none takes back what another keeps. Beyond the policy some backups always stay:
 *
 * - what is dated in the future (a clock jumped): it is kept, and counts for nothing else, or it would push out the real ones;
 * - of each source the newest complete backup, and the newest of any kind;
 * - of each source the newest that was verified: what is known to come back is worth more than what only ought to;
 * - of each source the newest that is older than the grace time: see `prune.ts`, a running backup may build on it.
 *
 * Safety backups stay as long as they are young, a week at least in which their restore can be undone, and that is all: they
 * take no slot from the others and count for none of the rules above, nor does a backup that those protect ever build on one.
 *
 * A partial backup never takes a slot away from a complete one: the slots are filled from the complete ones alone, and
 * once more from all.
 */
import { timeOf } from '../format/backup-id.ts'
import { PERIODS, type Period } from './calendar.ts'

export interface RetentionPolicy {
  /** Everything younger is kept. */
  readonly days: number
  readonly last: number | undefined
  readonly hourly: number | undefined
  readonly daily: number | undefined
  readonly weekly: number | undefined
  readonly monthly: number | undefined
  readonly yearly: number | undefined
}

export interface Candidate {
  readonly id: string
  /** What was backed up: rules hold for each source by itself. */
  readonly source: string
  readonly complete: boolean
  readonly safety?: boolean
  /** It was restored and compared, and came back whole. */
  readonly verified?: boolean
}

const HOUR = 60 * 60 * 1000
const DAY = 24 * HOUR
/** Milliseconds in which nothing is removed: a backup that runs now may be writing it, or building on it. */
export const GRACE = DAY
/** Days in which a restore can be undone, whatever the policy: some of what it broke is found out late. */
export const UNDO_DAYS = 7

/** Backups of one component, each with the reasons to keep it; without any it may go. */
export function reasonsToKeep<T extends Candidate>(
  backups: readonly T[],
  policy: RetentionPolicy,
  now: Date,
): ReadonlyMap<T, readonly string[]> {
  const reasons = new Map<T, Set<string>>(backups.map(backup => [backup, new Set()]))
  const keep: Keep<T> = (backup, reason) => {
    if (backup !== undefined) reasons.get(backup)?.add(reason)
  }
  const newestFirst = [...backups].sort((a, b) => (a.id < b.id ? 1 : -1))
  const [future, past] = split(newestFirst, ({ id }) => timeOf(id) > now)
  for (const backup of future) keep(backup, 'dated in the future')
  const [safety, others] = split(past, ({ safety }) => safety === true)
  keepYoung(safety, Math.max(policy.days, UNDO_DAYS), now, (backup, reason) => keep(backup, `safety backup, ${reason}`))
  for (const group of Map.groupBy(others, ({ source }) => source).values()) {
    alwaysKeep(group, now, keep)
    keepYoung(group, policy.days, now, keep)
    keepSlots(
      group.filter(({ complete }) => complete),
      policy,
      keep,
    )
    keepSlots(group, policy, keep)
  }
  return new Map([...reasons].map(([backup, all]) => [backup, [...all]]))
}

/** What the slots alone hold of each source, without what is kept for other reasons. */
export function heldByRules<T extends Candidate>(backups: readonly T[], policy: RetentionPolicy): readonly T[] {
  const held = new Set<T>()
  const newestFirst = [...backups].sort((a, b) => (a.id < b.id ? 1 : -1))
  for (const group of Map.groupBy(newestFirst, ({ source }) => source).values()) {
    const keep: Keep<T> = backup => {
      if (backup !== undefined) held.add(backup)
    }
    keepSlots(
      group.filter(({ complete }) => complete),
      policy,
      keep,
    )
  }
  return backups.filter(backup => held.has(backup))
}

/** The policy in words. */
export function policyText(policy: RetentionPolicy): readonly string[] {
  const { days, last } = policy
  const slots = SLOTS.flatMap(({ rule }) => (policy[rule] === undefined ? [] : [`${policy[rule]} ${rule}`]))
  return [
    `everything younger than ${days === 1 ? '24 h' : `${days} days`}`,
    ...(last === undefined ? [] : [`the last ${last}`]),
    ...slots,
  ]
}

type Keep<T> = (backup: T | undefined, reason: string) => void

const SLOTS = [
  { rule: 'hourly', period: 'hour' },
  { rule: 'daily', period: 'day' },
  { rule: 'weekly', period: 'week' },
  { rule: 'monthly', period: 'month' },
  { rule: 'yearly', period: 'year' },
] as const satisfies readonly { readonly rule: keyof RetentionPolicy; readonly period: Period }[]

function alwaysKeep<T extends Candidate>(group: readonly T[], now: Date, keep: Keep<T>): void {
  const complete = group.find(({ complete }) => complete)
  keep(complete, 'newest complete')
  if (group[0] !== complete) keep(group[0], 'newest')
  const verified = group.filter(({ verified }) => verified === true)
  keep(verified[0], 'newest verified')
  // A partial one can be proved, too, but does not take the place of a whole one.
  const whole = verified.find(({ complete }) => complete)
  if (whole !== verified[0]) keep(whole, 'newest complete verified')
  keep(
    group.find(({ id }) => now.getTime() - timeOf(id).getTime() >= GRACE),
    'a running backup may build on it',
  )
}

function keepYoung<T extends Candidate>(group: readonly T[], days: number, now: Date, keep: Keep<T>): void {
  for (const backup of group) {
    const age = now.getTime() - timeOf(backup.id).getTime()
    if (age < GRACE) keep(backup, 'younger than 24 h')
    else if (age < days * DAY) keep(backup, `younger than ${days} days`)
  }
}

function keepSlots<T extends Candidate>(group: readonly T[], policy: RetentionPolicy, keep: Keep<T>): void {
  for (const backup of group.slice(0, policy.last ?? 0)) keep(backup, `last ${policy.last}`)
  for (const { rule, period } of SLOTS) {
    const slots = policy[rule]
    if (slots === undefined) continue
    const periods = [...Map.groupBy(group, ({ id }) => PERIODS[period](timeOf(id)))]
    const held = periods.slice(0, slots).map(([name, members]) => {
      const best = members.find(({ complete }) => complete) ?? members[0]
      keep(best, `${period} ${name}`)
      return best
    })
    // Or a yearly slot would hold nothing of the first year until that year is over.
    const oldest = group.at(-1)
    if (periods.length < slots && !held.includes(oldest)) keep(oldest, `oldest, ${rule} slots are free`)
  }
}

function split<T>(items: readonly T[], test: (item: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [items.filter(test), items.filter(item => !test(item))]
}
