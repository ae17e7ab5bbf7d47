/** What the charts show, by days or weeks: as many values as a small chart has room for, however many backups there are. */
import { calendarStart, DAY, dayOf, mondayOf, WEEK } from './calendar-days.ts'
import type { ComponentHistory, HistoryBackup } from './history-report.ts'

/** Days up to which each has a value of its own. */
const DAILY = 56

export interface Span {
  /** Milliseconds, the first of them included. */
  readonly from: number
  readonly step: number
  readonly count: number
}

export interface Series {
  readonly span: Span
  /** One for each step, undefined where nothing is known of it. */
  readonly values: readonly (number | undefined)[]
}

export interface Charts {
  /** Plain bytes of the newest complete backup of each step. */
  readonly size: Series
  /** Plain bytes that no earlier backup held, in all. */
  readonly fresh: Series
  /** Seconds of the longest restore that a proof made. */
  readonly restore: Series
  /** Seconds of the longest gap between complete backups that reaches into the step, `now` included: at worst, what was lost. */
  readonly gap: Series
}

/** A year at the most; a young store begins with its first backup. `backups` oldest first. */
export function spanOf(backups: readonly HistoryBackup[], now: string): Span {
  const today = dayOf(now)
  const start = calendarStart(today)
  const oldest = backups[0]
  const end = Date.parse(today) + DAY
  const first = Math.min(end - DAY, Math.max(start, oldest === undefined ? end : Date.parse(dayOf(oldest.time))))
  const days = Math.round((end - first) / DAY)
  if (days <= DAILY) return { from: end - days * DAY, step: DAY, count: days }
  const from = mondayOf(first)
  return { from, step: WEEK, count: Math.ceil((end - from) / WEEK) }
}

export function chartsOf({ backups }: Pick<ComponentHistory, 'backups'>, now: string): Charts {
  const regular = backups.filter(
    ({ purpose, time }) => purpose === undefined && Date.parse(time) <= Date.parse(now) + DAY,
  )
  const good = regular.filter(({ status }) => status === 'complete' || status === 'unread')
  const span = spanOf(regular, now)
  const collect = (
    points: Iterable<readonly [time: number, value: number]>,
    join: (before: number, value: number) => number,
  ): Series => {
    const values = new Array<number | undefined>(span.count).fill(undefined)
    for (const [time, value] of points) {
      const index = Math.floor((time - span.from) / span.step)
      if (index < 0 || index >= span.count) continue
      const before = values[index]
      values[index] = before === undefined ? value : join(before, value)
    }
    return { span, values }
  }
  const readable = good.filter(({ status }) => status !== 'unread')
  return {
    size: collect(
      readable.map(({ time, bytes }) => [Date.parse(time), bytes]),
      (_, value) => value,
    ),
    fresh: collect(
      readable.flatMap(({ time, new: fresh }) => (fresh === undefined ? [] : [[Date.parse(time), fresh] as const])),
      (sum, value) => sum + value,
    ),
    restore: collect(
      regular.flatMap(({ proof }) =>
        proof?.restoreSeconds === undefined ? [] : [[Date.parse(proof.time), proof.restoreSeconds] as const],
      ),
      Math.max,
    ),
    gap: collect(gapPoints(good, span, Date.parse(now)), Math.max),
  }
}

/** Each gap counts in every step that it reaches into, by as much of it as had passed at that step's end. */
function* gapPoints(
  good: readonly HistoryBackup[],
  { from, step, count }: Span,
  now: number,
): Iterable<readonly [number, number]> {
  for (const [index, { time }] of good.entries()) {
    const start = Date.parse(time)
    const end = Math.min(now, Date.parse(good[index + 1]?.time ?? new Date(now).toISOString()))
    const first = Math.max(0, Math.floor((start - from) / step))
    const last = Math.min(count - 1, Math.floor((end - from) / step))
    for (let at = first; at <= last; at++) {
      const stepStart = from + at * step
      const reached = Math.min(end, stepStart + step - 1)
      yield [Math.max(stepStart, start), (reached - start) / 1000]
    }
  }
}
