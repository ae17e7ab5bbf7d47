/** What a rule asks for and a store cannot give: objects that the store itself drops after some days. */
import { timeOf } from '../format/backup-id.ts'
import { parseObjectName } from '../repository/layout.ts'
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

/** Sentences; none for a store that keeps what it gets, or that says nothing yet. */
export function shortLived(policy: RetentionPolicy, { objects }: Catalog, now: Date): readonly string[] {
  const lives = [...objects.values()].flatMap(({ name, expiresAt }) => {
    const place = parseObjectName(name)
    const born = place === undefined ? undefined : timeOf(place.id)
    return expiresAt === undefined || born === undefined || born > now ? [] : [expiresAt.getTime() - born.getTime()]
  })
  if (lives.length === 0) return []
  // Not spread into arguments: there may be more objects than a call takes.
  const life = lives.reduce((most, one) => Math.max(most, one), 0) / DAY
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
