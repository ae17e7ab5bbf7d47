/**
 * Everything that is derived from the key (the passphrase), each under a salt or an info of its own:
 *
 *     pack key   PBKDF2(passphrase,  8-byte salt of a backup, iterations, 48)  = AES key (32), IV (16); OpenSSL's own
 *     chain keys PBKDF2(passphrase, 16-byte id salt of a chain, iterations, 32) -> HKDF -> mac, id, gear, source
 *     key id     PBKDF2(passphrase, a fixed salt of 15 bytes, 600,000, 8)
 *
 * The salts differ in length, so no two of these are ever the same derivation.
 */
import { createSecretKey, hkdfSync, type KeyObject, pbkdf2, randomBytes } from 'node:crypto'
import { ComebackError } from '../errors.ts'
import type { PackKey } from './cipher.ts'

export const PBKDF2_ITERATIONS = 600_000
/** More than this in a manifest, which is read before it can be authenticated, would only be there to keep us busy. */
export const MAX_ITERATIONS = 2_000_000
/** Characters. */
export const MIN_PASSPHRASE = 20
/** Bytes. `openssl -pass file:` reads one line into a buffer of bounded size and silently drops the rest. */
const MAX_PASSPHRASE = 500
const KEY_ID_SALT = 'comeback key id'
const KEY_ID_BYTES = 8
const NEW_PASSPHRASE_BYTES = 32

/** Under which a chain of backups (a full one and those that lean on it) is authenticated and deduplicated. 32 bytes each. */
export interface ChainKeys {
  /** These two are asked for ten thousand and a million times: as KeyObjects they are set up once. */
  readonly mac: KeyObject
  readonly id: KeyObject
  readonly gear: Buffer
  readonly source: Buffer
}

/** Throws `weak-key` if the passphrase is too short, `usage` if `openssl -pass file:` would read another one. */
export function checkPassphrase(text: string): void {
  if (/[\n\r\0]/.test(text)) {
    throw new ComebackError('usage', 'The key contains a line break or a NUL character.', {
      hint: 'A key is one line of text. `comeback key new` makes one.',
    })
  }
  if (!text.isWellFormed() || Buffer.byteLength(text) > MAX_PASSPHRASE) {
    throw new ComebackError('usage', `The key is longer than ${MAX_PASSPHRASE} bytes or not valid Unicode text.`, {
      hint: 'OpenSSL could not read it back from a file. `comeback key new` makes one.',
    })
  }
  if ([...text].length < MIN_PASSPHRASE) {
    throw new ComebackError('weak-key', `The key is shorter than ${MIN_PASSPHRASE} characters.`, {
      hint: '`comeback key new` makes a strong one.',
    })
  }
}

/** 32 random bytes in base64, 44 characters. */
export function newPassphrase(): string {
  return randomBytes(NEW_PASSPHRASE_BYTES).toString('base64')
}

/** 16 hex digits that name a passphrase wherever it is used: the salt is fixed, so that no store need be at hand. */
export async function keyId(passphrase: string): Promise<string> {
  const bytes = await stretch(passphrase, Buffer.from(KEY_ID_SALT), PBKDF2_ITERATIONS, KEY_ID_BYTES)
  return bytes.toString('hex')
}

/** `idSalt` is 16 bytes. */
export async function deriveChainKeys(passphrase: string, idSalt: Uint8Array, iterations: number): Promise<ChainKeys> {
  checkSalt(idSalt, 16)
  const root = await stretch(passphrase, idSalt, iterations, 32)
  const key = (purpose: string) => Buffer.from(hkdfSync('sha256', root, '', `comeback/1 ${purpose}`, 32))
  return { mac: createSecretKey(key('mac')), id: createSecretKey(key('id')), gear: key('gear'), source: key('source') }
}

/** What `openssl enc -aes-256-cbc -pbkdf2 -iter N -md sha256` derives. `salt` is 8 bytes. */
export async function derivePackKey(passphrase: string, salt: Uint8Array, iterations: number): Promise<PackKey> {
  checkSalt(salt, 8)
  const bytes = await stretch(passphrase, salt, iterations, 48)
  return { salt: Buffer.from(salt), key: bytes.subarray(0, 32), iv: bytes.subarray(32) }
}

async function stretch(passphrase: string, salt: Uint8Array, iterations: number, length: number): Promise<Buffer> {
  if (!Number.isInteger(iterations) || iterations < 1 || iterations > MAX_ITERATIONS) {
    throw new ComebackError('damaged', `${iterations} iterations of key derivation were asked for.`, {
      hint: `Comeback does from 1 to ${MAX_ITERATIONS}; the manifest was changed.`,
    })
  }
  return new Promise((resolve, reject) => {
    pbkdf2(Buffer.from(passphrase, 'utf8'), salt, iterations, length, 'sha256', (error, bytes) => {
      if (error === null) resolve(bytes)
      else reject(error)
    })
  })
}

/** Different lengths keep the derivations apart. */
function checkSalt(salt: Uint8Array, length: number): void {
  if (salt.length !== length) throw new RangeError(`A salt of ${salt.length} bytes where ${length} are due`)
}
