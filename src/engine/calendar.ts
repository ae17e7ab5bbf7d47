/** Periods of the UTC calendar, as retention counts them. Each key sorts by time and names its period to people. */

const DAY = 24 * 60 * 60 * 1000

export const PERIODS = {
  hour: time => time.toISOString().slice(0, 13),
  day: time => time.toISOString().slice(0, 10),
  week: isoWeek,
  month: time => time.toISOString().slice(0, 7),
  year: time => time.toISOString().slice(0, 4),
} as const satisfies Readonly<Record<string, (time: Date) => string>>

export type Period = keyof typeof PERIODS

/** `2026-W53`. Weeks begin on Monday and belong to the year that holds their Thursday (ISO 8601). */
function isoWeek(time: Date): string {
  const weekday = (time.getUTCDay() + 6) % 7
  const thursday = new Date(time.getTime() + (3 - weekday) * DAY)
  const year = thursday.getUTCFullYear()
  const week = 1 + Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * DAY))
  return `${year}-W${String(week).padStart(2, '0')}`
}
