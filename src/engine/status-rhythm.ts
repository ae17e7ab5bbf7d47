/** Of a component with a good backup: when the next is due, and how long changes were without one. */
import { hasCode } from '../errors.ts'
import { timeOf } from '../format/backup-id.ts'
import type { ComponentStatus, LastBackup } from '../report/status-report.ts'
import type { Store } from '../store/store.ts'
import { type CatalogEntry, manifestOf } from './catalog.ts'
import { largestGap, nextDue } from './rhythm.ts'
import { allSideBySide, MANIFESTS_AT_A_TIME } from './side-by-side.ts'

/** Records before the last good one that are read: enough of them are complete, as a rule. */
const LOOK_BACK = 11

/** `entries` newest first. */
export async function findRhythm(
  store: Store,
  entries: readonly CatalogEntry[],
  last: LastBackup,
  now: Date,
  signal: AbortSignal,
): Promise<Pick<ComponentStatus, 'nextDue' | 'largestGap'>> {
  const before = entries.filter(({ id, kind }) => kind === 'backup' && id < last.id).slice(0, LOOK_BACK)
  const found = await allSideBySide(before, MANIFESTS_AT_A_TIME, entry => timeIfGood(store, entry, signal))
  const times = [timeOf(last.id), ...found.flatMap(time => (time === undefined ? [] : [time]))]
  const due = nextDue(times)
  const gap = largestGap(times, now)
  return {
    ...(due === undefined ? {} : { nextDue: due.toISOString() }),
    ...(gap === undefined ? {} : { largestGap: gap / 1000 }),
  }
}

/** Of a complete one that is no safety backup. */
async function timeIfGood(store: Store, entry: CatalogEntry, signal: AbortSignal): Promise<Date | undefined> {
  try {
    const { status, purpose } = await manifestOf(store, entry, signal)
    return status === 'complete' && purpose === undefined ? timeOf(entry.id) : undefined
  } catch (error) {
    if (hasCode(error, 'not-found', 'damaged', 'unsupported')) return undefined
    throw error
  }
}
