import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  ERROR_RESPONSE,
  greeting,
  MessageScanner,
  parseErrorResponse,
  READY_FOR_QUERY,
} from '../../../src/postgres/schema/wire.ts'

function message(type: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(5)
  head[0] = type
  head.writeUInt32BE(payload.length + 4, 1)
  return Buffer.concat([head, payload])
}

test('messages are found at their ends, however the stream is cut', () => {
  const type = fc.constantFrom(0x44, 0x43, 0x5a, ERROR_RESPONSE)
  fc.assert(
    fc.property(
      fc.array(fc.tuple(type, fc.uint8Array({ maxLength: 40 }))),
      fc.integer({ min: 1, max: 50 }),
      (list, size) => {
        const stream = Buffer.concat(list.map(([type, payload]) => message(type, payload)))
        const found: [number, Buffer][] = []
        const scanner = new MessageScanner()
        for (let at = 0; at < stream.length; at += size) {
          scanner.scan(stream.subarray(at, at + size), (type, payload) => found.push([type, payload]))
        }
        expect(found).toEqual(
          list.map(([type, payload]) => [type, Buffer.from(type === ERROR_RESPONSE ? payload : [])]),
        )
      },
    ),
  )
})

test('the payload of an error is kept up to a limit', () => {
  const lengths: number[] = []
  new MessageScanner().scan(message(ERROR_RESPONSE, new Uint8Array(1_000_000)), (_type, payload) =>
    lengths.push(payload.length),
  )
  expect(lengths).toEqual([65_536])
})

test('an error response is read field by field', () => {
  const payload = Buffer.from('SERROR\0VERROR\0C42501\0Mno\0Dbecause\0Wthere\0\0')
  expect(parseErrorResponse(payload)).toEqual({
    message: 'no',
    code: '42501',
    detail: 'because',
    hint: undefined,
    where: 'there',
  })
  expect(parseErrorResponse(Buffer.alloc(0)).message).toBe('an error without a message')
})

test('a greeting is well-formed messages that end in readiness', () => {
  const types: number[] = []
  new MessageScanner().scan(greeting({ a: '1', b: 'ü' }), type => types.push(type))
  expect(String.fromCharCode(...types)).toBe('RSSKZ')
  expect(types.at(-1)).toBe(READY_FOR_QUERY)
})
