import { expect, test } from 'vitest'
import { OfferFilter } from '../../../src/postgres/migrate/startup.ts'

function offer(...mechanisms: readonly string[]): Buffer {
  const payload = Buffer.concat([
    Buffer.from([0, 0, 0, 10]),
    Buffer.from(mechanisms.map(name => `${name}\0`).join('')),
    Buffer.from([0]),
  ])
  return message('R', payload)
}

function message(type: string, payload: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.write(type)
  head.writeUInt32BE(payload.length + 4, 1)
  return Buffer.concat([head, payload])
}

const rest = Buffer.from('and whatever follows')

test.each([1, 7, 1_000])('channel binding is not offered to a client, in pieces of %d bytes', size => {
  const bytes = Buffer.concat([message('v', Buffer.alloc(8)), offer('SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256'), rest])
  const filter = new OfferFilter()
  const passed: Buffer[] = []
  for (let at = 0; at < bytes.length; at += size) passed.push(filter.pass(bytes.subarray(at, at + size)))
  expect(Buffer.concat(passed)).toEqual(Buffer.concat([message('v', Buffer.alloc(8)), offer('SCRAM-SHA-256'), rest]))
})

test.each([
  ['another way to authenticate', Buffer.concat([message('R', Buffer.from([0, 0, 0, 5, 1, 2, 3, 4])), rest])],
  ['an error', message('E', Buffer.from('SFATAL\0\0'))],
])('%s passes as it is', (_, bytes) => {
  expect(new OfferFilter().pass(bytes)).toEqual(bytes)
})
