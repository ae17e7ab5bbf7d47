/**
 * What the store remembers of proofs. One that was forged or damaged counts for nothing where the key of the backup is at hand;
 * `manifest` is authentic, or there is no keyring.
 */
import { hasCode } from '../errors.ts'
import type { Manifest } from '../format/manifest.ts'
import type { ProofRecord } from '../format/proof-record.ts'
import type { Keyring } from '../repository/keyring.ts'
import { isOurProof, readProof } from '../repository/proofs.ts'
import type { Store } from '../store/store.ts'
import type { CatalogEntry } from './catalog.ts'

export interface RecordedProof {
  readonly record: ProofRecord
  /** Whether the key at hand made it. */
  readonly authenticated: boolean
}

/** The newest proof of a backup that can be read and believed. */
export async function newestProof(
  store: Store,
  entry: CatalogEntry,
  manifest: Manifest,
  keyring: Keyring | undefined,
  signal: AbortSignal,
): Promise<RecordedProof | undefined> {
  for await (const proof of believed(store, entry, manifest, keyring, signal)) return proof
  return undefined
}

export interface NewestProofs {
  readonly newest?: RecordedProof
  /** The newest that came to a verdict: one that could not be made takes nothing back from those before it. */
  readonly decided?: RecordedProof
}

export async function newestProofs(
  store: Store,
  entry: CatalogEntry,
  manifest: Manifest,
  keyring: Keyring | undefined,
  signal: AbortSignal,
): Promise<NewestProofs> {
  let newest: RecordedProof | undefined
  for await (const proof of believed(store, entry, manifest, keyring, signal)) {
    newest ??= proof
    if (proof.record.verdict !== 'could-not-verify') return { newest, decided: proof }
  }
  return newest === undefined ? {} : { newest }
}

/** Newest first. */
async function* believed(
  store: Store,
  { proofs }: CatalogEntry,
  manifest: Manifest,
  keyring: Keyring | undefined,
  signal: AbortSignal,
): AsyncGenerator<RecordedProof> {
  for (const name of proofs) {
    const record = await readProof(store, name, signal).catch((error: unknown) => {
      if (!hasCode(error, 'damaged', 'unsupported', 'not-found')) throw error
    })
    if (record === undefined) continue
    const authenticated = keyring !== undefined && (await isOurProof(record, manifest, keyring))
    if (keyring === undefined || authenticated) yield { record, authenticated }
  }
}
