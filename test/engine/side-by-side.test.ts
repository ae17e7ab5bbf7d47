import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { allSideBySide, sideBySide } from '../../src/engine/side-by-side.ts'

test('results come in the order of the items, never more at work than the width', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(3)), fc.integer({ min: 1, max: 9 }), async (delays, width) => {
      let working = 0
      let most = 0
      const results = await allSideBySide(delays.entries(), width, async ([position, delay]) => {
        working++
        most = Math.max(most, working)
        for (let i = 0; i < delay; i++) await Promise.resolve()
        working--
        return position
      })
      expect(results).toEqual([...delays.keys()])
      expect(most).toBeLessThanOrEqual(width)
      if (delays.length >= width && delays.every(delay => delay > 0)) expect(most).toBe(width)
    }),
  )
})

test('a failure is thrown in its turn, after what came before it, and nothing is left at work', async () => {
  const taken: number[] = []
  let working = 0
  const run = async () => {
    for await (const result of sideBySide([1, 2, 3, 4, 5], 4, async item => {
      working++
      await sleep(item === 2 ? 0 : 5)
      working--
      if (item === 2) throw new Error('two')
      return item
    })) {
      taken.push(result)
    }
  }
  await expect(run()).rejects.toThrow('two')
  expect(taken).toEqual([1])
  expect(working).toBe(0)
})

test('a caller that stops early leaves nothing at work, and begins nothing more', async () => {
  const begun: number[] = []
  let working = 0
  for await (const result of sideBySide([1, 2, 3, 4, 5], 2, async item => {
    begun.push(item)
    working++
    await sleep(1)
    working--
    return item
  })) {
    if (result === 1) break
  }
  expect(working).toBe(0)
  expect(begun).toEqual([1, 2])
})
