import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isDue } from '../../src/engine/check-sample.ts'

const DAY = 24 * 60 * 60 * 1000

test('within ceil(100 / percent) days in a row every object is due at least once, whatever the first day', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 100 }), fc.nat(60_000), (name, percent, first) => {
      const days = Array.from({ length: Math.ceil(100 / percent) }, (_, day) => new Date((first + day) * DAY))
      expect(days.some(day => isDue(name, percent, day))).toBe(true)
    }),
    { numRuns: 2_000 },
  )
})

test('a day reads about as many of a hundred objects as asked for, and the same ones at any hour', () => {
  const names = Array.from({ length: 5_000 }, (_, number) => `database/b/01-data-${number}.sql.gz.enc`)
  for (const percent of [1, 10, 33, 60, 99]) {
    const due = (time: string) => names.filter(name => isDue(name, percent, new Date(time)))
    const morning = due('2026-11-23T00:00:00Z')
    expect(Math.abs(morning.length / 50 - percent)).toBeLessThan(3)
    expect(due('2026-11-23T23:59:59Z')).toEqual(morning)
  }
})

test('100 percent is everything, 0 percent nothing', () => {
  fc.assert(
    fc.property(fc.string(), fc.date({ noInvalidDate: true, min: new Date(0) }), (name, now) => {
      expect(isDue(name, 100, now)).toBe(true)
      expect(isDue(name, 0, now)).toBe(false)
    }),
  )
})
