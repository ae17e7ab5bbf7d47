/** What charts show agrees with the backups, by days of a young store and by weeks of an old one. */
import { describe, expect, test } from 'vitest'
import { chartsOf, spanOf } from '../../src/report/chart-series.ts'
import { listed, NOW, proof, report } from './sample-history.ts'

const HOUR = 60 * 60 * 1000
const DAY = 24 * HOUR
const TODAY = Date.parse('2026-11-25')
const now = NOW.toISOString()

function series(...backups: ReturnType<typeof listed>[]) {
  const [history] = report(backups).components
  return chartsOf(history ?? { backups: [] }, now)
}

describe('the span', () => {
  test('a young store is shown by days from its first backup to today', () => {
    const { backups } = report([listed('database', TODAY - 5 * DAY + HOUR)]).components[0] ?? { backups: [] }
    expect(spanOf(backups, now)).toEqual({ from: TODAY - 5 * DAY, step: DAY, count: 6 })
  })

  test('an old one by weeks, of a year at the most', () => {
    const { backups } = report([listed('database', TODAY - 3000 * DAY)]).components[0] ?? { backups: [] }
    expect(spanOf(backups, now)).toMatchObject({ step: 7 * DAY, count: 53 })
  })

  test('no backup, and one from today, make one day', () => {
    expect(spanOf([], now)).toEqual({ from: TODAY, step: DAY, count: 1 })
    const { backups } = report([listed('database', TODAY + HOUR)]).components[0] ?? { backups: [] }
    expect(spanOf(backups, now)).toEqual({ from: TODAY, step: DAY, count: 1 })
  })
})

describe('the values', () => {
  test('size is that of the newest, new bytes are added up', () => {
    const { size, fresh } = series(
      listed('database', TODAY - DAY + HOUR, { bytes: 10, new: 4 }),
      listed('database', TODAY - DAY + 2 * HOUR, { bytes: 12, new: 3 }),
      listed('database', TODAY + HOUR, { bytes: 11, new: 0 }),
    )
    expect(size.values).toEqual([12, 11])
    expect(fresh.values).toEqual([7, 0])
  })

  test('failed runs and safety backups have no size', () => {
    const { size } = series(
      listed('database', TODAY - DAY, { status: 'failed', bytes: 99 }),
      listed('database', TODAY, { purpose: 'safety', bytes: 99 }),
    )
    expect(size.values).toEqual([undefined, undefined])
  })

  test('a restore counts on the day of its proof', () => {
    const { restore } = series(
      listed('database', TODAY - 2 * DAY, { proof: proof(TODAY - DAY + HOUR, 'verified', 75) }),
      listed('database', TODAY - DAY),
    )
    expect(restore.values).toEqual([undefined, 75, undefined])
  })

  test('a gap grows day by day until the next backup, and to this moment', () => {
    const { gap } = series(listed('database', TODAY - 3 * DAY), listed('database', TODAY - DAY))
    const hours = gap.values.map(value => Math.round((value ?? 0) / 3600))
    expect(hours).toEqual([24, 48, 48, 32])
  })
})
