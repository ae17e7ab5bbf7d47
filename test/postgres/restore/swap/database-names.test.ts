import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  isDiscardable,
  keptName,
  leftoversOf,
  restoringName,
} from '../../../../src/postgres/restore/swap/database-names.ts'

const ID = '20261123T020000Z-7f3a91'

test('the old database is named by the backup that took its place', () => {
  expect(keptName('shop', ID, new Set())).toBe('shop_before_20261123T020000Z-7f3a91')
  expect(restoringName('shop', () => new Uint8Array([1, 2, 255]))).toBe('shop_restoring_0102ff')
})

test('a name that is taken gets a number', () => {
  const taken = new Set([`shop_before_${ID}`, `shop_before_${ID}-2`])
  expect(keptName('shop', ID, taken)).toBe(`shop_before_${ID}-3`)
})

test('a backup of other origin is named by the moment', () => {
  const name = keptName('shop', 'shop.sql.gz.enc', new Set(), new Date('2026-11-23T02:00:00Z'), () => new Uint8Array(3))
  expect(name).toBe('shop_before_20261123T020000Z-000000')
})

test('names fit into 63 bytes, characters stay whole, and what was made is known again', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 70 }), database => {
      for (const name of [keptName(database, ID, new Set()), restoringName(database)]) {
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63)
        expect(isDiscardable(name)).toBe(true)
        const { kept, restoring } = leftoversOf(database, [name, database])
        expect([...kept, ...restoring]).toEqual([name])
      }
    }),
  )
})

test.each(['shop', 'shop_before_migration', 'shop_before_2026', `shop_before_${ID}x`, 'shop_restoring_now', ''])(
  '%j is nothing to discard',
  name => expect(isDiscardable(name)).toBe(false),
)

test('remains of another database are not counted', () => {
  expect(leftoversOf('shop', [`shop2_before_${ID}`, 'workshop_restoring_0102ff'])).toEqual({ kept: [], restoring: [] })
})
