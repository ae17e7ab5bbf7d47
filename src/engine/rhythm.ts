/** The rhythm in which backups come, as they themselves tell it: no schedule is known here. */

/** Backups of which the rhythm is taken: a schedule that was changed lately soon shows. */
const LAST = 10

/**
 * When the next backup is due: the median gap between the last ten after the newest of them. `times` are of complete backups, in any
 * order. It may lie in the past. Undefined of fewer than two, and where all are of one moment.
 */
export function nextDue(times: readonly Date[]): Date | undefined {
  const newest = newestFirst(times)[0]
  const gap = medianGap(times)
  return newest === undefined || gap === undefined ? undefined : new Date(newest + gap)
}

/** Milliseconds of the largest gap between the last ten, `now` included: what a loss of the source would have cost at its worst. */
export function largestGap(times: readonly Date[], now: Date): number | undefined {
  const last = newestFirst(times)[0]
  if (last === undefined) return undefined
  return Math.max(now.getTime() - last, 0, ...gapsOf(times))
}

/** Of an even number of gaps the longer of the middle two: a backup that was made by hand between two others brings nothing forward. */
function medianGap(times: readonly Date[]): number | undefined {
  const gaps = gapsOf(times).toSorted((a, b) => a - b)
  const median = gaps[Math.floor(gaps.length / 2)]
  return median === 0 ? undefined : median
}

function gapsOf(times: readonly Date[]): readonly number[] {
  const last = newestFirst(times)
  return last.slice(1).map((time, index) => (last[index] ?? time) - time)
}

/** Milliseconds of the last ten. */
function newestFirst(times: readonly Date[]): readonly number[] {
  return times
    .map(time => time.getTime())
    .toSorted((a, b) => b - a)
    .slice(0, LAST)
}
