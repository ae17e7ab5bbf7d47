/**
 * Which of some keys opens an old file. CBC authenticates nothing, so two places must answer: the first block, which under the right key
 * begins as gzip does (one in 16 million wrong keys would, too), and the padding at the end (one in 256).
 */
import { createDecipheriv } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { ComebackError } from '../errors.ts'
import type { CipherKey, Derivation } from './key-derivation.ts'

export const CIPHER = 'aes-256-cbc'
export const BLOCK = 16
/** `Salted__` and the salt. */
export const HEADER = 16
const MAGIC = 'Salted__'
/** With its method, deflate, the only one there is. */
const GZIP = Buffer.from([0x1f, 0x8b, 0x08])

export interface KeySearch {
  /** For messages. */
  readonly name: string
  readonly path: string
  readonly passphrases: readonly string[]
  readonly derivations: readonly Derivation[]
  /** Tried only to say in the hint that they would have fitted, each with the options that ask for it. */
  readonly others: readonly { readonly derivation: Derivation; readonly options: string }[]
}

/** Throws `damaged` or `wrong-key`, and `not-found` or `permission` for the file itself. */
export async function findCipherKey(search: KeySearch): Promise<CipherKey> {
  const { name, passphrases, derivations, others } = search
  const { salt, first, last } = await readEnds(search)
  let padded = false
  for (const passphrase of passphrases) {
    for (const derivation of derivations) {
      const key = await derivation.derive(passphrase, salt)
      if (beginsAsGzip(key, first)) return key
      padded ||= isPadded(key, last)
    }
  }
  for (const passphrase of passphrases) {
    for (const { derivation, options } of others) {
      if (!beginsAsGzip(await derivation.derive(passphrase, salt), first)) continue
      throw new ComebackError('wrong-key', `${name} was not encrypted with ${derivations[0]?.name}.`, {
        hint: `It opens with ${options}.`,
      })
    }
  }
  const how = derivations.map(each => each.name).join(' or ')
  if (padded) {
    throw new ComebackError('damaged', `${name} decrypts to its end (${how}), but does not begin as gzip does.`, {
      hint: 'Its beginning is damaged, or something else was encrypted. By a chance of 1 in 256 the key is another one.',
    })
  }
  throw new ComebackError('wrong-key', `${name} does not open with this key (${how}).`, {
    hint: 'Most likely it was made with another key, or with other options of openssl: --kdf-iterations N, or --legacy-kdf. If both are right, its beginning and its end are damaged.',
  })
}

async function readEnds({ name, path }: KeySearch) {
  const file = await openOld(path)
  try {
    const { size } = await file.stat()
    const head = await readAt(file, 0, HEADER + BLOCK)
    if (head.toString('latin1', 0, MAGIC.length) !== MAGIC) {
      throw new ComebackError('damaged', `${name} is not what openssl enc writes: it does not begin with "${MAGIC}".`, {
        hint: 'Use another backup.',
      })
    }
    if (size < HEADER + BLOCK || (size - HEADER) % BLOCK !== 0) {
      throw new ComebackError('damaged', `${name} was cut: its ${size} bytes are no whole number of cipher blocks.`, {
        hint: 'Use another backup.',
      })
    }
    return {
      salt: head.subarray(MAGIC.length, HEADER),
      first: head.subarray(HEADER),
      // The block before the last one is its IV; of a single block that is derived.
      last: size === HEADER + BLOCK ? undefined : await readAt(file, size - 2 * BLOCK, 2 * BLOCK),
    }
  } finally {
    await file.close()
  }
}

export async function openOld(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r')
  } catch (error) {
    const gone = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    throw new ComebackError(gone ? 'not-found' : 'permission', `The file ${path} could not be opened.`, {
      hint: gone ? 'comeback list --store old:DIR shows what there is.' : 'Check its owner and mode.',
      cause: error,
    })
  }
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position)
  return buffer.subarray(0, bytesRead)
}

function beginsAsGzip({ key, iv }: CipherKey, first: Buffer): boolean {
  const plain = createDecipheriv(CIPHER, key, iv).setAutoPadding(false).update(first)
  return plain.subarray(0, GZIP.length).equals(GZIP)
}

function isPadded({ key }: CipherKey, last: Buffer | undefined): boolean {
  if (last === undefined) return false
  const plain = createDecipheriv(CIPHER, key, last.subarray(0, BLOCK))
    .setAutoPadding(false)
    .update(last.subarray(BLOCK))
  const count = plain.at(-1) ?? 0
  return count >= 1 && count <= BLOCK && plain.subarray(-count).every(byte => byte === count)
}
