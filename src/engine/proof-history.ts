/** What the store remembers of proofs. */
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

/**
 * The newest proof of a backup that can be read, and, where the key of the backup is at hand, believed: one that was forged or
 * damaged counts for nothing. `manifest` is authentic, or there is no keyring.
 */
export async function newestProof(
  store: Store,
  { proofs }: CatalogEntry,
  manifest: Manifest,
  keyring: Keyring | undefined,
  signal: AbortSignal,
): Promise<RecordedProof | undefined> {
  for (const name of proofs) {
    try {
      const record = await readProof(store, name, signal)
      if (keyring === undefined) return { record, authenticated: false }
      if (await isOurProof(record, manifest, keyring)) return { record, authenticated: true }
    } catch (error) {
      if (!hasCode(error, 'damaged', 'unsupported', 'not-found')) throw error
    }
  }
  return undefined
}
