/** Manifests in a store: read, told apart by authenticity, written once. */
import { ComebackError, hasCode } from '../errors.ts'
import { PBKDF2_ITERATIONS } from '../format/keys.ts'
import { isAuthentic, MANIFEST_LIMIT, type Manifest, parseManifest, sealManifest } from '../format/manifest.ts'
import type { Store } from '../store/store.ts'
import type { Keyring } from './keyring.ts'
import { MANIFEST, type ObjectPlace, objectName, PLACEHOLDER } from './layout.ts'

/** Parsed, not yet authenticated: what it says is only a claim. `not-found`, `damaged`, `unsupported`. */
export async function readManifest(store: Store, place: ObjectPlace, signal: AbortSignal): Promise<Manifest> {
  return parseRecord(await store.get(objectName(place), { limit: MANIFEST_LIMIT, signal }), place)
}

/** Whether these bytes are the record of that backup as this key's owner wrote it. */
export async function isAuthenticRecord(bytes: Uint8Array, place: ObjectPlace, keyring: Keyring): Promise<boolean> {
  try {
    return await isOurs(parseRecord(bytes, place), keyring)
  } catch (error) {
    if (hasCode(error, 'damaged', 'unsupported')) return false
    throw error
  }
}

function parseRecord(bytes: Uint8Array, place: ObjectPlace): Manifest {
  const manifest = parseManifest(bytes, objectName(place))
  const placeholder = place.file === PLACEHOLDER
  if (
    manifest.id !== place.id ||
    manifest.component !== place.component ||
    (manifest.status === 'failed') !== placeholder
  ) {
    throw new ComebackError(
      'damaged',
      `${objectName(place)} belongs to another backup (${manifest.component} ${manifest.id}, ${manifest.status}).`,
      {
        hint: 'Objects of the store were moved or swapped. Bring it back from a copy, or restore another backup.',
      },
    )
  }
  return manifest
}

/**
 * Throws `wrong-key` naming both keys, or `damaged` where the key is right and the manifest is not. Anybody can write
 * something that asks for a long derivation, so ids are compared first: where ours is known, and before whatever would take
 * longer than deriving it.
 */
export async function authenticate(manifest: Manifest, keyring: Keyring): Promise<void> {
  const { idSalt, kdf, keyId } = manifest
  const known = keyring.knownId ?? (kdf.iterations > PBKDF2_ITERATIONS ? await keyring.id() : keyId)
  if (known !== keyId) throw wrongKey(manifest, known)
  const { mac } = await keyring.chain(idSalt, kdf.iterations)
  if (isAuthentic(manifest, mac)) return keyring.isNamed(keyId)
  const given = await keyring.id()
  if (given !== keyId) throw wrongKey(manifest, given)
  throw new ComebackError(
    'damaged',
    `The manifest of the ${manifest.component} backup ${manifest.id} was altered: its authentication code does not match.`,
    {
      hint: 'Do not trust this backup. Restore another one, or bring the manifest back from a copy of the store.',
    },
  )
}

function wrongKey({ component, id, keyId }: Manifest, given: string): ComebackError {
  return new ComebackError(
    'wrong-key',
    `The ${component} backup ${id} was made with key ${keyId}; the key given is ${given}.`,
    {
      hint: 'Set COMEBACK_KEY (or --key-file) to the key that this backup was made with.',
    },
  )
}

/** Begins to derive what its index needs, if it may be ours and asks for no more than ours do. */
export function prepareIndex({ keyId, kdf }: Manifest, keyring: Keyring): void {
  if ((keyring.knownId ?? keyId) !== keyId || kdf.iterations > PBKDF2_ITERATIONS) return
  keyring.preparePack(kdf.salt, kdf.iterations)
}

/** Whether this key made it. Throws `damaged` where it did, and the manifest is not as it was written. */
export async function isOurs(manifest: Manifest, keyring: Keyring): Promise<boolean> {
  try {
    await authenticate(manifest, keyring)
    return true
  } catch (error) {
    if (hasCode(error, 'wrong-key')) return false
    throw error
  }
}

/** Makes the backup exist (or the placeholder visible); returns its bytes. `already-exists` if the name is taken. */
export async function writeManifest(
  store: Store,
  unsealed: Omit<Manifest, 'mac'>,
  keyring: Keyring,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { mac } = await keyring.chain(unsealed.idSalt, unsealed.kdf.iterations)
  const { component, id, status } = unsealed
  const name = objectName({ component, id, file: status === 'failed' ? PLACEHOLDER : MANIFEST })
  const bytes = sealManifest(unsealed, mac)
  await store.put(name, [bytes], signal)
  return bytes
}
