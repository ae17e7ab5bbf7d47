/** Of a component with a good backup: when the next is due, and how long changes were without one. */
import { timeOf } from '../format/backup-id.ts'
import { type Holds, holdsOf } from '../format/manifest.ts'
import type { ComponentStatus, LastBackup } from '../report/status-report.ts'
import type { CatalogEntry } from './catalog.ts'
import { holdsNoLess } from './holdings.ts'
import { largestGap, nextDue } from './rhythm.ts'
import { allSideBySide, MANIFESTS_AT_A_TIME } from './side-by-side.ts'
import type { Judge } from './standing.ts'

/** Records before the last good one that are read: enough of them are complete, as a rule. */
const LOOK_BACK = 11

/** `entries` newest first. */
export async function findRhythm(
  judge: Judge,
  entries: readonly CatalogEntry[],
  last: LastBackup,
  now: Date,
): Promise<Pick<ComponentStatus, 'nextDue' | 'largestGap'>> {
  const before = entries.filter(({ id, kind }) => kind === 'backup' && id < last.id).slice(0, LOOK_BACK)
  const found = await allSideBySide(before, MANIFESTS_AT_A_TIME, entry => timeIfGood(judge, entry, last.holds ?? 'all'))
  const times = [timeOf(last.id), ...found.flatMap(time => (time === undefined ? [] : [time]))]
  const due = nextDue(times)
  const gap = largestGap(times, now)
  return {
    ...(due === undefined ? {} : { nextDue: due.toISOString() }),
    ...(gap === undefined ? {} : { largestGap: gap / 1000 }),
  }
}

/** Of a complete one that counts, is no safety backup, and holds as much. */
async function timeIfGood(judge: Judge, entry: CatalogEntry, most: Holds): Promise<Date | undefined> {
  const { standing, manifest } = await judge.judge(entry)
  if (manifest === undefined || !standing.counts || !holdsNoLess(holdsOf(manifest), most)) return undefined
  return manifest.status === 'complete' && manifest.purpose === undefined ? timeOf(entry.id) : undefined
}
