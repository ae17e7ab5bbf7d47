/** The state of a component follows from its backups alone. */
import { expect, test } from 'vitest'
import { failure, listed, NOW, proof, report } from '../report/sample-history.ts'

const HOUR = 60 * 60 * 1000
const DAY = 24 * HOUR
const now = NOW.getTime()
const daily = (from: number, to = 12) =>
  Array.from({ length: to - from }, (_, index) => listed('database', now - (from + index) * DAY - HOUR))

function stateOf(...backups: ReturnType<typeof listed>[]) {
  const [history] = report(backups).components
  if (history === undefined) throw new Error('no component')
  return history
}

test('a component is good when its newest backup is, and the next is due after the usual gap', () => {
  const history = stateOf(...daily(0))
  expect(history).toMatchObject({ state: 'good', usualGap: 86_400, failedSince: 0 })
  expect(history.nextDue).toBe(new Date(now + 23 * HOUR).toISOString())
  expect(history.backups.map(({ time }) => time)).toEqual(history.backups.map(({ time }) => time).toSorted())
})

test('it is late when a quarter of the usual gap has passed beyond the due time, not before', () => {
  const late = (hours: number) =>
    daily(1).map(one => ({ ...one, time: new Date(Date.parse(one.time) + HOUR - hours * HOUR).toISOString() }))
  expect(stateOf(...late(5.9)).state).toBe('good')
  expect(stateOf(...late(6.1)).state).toBe('late')
})

test('a failed or damaged record after the last good one counts, an earlier one does not', () => {
  expect(stateOf(...daily(1), listed('database', now - HOUR, failure('x')))).toMatchObject({
    state: 'failing',
    failedSince: 1,
  })
  expect(stateOf(...daily(0), listed('database', now - 2 * HOUR, failure('x')))).toMatchObject({
    state: 'good',
    failedSince: 0,
  })
})

test('a proof that failed counts until a newer backup is verified', () => {
  const failed = listed('database', now - 2 * DAY, { proof: proof(now - DAY, 'failed', 60) })
  expect(stateOf(failed, ...daily(0)).state).toBe('disproved')
  const verified = listed('database', now - DAY, { proof: proof(now - HOUR, 'verified', 60) })
  expect(stateOf(failed, verified, ...daily(0))).toMatchObject({ state: 'good', lastVerified: { id: verified.id } })
})

test('safety backups, and what counts for nothing, say nothing of the rhythm', () => {
  const safety = listed('database', now - HOUR / 2, { purpose: 'safety' })
  const discounted = (['future', 'other-key', 'other-store', 'unclear-store'] as const).map((discount, hours) =>
    listed('database', now + hours * DAY, { discount, proof: proof(now, 'verified', 60) }),
  )
  expect(stateOf(...daily(0), safety, ...discounted)).toMatchObject({
    state: 'good',
    lastGood: { id: daily(0)[0]?.id },
  })
  expect(stateOf(safety)).toMatchObject({ state: 'none' })
})

test('components that the store knows nothing of are left out', () => {
  expect(report(daily(0)).components.map(({ component }) => component)).toEqual(['database'])
  expect(report([]).components).toEqual([])
})
