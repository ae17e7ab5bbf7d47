import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ChunkPlaces } from '../../src/repository/chunk-places.ts'

const idOf = (number: number) => createHash('sha256').update(String(number)).digest().subarray(0, 16)

test('finds the first chunk of each id and keeps every place, as a Map would', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 3000 }), { maxLength: 4000 }), numbers => {
      const places = new ChunkPlaces()
      const first = new Map<number, number>()
      numbers.forEach((number, position) => {
        const row = places.add(idOf(number), number)
        expect(row).toBe(position)
        if (!first.has(number)) first.set(number, row)
        if (number % 3 > 0) places.place(row, { pack: number, offset: position, length: number + 1 })
      })
      for (const number of new Set([...numbers, 5000])) expect(places.find(idOf(number))).toBe(first.get(number) ?? -1)
      numbers.forEach((number, row) => {
        const placed = number % 3 > 0
        expect(places.at(row)).toMatchObject({
          plain: number,
          placed,
          ...(placed ? { pack: number, offset: row, length: number + 1 } : {}),
        })
        expect(places.at(row).id.equals(idOf(number))).toBe(true)
      })
    }),
    { numRuns: 20 },
  )
})

test('ids that begin alike are told apart', () => {
  const places = new ChunkPlaces()
  const ids = Array.from({ length: 300 }, (_, i) =>
    Buffer.concat([Buffer.alloc(14, 7), Buffer.from([i >> 8, i & 255])]),
  )
  for (const id of ids) places.add(id, 1)
  ids.forEach((id, row) => {
    expect(places.find(id)).toBe(row)
  })
})
