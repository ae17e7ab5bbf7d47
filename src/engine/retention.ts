/**
 * Which backups a policy keeps, and why: a pure function over times. Slots (`--keep-daily 7` and its like) are restic's: they
 * count periods that hold a backup, not days of the calendar, so a gap in the schedule never empties the store. All rules
 * add up; none takes back what another keeps. Beyond the policy some backups always stay:
 *
 * - of each source the newest complete backup, also of those that no proof found bad, and the newest of any kind;
 * - of each source the newest that was verified: what is known to come back is worth more than what only ought to;
 * - of each source the newest that is older than the grace time: see `prune.ts`, a running backup may build on it.
 *
 * Safety backups stay as long as they are young, a week at least in which their restore can be undone, and that is all: they
 * take no slot from the others and count for none of the rules above, nor does a backup that those protect ever build on one.
 *
 * A backup never takes the place of one that holds more: places are given to the complete ones of everything alone, once more with
 * those that lack some tables' rows, once more with those of the structure alone, and once more with all. What
 * does not count at all (see `standing.ts`) is not asked about here.
 */
import { timeOf } from '../format/backup-id.ts'
import type { Holds } from '../format/manifest.ts'
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
  /** All if it doesn't say. */
  readonly holds?: Holds
  readonly safety?: boolean
  /** It was restored and compared, and came back whole. */
  readonly verified?: boolean
  /** It was restored, and did not come back whole. */
  readonly disproved?: boolean
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
  const [safety, others] = split(newestFirst, ({ safety }) => safety === true)
  keepYoung(safety, Math.max(policy.days, UNDO_DAYS), now, (backup, reason) => keep(backup, `safety backup, ${reason}`))
  for (const group of Map.groupBy(others, ({ source }) => source).values()) {
    alwaysKeep(group, now, keep)
    keepYoung(group, policy.days, now, keep)
    for (const { has } of RANKS) keepSlots(group.filter(has), policy, keep)
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
    for (const { has, newest } of RANKS) if (newest !== 'newest') keepSlots(group.filter(has), policy, keep)
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

/** Each with all that holds more. */
const RANKS: readonly { readonly newest: string; readonly has: (backup: Candidate) => boolean }[] = [
  { newest: 'newest complete', has: backup => backup.complete && (backup.holds ?? 'all') === 'all' },
  { newest: 'newest with rows', has: backup => backup.complete && backup.holds !== 'structure' },
  { newest: 'newest with all of the structure', has: backup => backup.complete },
  { newest: 'newest', has: () => true },
]

function alwaysKeep<T extends Candidate>(group: readonly T[], now: Date, keep: Keep<T>): void {
  let better: T | undefined
  for (const { newest, has } of RANKS) {
    const found = group.find(has)
    if (found !== better) keep(found, newest)
    better = found
    // What is known to be bad is kept, too: rows can be had from it that are nowhere else.
    const sound = group.find(backup => has(backup) && backup.disproved !== true)
    if (sound !== found) keep(sound, `${newest} that no proof found bad`)
  }
  const verified = group.filter(({ verified }) => verified === true)
  keep(verified[0], 'newest verified')
  // One that holds less can be proved, too, but does not take the place of a whole one.
  const whole = verified.find(backup => RANKS[0]?.has(backup))
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
