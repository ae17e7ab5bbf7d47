/** What a rule asks for and a store cannot give: objects that the store itself drops after some days. */
import { timeOf } from '../format/backup-id.ts'
import { parseObjectName } from '../repository/layout.ts'
import type { ObjectInfo } from '../store/store.ts'
import type { Catalog } from './catalog.ts'
import type { RetentionPolicy } from './retention.ts'

const DAY = 24 * 60 * 60 * 1000
/** Days of a slot. */
const SLOTS = [
  { rule: 'hourly', days: 1 / 24 },
  { rule: 'daily', days: 1 },
  { rule: 'weekly', days: 7 },
  { rule: 'monthly', days: 31 },
  { rule: 'yearly', days: 366 },
] as const

const BUCKET = 'A bucket can: comeback copy --to s3://BUCKET/PREFIX.'

/**
 * Sentences; none for a store that keeps what it gets, or that says nothing yet. `life` is how many days it keeps an object,
 * where that is known; otherwise its newest backup tells.
 */
export function shortLived(
  policy: RetentionPolicy,
  { objects }: Catalog,
  now: Date,
  life = lifeIn(objects.values(), now),
): readonly string[] {
  if (life === undefined) return []
  const drops = `This store drops objects after ${Math.floor(life)} days, so it cannot keep`
  // A store counts from when an object was put, retention from when the run began.
  const young = policy.days > life + 1 ? [`${drops} everything younger than ${policy.days} days. ${BUCKET}`] : []
  const slots = SLOTS.flatMap(({ rule, days }) => {
    const count = policy[rule]
    if (count === undefined || count * days <= life) return []
    return [`${drops} ${count} ${rule} backups, which reach back ${Math.ceil(count * days)} days. ${BUCKET}`]
  })
  return [...young, ...slots]
}

/** How many days the rules reach back, where a backup is made in each of their slots; 0 for none that counts in time. */
export function reachOf(rules: Omit<RetentionPolicy, 'days'>): number {
  return Math.ceil(Math.max(0, ...SLOTS.map(({ rule, days }) => (rules[rule] ?? 0) * days)))
}

/** Of the newest backup: for how long a store keeps objects may have been set anew since the older ones. */
function lifeIn(objects: Iterable<ObjectInfo>, now: Date): number | undefined {
  let newest = ''
  let life: number | undefined
  for (const { name, expiresAt } of objects) {
    const id = parseObjectName(name)?.id
    if (id === undefined || expiresAt === undefined || id < newest) continue
    const born = timeOf(id)
    if (born > now) continue
    const days = (expiresAt.getTime() - born.getTime()) / DAY
    life = id === newest && life !== undefined ? Math.max(life, days) : days
    newest = id
  }
  return life
}
