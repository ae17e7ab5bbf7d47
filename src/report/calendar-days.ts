/** Days of the UTC calendar as `2026-11-23`: none of them is longer or shorter than another. */

/** Milliseconds. */
export const DAY = 24 * 60 * 60 * 1000
export const WEEK = 7 * DAY
/** Columns of a calendar: the weeks of a year, and the one that has begun. */
const WEEKS = 53

/** The UTC day of an ISO time. */
export function dayOf(iso: string): string {
  return new Date(iso).toISOString().slice(0, 10)
}

/** The Monday with which the calendar begins that ends with this day, in milliseconds. */
export function calendarStart(today: string): number {
  return mondayOf(Date.parse(today)) - (WEEKS - 1) * WEEK
}

/** By columns, Monday first; undefined for the days of the last week that are still to come. */
export function weeksUntil(today: string): readonly (readonly (string | undefined)[])[] {
  const start = calendarStart(today)
  return Array.from({ length: WEEKS }, (_, week) =>
    Array.from({ length: 7 }, (_, weekday) => {
      const day = new Date(start + week * WEEK + weekday * DAY).toISOString().slice(0, 10)
      return day > today ? undefined : day
    }),
  )
}

export function mondayOf(time: number): number {
  const day = Math.floor(time / DAY) * DAY
  return day - ((new Date(day).getUTCDay() + 6) % 7) * DAY
}

const LONG = new Intl.DateTimeFormat('en-GB', {
  weekday: 'long',
  day: 'numeric',
  month: 'long',
  year: 'numeric',
  timeZone: 'UTC',
})
// British English has `Sept`, which is no abbreviation of the same width as the others.
const MONTH = new Intl.DateTimeFormat('en-US', { month: 'short', timeZone: 'UTC' })

/** `Monday 23 November 2026`. */
export function longDay(day: string): string {
  return LONG.format(new Date(day)).replace(',', '')
}

/** `23 Nov 2026`. */
export function shortDay(time: number): string {
  const date = new Date(time)
  return `${date.getUTCDate()} ${monthName(time)} ${date.getUTCFullYear()}`
}

/** `Nov`. */
export function monthName(time: number): string {
  return MONTH.format(new Date(time))
}
