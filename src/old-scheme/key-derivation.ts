/**
 * From a passphrase to the key and IV of `openssl enc -aes-256-cbc`: with `-pbkdf2`, or by `EVP_BytesToKey`, which is what openssl
 * does without it. That one's hash is SHA-256 since OpenSSL 1.1.0 and was MD5 before, and no file says which.
 */
import { createHash, pbkdf2 } from 'node:crypto'
import { promisify } from 'node:util'

export interface CipherKey {
  /** 32 bytes. */
  readonly key: Buffer
  /** 16 bytes. */
  readonly iv: Buffer
}

export interface Derivation {
  /** As openssl's options say it. */
  readonly name: string
  derive(passphrase: string, salt: Buffer): Promise<CipherKey>
}

const KEY_SIZE = 32
const IV_SIZE = 16

const stretch = promisify(pbkdf2)

export function pbkdf2Derivation(iterations: number): Derivation {
  return {
    name: `-pbkdf2 -iter ${iterations}`,
    derive: async (passphrase, salt) =>
      split(await stretch(passphrase, salt, iterations, KEY_SIZE + IV_SIZE, 'sha256')),
  }
}

export const LEGACY_DERIVATIONS: readonly Derivation[] = ['sha256', 'md5'].map(hash => ({
  name: `-md ${hash}`,
  derive: async (passphrase, salt) => split(bytesToKey(hash, passphrase, salt)),
}))

/** Each block is the hash of the one before it, the passphrase and the salt. */
function bytesToKey(hash: string, passphrase: string, salt: Buffer): Buffer {
  const blocks: Buffer[] = []
  for (let length = 0; length < KEY_SIZE + IV_SIZE; length += blocks.at(-1)?.length ?? 0) {
    blocks.push(
      createHash(hash)
        .update(blocks.at(-1) ?? '')
        .update(passphrase)
        .update(salt)
        .digest(),
    )
  }
  return Buffer.concat(blocks)
}

function split(bytes: Buffer): CipherKey {
  return { key: bytes.subarray(0, KEY_SIZE), iv: bytes.subarray(KEY_SIZE, KEY_SIZE + IV_SIZE) }
}
