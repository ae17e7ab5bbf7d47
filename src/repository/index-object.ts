/** The index as an object in the store: compressed and encrypted like a pack, checked against the manifest's SHA-256. */
import { createHash } from 'node:crypto'
import { ComebackError, hasCode } from '../errors.ts'
import { type BackupIndex, decodeIndex, encodeIndex } from '../format/backup-index.ts'
import { createEncryptor, decryptPack, type PackKey } from '../format/cipher.ts'
import { type Codec, codecOfFile } from '../format/compression.ts'
import type { Component, Manifest } from '../format/manifest.ts'
import type { Store } from '../store/store.ts'
import type { Keyring } from './keyring.ts'
import { indexFile, objectName } from './layout.ts'

/** Sanity bound on what a manifest may make us allocate: some forty million chunks. */
const INDEX_LIMIT = 2 ** 31 - 1

/** How often an object is read before it counts as damaged. */
const READS = 2

export const DAMAGE_HINT =
  'Something outside Comeback changed the store. Restore another backup, or bring the object back from a copy of the store.'

/** Puts the index into the store, and returns what the manifest says of it. */
export async function writeIndex(
  store: Store,
  backup: { readonly component: Component; readonly id: string },
  index: BackupIndex,
  codec: Codec,
  key: PackKey,
  signal: AbortSignal,
): Promise<NonNullable<Manifest['index']>> {
  const plain = encodeIndex(index)
  const encryptor = createEncryptor(key)
  const packed = await codec.compress(plain, codec.defaultLevel)
  const body = Buffer.concat([
    encryptor.header,
    encryptor.update(codec.confounder()),
    encryptor.update(packed),
    encryptor.final(),
  ])
  const file = indexFile(codec.extension)
  await store.put(objectName({ ...backup, file }), [body], signal)
  const sha256 = createHash('sha256').update(body).digest('hex')
  return { name: file, size: body.length, sha256, plain: plain.length }
}

/** Only of an authentic manifest. `damaged` if the index is missing or not what the manifest says. */
export async function readIndex(
  store: Store,
  manifest: Manifest,
  keyring: Keyring,
  signal: AbortSignal,
): Promise<BackupIndex> {
  const { index, component, id, kdf } = manifest
  if (index === null) throw new ComebackError('damaged', `The backup ${id} has no index.`)
  const name = objectName({ component, id, file: index.name })
  const body = await getChecked(store, name, index, signal)
  return unpackIndex(index, decryptPack(await keyring.pack(kdf.salt, kdf.iterations), body))
}

/** Of the decrypted object; `damaged` if it isn't the index that the manifest describes. */
export async function unpackIndex(index: NonNullable<Manifest['index']>, decrypted: Uint8Array): Promise<BackupIndex> {
  if (index.plain > INDEX_LIMIT) throw new ComebackError('damaged', `The index ${index.name} is too large to be one.`)
  const codec = codecOfFile(index.name)
  return decodeIndex(await codec.decompress(decrypted.subarray(codec.confounder().length), index.plain))
}

/**
 * A whole object that must have this size and SHA-256: `damaged` otherwise. Bytes that are wrong are read once more: they may
 * have been damaged on their way, or in a memory in between.
 */
export async function getChecked(
  store: Store,
  name: string,
  expected: { readonly size: number; readonly sha256: string },
  signal: AbortSignal,
): Promise<Uint8Array> {
  for (let attempt = 1; ; attempt++) {
    const body = await store.get(name, { limit: expected.size, signal }).catch(error => {
      throw asDamage(error, name)
    })
    const isWhole = body.length === expected.size
    if (isWhole && createHash('sha256').update(body).digest('hex') === expected.sha256) return body
    if (attempt < READS) continue
    const what = isWhole ? 'was altered' : `has ${body.length} of ${expected.size} bytes`
    throw new ComebackError('damaged', `${name} is not the object that was written: it ${what}.`, { hint: DAMAGE_HINT })
  }
}

/** What a manifest names must be there, and as long as it says: otherwise that is damage, whatever the store calls it. */
export function asDamage(error: unknown, name: string): unknown {
  if (hasCode(error, 'damaged')) return new ComebackError('damaged', error.message, { hint: DAMAGE_HINT, cause: error })
  if (!hasCode(error, 'not-found')) return error
  // A store that knows why, such as one whose objects expire, has a hint of its own.
  if (error.hint !== undefined) return new ComebackError('damaged', error.message, { hint: error.hint, cause: error })
  return new ComebackError('damaged', `${name} is missing from the store.`, { hint: DAMAGE_HINT, cause: error })
}
