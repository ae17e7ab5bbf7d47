/** The next backup is due after the usual gap, whatever single backups do. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { largestGap, nextDue } from '../../src/engine/rhythm.ts'

const HOUR = 60 * 60 * 1000
const at = (...hours: readonly number[]) => hours.map(hour => new Date(Date.UTC(2026, 10, 1) + hour * HOUR))

test('a daily backup is due a day after the last', () => {
  expect(nextDue(at(0, 24, 48))).toEqual(at(72)[0])
})

test('nothing is due where there is no rhythm yet', () => {
  expect(nextDue([])).toBeUndefined()
  expect(nextDue(at(5))).toBeUndefined()
  expect(nextDue(at(5, 5))).toBeUndefined()
})

test('neither a gap nor a backup made by hand changes when the next is due', () => {
  expect(nextDue(at(0, 24, 48, 240, 264))).toEqual(at(288)[0])
  expect(nextDue(at(0, 24, 48, 49, 72, 96))).toEqual(at(120)[0])
})

test('a schedule that was changed shows after a few backups', () => {
  const daily = Array.from({ length: 30 }, (_, day) => day * 24)
  const hourly = Array.from({ length: 6 }, (_, hour) => 29 * 24 + hour + 1)
  expect(nextDue(at(...daily, ...hourly))).toEqual(at(29 * 24 + 7)[0])
})

test('the largest gap counts the time since the last one, and not what is long ago', () => {
  const [now] = at(60)
  if (now === undefined) throw new Error('no time')
  expect(largestGap([], now)).toBeUndefined()
  expect(largestGap(at(0, 24, 30), now)).toBe(30 * HOUR)
  expect(largestGap(at(0, 40, 59), now)).toBe(40 * HOUR)
  expect(largestGap(at(-900, ...Array.from({ length: 10 }, (_, index) => 50 + index)), now)).toBe(HOUR)
})

test('whatever the history and its order: due after the newest, by a gap that there was', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 9000 }), { minLength: 2, maxLength: 40 }), hours => {
      const times = at(...hours)
      const due = nextDue(times)
      expect(nextDue(times.toReversed())).toEqual(due)
      if (due === undefined) return
      const newest = Math.max(...times.map(time => time.getTime()))
      expect(due.getTime()).toBeGreaterThan(newest)
      expect(due.getTime() - newest).toBeLessThanOrEqual(largestGap(times, new Date(newest)) ?? 0)
    }),
  )
})
