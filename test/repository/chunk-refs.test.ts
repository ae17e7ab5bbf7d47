import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ChunkRefs } from '../../src/repository/chunk-refs.ts'

const ref = fc.record({
  id: fc.integer({ min: 0, max: 2 }).map(byte => Buffer.alloc(16, byte)),
  pack: fc.nat(3),
  offset: fc.nat(20),
  length: fc.constantFrom(1, 2),
  plain: fc.constantFrom(1, 2),
})

test('each statement is kept once, and found by its pack', () => {
  fc.assert(
    fc.property(fc.array(ref, { maxLength: 300 }), all => {
      const refs = new ChunkRefs()
      for (const one of all) refs.add(one)
      for (let pack = 0; pack <= 4; pack++) {
        const texts = all.filter(one => one.pack === pack).map(text)
        expect([...refs.of(pack)].map(text).sort()).toEqual([...new Set(texts)].sort())
      }
    }),
  )
})

test('thousands are kept apart while the table grows, and added again change nothing', () => {
  const refs = new ChunkRefs()
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 5_000; i++) {
      const id = Buffer.alloc(16)
      id.writeUInt32LE(i)
      refs.add({ id, pack: i % 7, offset: Math.floor(i / 7) * 100_000, length: 100, plain: 200 })
    }
  }
  const counts = [0, 1, 2, 3, 4, 5, 6].map(pack => [...refs.of(pack)].length)
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(5_000)
  expect([...refs.of(3)].every(({ id, offset }) => id.readUInt32LE() === (offset / 100_000) * 7 + 3)).toBe(true)
})

function text({ id, ...numbers }: { readonly id: Buffer }): string {
  return JSON.stringify({ ...numbers, id: id.toString('hex') })
}
