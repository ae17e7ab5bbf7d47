/** What a store will hold, by what came. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { forecast, type StoredObject } from '../../src/engine/forecast.ts'

const DAY = 24 * 60 * 60 * 1000
const NOW = new Date('2026-11-23T12:00:00Z')
const days = (count: number) => new Date(NOW.getTime() + count * DAY)
/** `life` in days. */
const object = (age: number, size: number, life?: number): StoredObject => ({
  run: `database/${age}`,
  time: days(-age),
  size,
  ...(life === undefined ? {} : { expiresAt: days(life - age) }),
})

describe('a forecast', () => {
  test('is that as much comes as came in the last thirty days, and nothing goes', () => {
    expect(forecast([object(200, 1000), object(20, 30), object(10, 30)], NOW, undefined)).toEqual({
      bytes: 1120,
      came: 60,
    })
  })

  test('counts what the store itself will have dropped', () => {
    // One that drops everything after ninety days holds what came in the last ninety, and will.
    const old = Array.from({ length: 90 }, (_, age) => object(age + 0.5, 10, 90))
    expect(forecast(old, NOW, undefined)).toEqual({ bytes: 900, came: 300 })
  })

  test('of a young store does not count its first run as often as the others, and waits for a week', () => {
    const young = [object(10, 1000), object(5, 10), object(1, 10)]
    expect(forecast(young, NOW, undefined)).toEqual({ bytes: 1020 + 1060, came: 1060 })
    expect(forecast(young.slice(1), NOW, undefined)).toBeUndefined()
    expect(forecast([], NOW, undefined)).toBeUndefined()
  })

  test('names the first day on which it is more than the quota, and none where it is more already', () => {
    const objects = [object(40, 100), object(3, 30)]
    expect(forecast(objects, NOW, 139)).toMatchObject({ exceeded: '2026-12-03' })
    expect(forecast(objects, NOW, 160)).not.toHaveProperty('exceeded')
    expect(forecast(objects, NOW, 129)).not.toHaveProperty('exceeded')
  })

  test('is never less than what stays, and exceeds a quota that it is above', () => {
    const anyObject = fc
      .record({ age: fc.integer({ min: 0, max: 400 }), size: fc.nat(1000), life: fc.integer({ min: 400, max: 900 }) })
      .map(({ age, size, life }) => object(age, size, life))
    fc.assert(
      fc.property(fc.array(anyObject), fc.nat(100_000), (objects, quota) => {
        const said = forecast(objects, NOW, quota)
        if (said === undefined) return
        const stored = objects.reduce((sum, { size }) => sum + size, 0)
        const stays = objects.reduce(
          (sum, { size, expiresAt }) => sum + (expiresAt && expiresAt > days(30) ? size : 0),
          0,
        )
        expect(said.bytes).toBeGreaterThanOrEqual(stays)
        if (stored <= quota && said.bytes > quota) expect(said.exceeded).toBeDefined()
      }),
    )
  })
})
