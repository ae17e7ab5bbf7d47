/**
 * What the store remembers of the proofs of a backup that counts (see `standing.ts`). One that was forged, damaged or dated in the
 * future counts for nothing; without a keyring each counts as it claims to be.
 */
import { hasCode } from '../errors.ts'
import type { Manifest } from '../format/manifest.ts'
import type { ProofRecord } from '../format/proof-record.ts'
import { isOurProof, readProof } from '../repository/proofs.ts'
import type { CatalogEntry } from './catalog.ts'
import { isFuture, type Judging } from './standing.ts'

export interface RecordedProof {
  readonly record: ProofRecord
  /** Whether the key at hand made it. */
  readonly authenticated: boolean
}

export interface NewestProofs {
  readonly newest?: RecordedProof
  /** The newest that came to a verdict: one that could not be made takes nothing back from those before it. */
  readonly decided?: RecordedProof
}

export type ProofReading = Pick<Judging, 'store' | 'keyring' | 'now' | 'signal'>

export async function newestProofs(
  reading: ProofReading,
  entry: CatalogEntry,
  manifest: Manifest,
): Promise<NewestProofs> {
  let newest: RecordedProof | undefined
  for await (const proof of believed(reading, entry, manifest)) {
    newest ??= proof
    if (proof.record.verdict !== 'could-not-verify') return { newest, decided: proof }
  }
  return newest === undefined ? {} : { newest }
}

/** Newest first. */
async function* believed(
  { store, keyring, now, signal }: ProofReading,
  { proofs }: CatalogEntry,
  manifest: Manifest,
): AsyncGenerator<RecordedProof> {
  for (const name of proofs) {
    const record = await readProof(store, name, signal).catch((error: unknown) => {
      if (!hasCode(error, 'damaged', 'unsupported', 'not-found')) throw error
    })
    // It would be the newest until that day.
    if (record === undefined || isFuture(new Date(record.provedAt), now)) continue
    const authenticated = keyring !== undefined && (await isOurProof(record, manifest, keyring))
    if (keyring === undefined || authenticated) yield { record, authenticated }
  }
}
