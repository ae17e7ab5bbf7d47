import { expect, test } from 'vitest'
import {
  checkPassphrase,
  deriveChainKeys,
  derivePackKey,
  keyId,
  MAX_ITERATIONS,
  MIN_PASSPHRASE,
  newPassphrase,
} from '../../src/format/keys.ts'

const PASSPHRASE = 'correct horse battery staple'
const ID_SALT = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex')
const SALT = ID_SALT.subarray(0, 8)

test('a pack key is PBKDF2 as OpenSSL does it', async () => {
  const { salt, key, iv } = await derivePackKey(PASSPHRASE, SALT, 1000)
  expect(salt).toEqual(SALT)
  expect(key.toString('hex')).toBe('f71a6dfd0a063ef39d53cf4a64b5dd3a86461a26ce1fdce50fb17bf42e63f067')
  expect(iv.toString('hex')).toBe('53f9553245670128adbb3b9cbb3b1ad8')
})

test('the chain keys are the ones that the specification names', async () => {
  const { id, mac, ...others } = await deriveChainKeys(PASSPHRASE, ID_SALT, 1000)
  const keys = { ...others, id: id.export(), mac: mac.export() }
  const hex = Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, key.toString('hex')]))
  expect(hex).toEqual({
    mac: '9aef0f0717ffa66a43dfb3ba86eb968137753218272c8d48cd49c9fd7a879035',
    id: '0aa58bb0cbd224e20be7e5a6b68766f5e834b7feaa962117502dd1aacdd8f0d5',
    gear: 'd4f12f1bcd1babda5a9e07e7ff3df1fc2bdc457defabf94878e4e31856776e3a',
    source: '1e814075c643547d5d4ee355d5bd9985abc98211ad97da990b327d66cad1e80c',
  })
})

test('the key id names a passphrase without a store at hand', async () => {
  expect(await keyId(PASSPHRASE)).toBe('3349f67da44408ca')
})

test.each([0, -1, 1.5, Number.NaN, MAX_ITERATIONS + 1])('%d iterations are refused at once', async iterations => {
  await expect(derivePackKey(PASSPHRASE, SALT, iterations)).rejects.toMatchObject({ code: 'damaged' })
  await expect(deriveChainKeys(PASSPHRASE, ID_SALT, iterations)).rejects.toMatchObject({ code: 'damaged' })
})

test('a salt of the wrong length is refused', async () => {
  await expect(derivePackKey(PASSPHRASE, ID_SALT, 1)).rejects.toThrow(RangeError)
  await expect(deriveChainKeys(PASSPHRASE, SALT, 1)).rejects.toThrow(RangeError)
})

test('a new passphrase is long, different each time, and passes the check', () => {
  const passphrase = newPassphrase()
  expect(Buffer.from(passphrase, 'base64')).toHaveLength(32)
  expect(newPassphrase()).not.toBe(passphrase)
  checkPassphrase(passphrase)
})

test.each([
  ['one character too few', 'a'.repeat(MIN_PASSPHRASE - 1), 'weak-key'],
  ['emoji counted as one character each', '🔑'.repeat(MIN_PASSPHRASE - 1), 'weak-key'],
  ['nothing', '', 'weak-key'],
  ['a line break', `${PASSPHRASE}\n`, 'usage'],
  ['a carriage return', `${PASSPHRASE}\r`, 'usage'],
  ['a NUL', `${PASSPHRASE}\0more`, 'usage'],
  ['more bytes than OpenSSL reads', 'ä'.repeat(251), 'usage'],
  ['half a character', `${PASSPHRASE}\ud800`, 'usage'],
])('a passphrase is refused for %s', (_, text, code) => {
  expect(() => checkPassphrase(text)).toThrow(expect.objectContaining({ code }))
})

test.each(['a'.repeat(MIN_PASSPHRASE), 'ä'.repeat(250), `${PASSPHRASE} `])('%j is accepted', text => {
  checkPassphrase(text)
})
