/** The calendar of a component: a column for each week of the last year, a cell for each day, to be walked by arrow keys. */
import type { Component } from '../format/manifest.ts'
import { dayOf, longDay, monthName, weeksUntil } from './calendar-days.ts'
import type { ComponentHistory, HistoryBackup } from './history-report.ts'
import { hasFlaw, MARK_WORDS, type Mark, markOfDay, markSvg } from './html-marks.ts'
import { countText } from './quantities.ts'

const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] as const
/** Weeks that a month needs for its name to fit above them. */
const MONTH_WEEKS = 3

export type ByDay = ReadonlyMap<string, readonly HistoryBackup[]>

/** Backups by UTC day, in their order. */
export function byDay(backups: readonly HistoryBackup[]): ByDay {
  const days = new Map<string, HistoryBackup[]>()
  for (const backup of backups) {
    const day = dayOf(backup.time)
    const others = days.get(day)
    if (others === undefined) days.set(day, [backup])
    else others.push(backup)
  }
  return days
}

export function calendarHtml({ component }: ComponentHistory, days: ByDay, today: string): string {
  const weeks = weeksUntil(today)
  const rows = WEEKDAYS.map((name, weekday) => {
    const cells = weeks.map(week => cellHtml(component, week[weekday], days, today)).join('')
    return `<tr><th scope="row"><span aria-hidden="true">${weekday % 2 === 0 ? name.slice(0, 3) : ''}</span><span class="sr">${name}</span></th>${cells}</tr>`
  })
  return `<div class="scroll"><table role="grid" class="calendar" aria-label="Calendar of ${component}, one column a week"><thead><tr aria-hidden="true"><td></td>${monthsHtml(weeks)}</tr></thead><tbody>
${rows.join('\n')}
</tbody></table></div>`
}

/** Every mark that there may be, and what it means. */
export function legendHtml(): string {
  const entries = (Object.entries(MARK_WORDS) as [Mark, string][]).map(
    ([mark, words]) => `<li>${markSvg(mark)} ${words}</li>`,
  )
  return `<ul class="legend" aria-label="Marks">${entries.join('')}<li>${markSvg('complete', true)} With a failed or partial run, too</li><li><span class="m nothing"></span> No backup</li></ul>`
}

function cellHtml(component: Component, day: string | undefined, days: ByDay, today: string): string {
  if (day === undefined) return '<td class="future"></td>'
  const backups = days.get(day) ?? []
  const mark = markOfDay(backups)
  const index = day === today ? '0' : '-1'
  const label = `${longDay(day)}, ${component}: ${describe(backups, mark)}`
  const shown = mark === undefined ? '' : markSvg(mark, hasFlaw(backups))
  return `<td data-d="${day}" tabindex="${index}" aria-selected="false" aria-label="${label}">${shown}</td>`
}

function describe(backups: readonly HistoryBackup[], mark: Mark | undefined): string {
  if (mark === undefined) return 'no backup'
  const flaw = hasFlaw(backups) ? ', with a failed or partial run, too' : ''
  return `${countText(backups.length, 'record')}, ${MARK_WORDS[mark].toLowerCase()}${flaw}`
}

/** A month's name stands above the week in which it begins. */
function monthsHtml(weeks: readonly (readonly (string | undefined)[])[]): string {
  const months: { name: string; weeks: number }[] = []
  let last = ''
  for (const week of weeks) {
    const day = week.findLast(day => day !== undefined) ?? ''
    const month = day.slice(0, 7)
    const current = months.at(-1)
    if (month === last && current !== undefined) current.weeks++
    else months.push({ name: monthName(Date.parse(day)), weeks: 1 })
    last = month
  }
  return months.map(({ name, weeks }) => `<td colspan="${weeks}">${weeks < MONTH_WEEKS ? '' : name}</td>`).join('')
}
