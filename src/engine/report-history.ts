/** From what a store lists to its history: the state of each component, and when the next backup is due. */
import { COMPONENTS, type Holds } from '../format/manifest.ts'
import type { ComponentHistory, HistoryBackup, HistoryReport } from '../report/history-report.ts'
import type { ListedBackup, ListReport } from '../report/report.ts'
import { holdsNoLess, newestOfMost } from './holdings.ts'
import { largestGap, nextDue } from './rhythm.ts'

/** Part of the usual gap that a backup may be late before it counts as late: schedulers are, on the hour above all. */
const LENIENCE = 1 / 4

/** `listed` newest first, as `list` has it; without the key it says what the backups claim. */
export function historyOf(
  { store, backups }: ListReport,
  now: Date,
  place: Pick<HistoryReport, 'html' | 'storeArguments'>,
): HistoryReport {
  const components = COMPONENTS.flatMap(component => {
    const own = backups.filter(backup => backup.component === component)
    return own.length === 0 ? [] : [{ component, ...stateOf(own, now) }]
  })
  return { command: 'report', store, time: now.toISOString(), ...place, components }
}

function stateOf(listed: readonly ListedBackup[], now: Date): Omit<ComponentHistory, 'component'> {
  const backups = listed.map(historyBackup).sort((a, b) => Date.parse(a.time) - Date.parse(b.time))
  // Safety backups say nothing of whether backups are made.
  const regular = backups.filter(({ purpose, discount }) => purpose === undefined && discount === undefined)
  const held = ({ holds }: HistoryBackup): Holds => holds ?? 'all'
  const lastGood = newestOfMost(regular.filter(isGood).toReversed(), held)
  const most = lastGood === undefined ? 'structure' : held(lastGood)
  const good = regular.filter(backup => isGood(backup) && holdsNoLess(held(backup), most))
  const lastVerified = regular.findLast(
    backup => backup.proof?.verdict === 'verified' && holdsNoLess(held(backup), most),
  )
  const lastJudged = regular.findLast(({ proof }) => proof !== undefined && proof.verdict !== 'could-not-verify')
  const times = good.map(({ time }) => new Date(time))
  const due = nextDue(times)
  const gap = largestGap(times, now)
  const usual = due === undefined || lastGood === undefined ? undefined : due.getTime() - Date.parse(lastGood.time)
  const since = lastGood === undefined ? regular : regular.slice(regular.lastIndexOf(lastGood) + 1)
  const failedSince = since.filter(backup => !isGood(backup)).length
  const isLate = due !== undefined && usual !== undefined && now.getTime() > due.getTime() + usual * LENIENCE
  return {
    state:
      lastGood === undefined
        ? 'none'
        : lastJudged?.proof?.verdict === 'failed'
          ? 'disproved'
          : failedSince > 0
            ? 'failing'
            : isLate
              ? 'late'
              : 'good',
    ...(lastGood === undefined ? {} : { lastGood }),
    ...(lastVerified === undefined ? {} : { lastVerified }),
    ...(due === undefined ? {} : { nextDue: due.toISOString() }),
    ...(usual === undefined ? {} : { usualGap: usual / 1000 }),
    ...(gap === undefined ? {} : { largestGap: gap / 1000 }),
    failedSince,
    stored: backups.reduce((sum, { stored }) => sum + stored, 0),
    backups,
  }
}

/** A file of the old scripts counts as one: they kept nothing else. */
function isGood({ status }: HistoryBackup): boolean {
  return status === 'complete' || status === 'unread'
}

function historyBackup(listed: ListedBackup): HistoryBackup {
  const { id, time, status, discount, holds, purpose, bytes, stored, expires, reason, proof, authenticated } = listed
  return {
    id,
    time,
    status,
    ...(discount === undefined ? {} : { discount }),
    ...(holds === undefined ? {} : { holds }),
    ...(purpose === undefined ? {} : { purpose }),
    bytes,
    ...(listed.new === undefined ? {} : { new: listed.new }),
    stored,
    ...(expires === undefined ? {} : { expires }),
    ...(reason === undefined ? {} : { reason }),
    ...(proof === undefined ? {} : { proof }),
    authenticated,
  }
}
