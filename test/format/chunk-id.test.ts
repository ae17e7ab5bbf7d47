import { expect, test } from 'vitest'
import { CHUNK_ID_BYTES, chunkId } from '../../src/format/chunk-id.ts'

const KEY = Buffer.alloc(32, 7)

test.each([
  ['hello', '290af183d08286ae740dfed386724985'],
  ['', '9dac6a74401b46ed9b489d0e19d68d1b'],
])('the id of %j is the first half of its HMAC-SHA256', (text, id) => {
  expect(chunkId(KEY, Buffer.from(text)).toString('hex')).toBe(id)
  expect(id).toHaveLength(2 * CHUNK_ID_BYTES)
})

test('another key gives another id', () => {
  expect(chunkId(Buffer.alloc(32, 8), Buffer.from('hello'))).not.toEqual(chunkId(KEY, Buffer.from('hello')))
})
