/** Records of proofs in a store: beside the backup that they are of, each written once. */
import { ComebackError } from '../errors.ts'
import type { Manifest } from '../format/manifest.ts'
import {
  isAuthenticProof,
  PROOF_LIMIT,
  type ProofRecord,
  parseProof,
  proofFile,
  sealProof,
} from '../format/proof-record.ts'
import type { Store } from '../store/store.ts'
import type { Keyring } from './keyring.ts'
import { objectName } from './layout.ts'

/** Makes the record; of an authentic manifest. */
export async function writeProof(
  store: Store,
  manifest: Manifest,
  record: Omit<ProofRecord, 'mac' | 'sealed'>,
  details: unknown,
  keyring: Keyring,
  signal: AbortSignal,
): Promise<void> {
  const { component, id, idSalt, kdf } = manifest
  const { mac } = await keyring.chain(idSalt, kdf.iterations)
  const pack = await keyring.pack(kdf.salt, kdf.iterations)
  const name = objectName({ component, id, file: proofFile(record.id) })
  await store.put(name, [await sealProof(record, details, { mac, pack })], signal)
}

/** Parsed, not yet authenticated. `not-found`, `damaged`, `unsupported`. */
export async function readProof(store: Store, name: string, signal: AbortSignal): Promise<ProofRecord> {
  const record = parseProof(await store.get(name, { limit: PROOF_LIMIT, signal }), name)
  const { component, backup, id } = record
  if (objectName({ component, id: backup, file: proofFile(id) }) === name) return record
  throw new ComebackError('damaged', `${name} is the record of another proof (${component} ${backup}).`, {
    hint: 'Objects of the store were moved or swapped.',
  })
}

/** Whether the key that made the backup made the record, too. */
export async function isOurProof(record: ProofRecord, { idSalt, kdf }: Manifest, keyring: Keyring): Promise<boolean> {
  const { mac } = await keyring.chain(idSalt, kdf.iterations)
  return isAuthenticProof(record, mac)
}
