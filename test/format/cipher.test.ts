import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cipherRange, createEncryptor, decryptPack, decryptRange, type PackKey } from '../../src/format/cipher.ts'

const KEY: PackKey = { salt: Buffer.from('saltsalt'), key: Buffer.alloc(32, 1), iv: Buffer.alloc(16, 2) }
const PLAIN = randomBytes(1000)
const STORED = encrypt(PLAIN)
const damaged = expect.objectContaining({ code: 'damaged' })

test('a pack is what OpenSSL writes', () => {
  expect(encrypt(Buffer.from('hello')).toString('hex')).toBe(
    '53616c7465645f5f73616c7473616c74aaf7a0b1c5d4d4b8c8abeaa891ec2755',
  )
})

test.each([0, 1, 15, 16, 17, 31, 32, 33, 4096])('%i bytes come back', length => {
  const plain = randomBytes(length)
  const stored = encrypt(plain)
  expect(stored.length).toBe(16 + 16 * (Math.floor(length / 16) + 1))
  expect(decryptPack(KEY, stored).equals(plain)).toBe(true)
})

test('any range can be decrypted from the bytes that cipherRange names', () => {
  fc.assert(
    fc.property(fc.nat(PLAIN.length), fc.nat(PLAIN.length), (a, b) => {
      const range = { offset: Math.min(a, b), length: Math.abs(a - b) }
      const { offset, length } = cipherRange(range)
      const plain = decryptRange(KEY, STORED.subarray(offset, offset + length), range)
      expect(plain.equals(PLAIN.subarray(range.offset, range.offset + range.length))).toBe(true)
    }),
  )
})

test.each([
  [
    { offset: 0, length: 0 },
    { offset: 0, length: 0 },
  ],
  [
    { offset: 0, length: 1 },
    { offset: 0, length: 32 },
  ],
  [
    { offset: 0, length: 16 },
    { offset: 0, length: 32 },
  ],
  [
    { offset: 0, length: 17 },
    { offset: 0, length: 48 },
  ],
  [
    { offset: 15, length: 2 },
    { offset: 0, length: 48 },
  ],
  [
    { offset: 16, length: 16 },
    { offset: 16, length: 32 },
  ],
  [
    { offset: 1000, length: 1 },
    { offset: 992, length: 32 },
  ],
])('the range %j needs the stored bytes %j', (range, needed) => {
  expect(cipherRange(range)).toEqual(needed)
})

test('a range that got too few or too many bytes is damage', () => {
  const range = { offset: 20, length: 20 }
  const { offset, length } = cipherRange(range)
  for (const wrong of [0, 16, length - 1, length + 1]) {
    expect(() => decryptRange(KEY, STORED.subarray(offset, offset + wrong), range)).toThrow(damaged)
  }
  expect(() => decryptRange(KEY, STORED, { offset: 0, length: 0 })).toThrow(damaged)
})

test('a pack cut anywhere is damage or, in the middle, lacks its padding', () => {
  for (let length = 0; length < STORED.length; length++) {
    const outcome = attempt(STORED.subarray(0, length))
    // One cut in 256 leaves bytes that look like padding: only the SHA-256 in the manifest tells. Never more than was there.
    if (Buffer.isBuffer(outcome)) expect(PLAIN.subarray(0, outcome.length).equals(outcome)).toBe(true)
    else expect(outcome).toEqual(damaged)
  }
})

test('a flipped bit in the header is damage', () => {
  for (let bit = 0; bit < 128; bit++) expect(() => decryptPack(KEY, flip(STORED, bit))).toThrow(damaged)
  for (let bit = 0; bit < 128; bit++) {
    expect(() => decryptRange(KEY, flip(STORED.subarray(0, 32), bit), { offset: 0, length: 9 })).toThrow(damaged)
  }
})

test('arbitrary bytes are damage', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), bytes => {
      expect(attempt(bytes)).toEqual(damaged)
    }),
  )
})

test('another key is damage, or garbage that no chunk id matches', () => {
  const outcome = attempt(STORED, { ...KEY, key: Buffer.alloc(32, 9) })
  if (Buffer.isBuffer(outcome)) expect(outcome.equals(PLAIN)).toBe(false)
  else expect(outcome).toEqual(damaged)
})

function encrypt(plain: Uint8Array): Buffer {
  const encryptor = createEncryptor(KEY)
  const half = plain.length >>> 1
  return Buffer.concat([
    encryptor.header,
    encryptor.update(plain.subarray(0, half)),
    encryptor.update(plain.subarray(half)),
    encryptor.final(),
  ])
}

function attempt(bytes: Uint8Array, key = KEY): unknown {
  try {
    return decryptPack(key, bytes)
  } catch (error) {
    return error
  }
}

function flip(bytes: Buffer, bit: number): Buffer {
  const flipped = Buffer.from(bytes)
  flipped[bit >>> 3] = (flipped[bit >>> 3] ?? 0) ^ (1 << (bit & 7))
  return flipped
}
