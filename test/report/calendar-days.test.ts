/** The calendar has every day of the last year once, whatever the year and the clock's zone. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { calendarStart, dayOf, longDay, shortDay, weeksUntil } from '../../src/report/calendar-days.ts'
import { byDay, calendarHtml } from '../../src/report/html-calendar.ts'
import { listed, NOW, report } from './sample-history.ts'

const DAY = 24 * 60 * 60 * 1000

describe('the days of a calendar', () => {
  test('a leap day is a day like any other', () => {
    const days = weeksUntil('2028-11-30').flat()
    expect(days).toContain('2028-02-29')
    expect(weeksUntil('2026-11-30').flat()).not.toContain('2026-02-29')
  })

  test('a day at which clocks are changed is as long as any other', () => {
    const days = weeksUntil('2026-11-25').flat()
    for (const day of ['2026-03-28', '2026-03-29', '2026-03-30', '2026-10-25', '2026-10-26']) {
      expect(days.filter(other => other === day)).toHaveLength(1)
    }
  })

  test('every day until today is there once, Mondays first, and no later one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40_000 }), number => {
        const today = new Date(number * DAY).toISOString().slice(0, 10)
        const weeks = weeksUntil(today)
        const days = weeks.flat().filter(day => day !== undefined)
        expect(weeks).toHaveLength(53)
        expect(days.length).toBeGreaterThanOrEqual(365)
        expect(days.at(-1)).toBe(today)
        expect(new Set(days).size).toBe(days.length)
        expect(days).toEqual(days.toSorted())
        for (const [monday] of weeks) expect(new Date(monday ?? '').getUTCDay()).toBe(1)
        expect(days[0]).toBe(new Date(calendarStart(today)).toISOString().slice(0, 10))
      }),
    )
  })

  test('days are named in UTC', () => {
    expect(dayOf('2026-11-23T23:59:59.999Z')).toBe('2026-11-23')
    expect(longDay('2026-11-23')).toBe('Monday 23 November 2026')
    expect(shortDay(Date.parse('2026-09-03'))).toBe('3 Sep 2026')
  })
})

describe('a calendar', () => {
  const of = (...backups: ReturnType<typeof listed>[]) => {
    const [history] = report(backups).components
    if (history === undefined) throw new Error('no component')
    return calendarHtml(history, byDay(history.backups), dayOf(NOW.toISOString()))
  }
  const cell = (html: string, day: string) => new RegExp(`<td data-d="${day}".*?</td>`).exec(html)?.[0]

  test('a day with a proof that failed shows that, beside good backups, too', () => {
    const time = Date.parse('2026-11-20T02:00:00Z')
    const proof = { verdict: 'failed', time: '2026-11-20T04:00:00Z', authenticated: true } as const
    const html = of(listed('database', time), listed('database', time + 1000, { proof }))
    expect(cell(html, '2026-11-20')).toContain(
      'Friday 20 November 2026, database: 2 records, did not restore as it was',
    )
    expect(cell(html, '2026-11-20')).toContain('#m-disproved')
  })

  test('a failed run does not vanish behind a good one of the same day', () => {
    const time = Date.parse('2026-11-20T02:00:00Z')
    const html = of(listed('database', time, { status: 'failed' }), listed('database', time + 1000))
    expect(cell(html, '2026-11-20')).toContain('#m-complete')
    expect(cell(html, '2026-11-20')).toContain('with a failed or partial run, too')
  })

  test('today alone can be reached by Tab, and days to come not at all', () => {
    const html = of(listed('database', Date.parse('2026-11-20T02:00:00Z')))
    expect(html.match(/tabindex="0"/g)).toHaveLength(1)
    expect(cell(html, '2026-11-25')).toContain('tabindex="0"')
    expect(cell(html, '2026-11-26')).toBeUndefined()
    expect(html).toMatch(/<table role="grid"/)
  })
})
