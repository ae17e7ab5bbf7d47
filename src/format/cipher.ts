/**
 * Packs are encrypted the way `openssl enc -aes-256-cbc -pbkdf2` does it:
 *
 *      0         8        16        32               n
 *     +---------+---------+---------+------ ... -----+
 *     | Salted__ | salt   | block 1 | block 2 ...    |   PKCS#7 padding in the last block
 *     +---------+---------+---------+------ ... -----+
 *
 * Plain byte p lies in the stored block at 16 + 16 * floor(p / 16), and the 16 stored bytes before that block are its IV:
 * a range can be decrypted alone. For the first block those are the header, and the derived IV takes their place.
 * CBC authenticates nothing: what is decrypted must have been checked (SHA-256 in the manifest) or will be (chunk id).
 */
import { createCipheriv, createDecipheriv } from 'node:crypto'
import { ComebackError } from '../errors.ts'

export interface PackKey {
  /** 8 bytes. */
  readonly salt: Buffer
  /** 32 bytes. */
  readonly key: Buffer
  /** 16 bytes. */
  readonly iv: Buffer
}

export interface Encryptor {
  /** The 16 bytes that come first: `Salted__` and the salt. */
  readonly header: Buffer
  update(plain: Uint8Array): Buffer
  final(): Buffer
}

interface Range {
  readonly offset: number
  readonly length: number
}

const CIPHER = 'aes-256-cbc'
const MAGIC = Buffer.from('Salted__', 'latin1')
const BLOCK = 16
/** Bytes of the header; one block, on which the arithmetic below leans. */
const HEADER = 16

export function createEncryptor(key: PackKey): Encryptor {
  const cipher = createCipheriv(CIPHER, key.key, key.iv)
  return {
    header: Buffer.concat([MAGIC, key.salt]),
    update: plain => cipher.update(plain),
    final: () => cipher.final(),
  }
}

/** The plaintext of a whole pack. `damaged` if it is none, or not one of this key's. */
export function decryptPack(key: PackKey, bytes: Uint8Array): Buffer {
  checkHeader(key, bytes)
  if (bytes.length < HEADER + BLOCK || bytes.length % BLOCK !== 0) {
    throw damaged(`Its ${bytes.length} bytes are no whole number of cipher blocks.`)
  }
  const decipher = createDecipheriv(CIPHER, key.key, key.iv)
  const plain = decipher.update(bytes.subarray(HEADER))
  try {
    return Buffer.concat([plain, decipher.final()])
  } catch (cause) {
    throw damaged('Its padding is wrong.', cause)
  }
}

/** The bytes of the stored pack that are needed to decrypt this range of its plaintext. */
export function cipherRange(range: Range): Range {
  const offset = range.offset - (range.offset % BLOCK)
  if (range.length === 0) return { offset, length: 0 }
  const end = Math.ceil((range.offset + range.length) / BLOCK) * BLOCK + HEADER
  return { offset, length: end - offset }
}

/** The plaintext of a range out of `bytes`, which are exactly those that `cipherRange(range)` names. Checks no padding. */
export function decryptRange(key: PackKey, bytes: Uint8Array, range: Range): Buffer {
  const needed = cipherRange(range)
  if (bytes.length !== needed.length) throw damaged(`${needed.length} bytes of it were needed, ${bytes.length} came.`)
  if (range.length === 0) return Buffer.alloc(0)
  if (needed.offset === 0) checkHeader(key, bytes)
  const iv = needed.offset === 0 ? key.iv : bytes.subarray(0, BLOCK)
  const decipher = createDecipheriv(CIPHER, key.key, iv).setAutoPadding(false)
  const plain = decipher.update(bytes.subarray(BLOCK))
  const skipped = range.offset - needed.offset
  return plain.subarray(skipped, skipped + range.length)
}

function checkHeader(key: PackKey, bytes: Uint8Array): void {
  if (!MAGIC.equals(bytes.subarray(0, MAGIC.length))) throw damaged('It does not begin with "Salted__".')
  if (!key.salt.equals(bytes.subarray(MAGIC.length, HEADER))) throw damaged('Its salt is not the one of its backup.')
}

function damaged(what: string, cause?: unknown): ComebackError {
  return new ComebackError('damaged', `An encrypted object could not be decrypted. ${what}`, {
    hint: 'The object was damaged or exchanged in the store. Use another backup, and run `comeback check`.',
    cause,
  })
}
