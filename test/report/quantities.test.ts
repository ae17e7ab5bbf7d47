import { expect, test } from 'vitest'
import {
  ageText,
  clockText,
  countText,
  durationText,
  rateText,
  sizeText,
  timeText,
} from '../../src/report/quantities.ts'

test.each([
  [0, '0 B'],
  [1, '1 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [9_949, '9.9 kB'],
  [9_950, '10 kB'],
  [38_400_000, '38 MB'],
  [999_499, '999 kB'],
  [999_500, '1.0 MB'],
  [1_080_000_000, '1.1 GB'],
  [5e15, '5.0 PB'],
  [5e18, '5000 PB'],
])('%d bytes read %s', (bytes, text) => {
  expect(sizeText(bytes)).toBe(text)
})

test.each([
  [0, '0 s'],
  [0.04, '0 s'],
  [0.44, '0.4 s'],
  [9.94, '9.9 s'],
  [12.4, '12 s'],
  [59.6, '1 min'],
  [185, '3 min 5 s'],
  [3_599.6, '1 h'],
  [7_800, '2 h 10 min'],
  [86_400, '1 d'],
  [100_800, '1 d 4 h'],
])('%d seconds read %s', (seconds, text) => {
  expect(durationText(seconds)).toBe(text)
})

test.each([
  [-1, '0:00'],
  [7, '0:07'],
  [723, '12:03'],
  [3_723, '1:02:03'],
])('%d seconds on the clock read %s', (seconds, text) => {
  expect(clockText(seconds)).toBe(text)
})

test.each([
  [-5, '0 s'],
  [59, '59 s'],
  [60, '1 min'],
  [3_600, '1 h'],
  [100_000, '27 h'],
  [172_800, '2 d'],
])('%d seconds ago read %s', (seconds, text) => {
  const now = new Date('2026-11-23T02:00:00Z')
  expect(ageText(new Date(now.getTime() - seconds * 1000), now)).toBe(text)
})

test('rates, times and counts', () => {
  expect(rateText(1000, 0)).toBe('0 B/s')
  expect(rateText(184_000_000, 2)).toBe('92 MB/s')
  expect(timeText('2026-11-23T02:00:00.123Z')).toBe('2026-11-23 02:00:00 UTC')
  expect(timeText('never')).toBe('never')
  expect(countText(1, 'backup')).toBe('1 backup')
  expect(countText(1200, 'backup')).toBe('1,200 backups')
})
