/** What the real openssl and gzip write is read back, whatever way they were called. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeEach, expect, test } from 'vitest'
import type { KeySearch } from '../../src/old-scheme/find-key.ts'
import { LEGACY_DERIVATIONS, pbkdf2Derivation } from '../../src/old-scheme/key-derivation.ts'
import { readOldFile } from '../../src/old-scheme/read-old.ts'
import { noise } from '../engine/scene.ts'
import { failure } from '../postgres/round-trip.ts'
import { needTools } from '../support/stock-tool.ts'
import { encrypt, gzip, OLD_KEY, oldPlace } from './old-files.ts'

beforeEach(context => needTools(context, 'openssl', 'gzip'))

const TEXT = Buffer.from('what was backed up\n'.repeat(1000))
const never = new AbortController().signal
const STANDARD = [pbkdf2Derivation(10_000)]

async function read(encrypted: Buffer, search: Partial<KeySearch> = {}): Promise<Buffer> {
  using place = oldPlace()
  const path = join(place.folder, 'old.enc')
  writeFileSync(path, encrypted)
  const all = { name: 'old.enc', path, passphrases: [OLD_KEY], derivations: STANDARD, others: [], ...search }
  const parts: Uint8Array[] = []
  for await (const part of readOldFile(all, never)) parts.push(part)
  return Buffer.concat(parts)
}

test.each([
  ['-pbkdf2', ['-pbkdf2'], STANDARD],
  ['-pbkdf2 -iter 123', ['-pbkdf2', '-iter', '123'], [pbkdf2Derivation(123)]],
  ['nothing, as OpenSSL has it since 1.1.0', [], LEGACY_DERIVATIONS],
  ['nothing, as OpenSSL had it before', ['-md', 'md5'], LEGACY_DERIVATIONS],
])('with %s', async (_, args, derivations) => {
  expect(await read(encrypt(gzip(TEXT), args), { derivations })).toEqual(TEXT)
})

test('the key that opens it is found among others', async () => {
  const passphrases = ['not this one at all', OLD_KEY]
  expect(await read(encrypt(gzip(TEXT)), { passphrases })).toEqual(TEXT)
})

test('a file that wants another option says so', async () => {
  const others = LEGACY_DERIVATIONS.map(derivation => ({ derivation, options: '--legacy-kdf' }))
  const error = await failure(read(encrypt(gzip(TEXT), ['-md', 'md5']), { others }))
  expect(error).toMatchObject({ code: 'wrong-key', hint: 'It opens with --legacy-kdf.' })
})

test('nothing at all, and a single byte', async () => {
  for (const text of ['', 'x']) expect(await read(encrypt(gzip(Buffer.from(text))))).toEqual(Buffer.from(text))
})

test('members that lie behind one another are read as one, wherever a read ends', async () => {
  // A read gives 262,144 bytes, of which the first one's last block comes out later.
  for (const size of [1, 262_127, 262_128, 262_129, 524_272]) {
    const first = memberOf(size)
    expect(await read(encrypt(Buffer.concat([first.bytes, gzip(TEXT)])))).toEqual(Buffer.concat([first.plain, TEXT]))
    for (const garbage of ['x', '\0', 'PK\u0003\u0004 and much more'.repeat(20_000)]) {
      const error = await failure(read(encrypt(Buffer.concat([first.bytes, Buffer.from(garbage)]))))
      expect(error.code, `${JSON.stringify(garbage[0])} behind ${size}`).toBe('damaged')
    }
  }
})

test('a file that is not there has its code', async () => {
  const search = { name: 'x', path: '/nowhere/x.enc', passphrases: [OLD_KEY], derivations: STANDARD, others: [] }
  expect(await failure(readOldFile(search, never).next())).toMatchObject({ code: 'not-found' })
})

test('an abort ends it, and nothing else is told', async () => {
  using place = oldPlace()
  const path = join(place.folder, 'old.enc')
  writeFileSync(path, encrypt(gzip(noise('long', 1_000_000))))
  const abort = new AbortController()
  const search = { name: 'x', path, passphrases: [OLD_KEY], derivations: STANDARD, others: [] }
  const reading = readOldFile(search, abort.signal)
  await reading.next()
  const reason = new Error('enough')
  abort.abort(reason)
  await expect(async () => {
    for await (const _ of reading);
  }).rejects.toBe(reason)
})

/** A gzip member of so many bytes, or of a few more if there is none so small. */
function memberOf(size: number) {
  const all = noise('member', size)
  for (let length = Math.max(0, size - 80); ; length++) {
    const plain = all.subarray(0, length)
    const bytes = gzipSync(plain, { level: 0 })
    if (bytes.length >= size) return { plain, bytes }
  }
}
