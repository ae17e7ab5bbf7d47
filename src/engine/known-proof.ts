/** What proofs tell whoever is about to restore: whether this backup came back, and how long that takes. */
import { asComebackError } from '../errors.ts'
import type { Manifest } from '../format/manifest.ts'
import type { KnownProof } from '../report/restore-plan-report.ts'
import type { Keyring } from '../repository/keyring.ts'
import type { Store } from '../store/store.ts'
import type { Catalog, CatalogEntry } from './catalog.ts'
import type { Progress } from './progress.ts'
import { newestProofs, type RecordedProof } from './proof-history.ts'
import { Judge } from './standing.ts'

/** Other backups whose proofs are looked at: a restore is waiting. */
const MOST_OTHERS = 3

export interface KnownProofSearch {
  readonly store: Store
  /** Of the component alone. */
  readonly catalog: Catalog
  readonly keyring: Keyring
  readonly now: Date
  readonly progress: Progress
  readonly signal: AbortSignal
}

/** Of this backup if it ever came to a verdict, else of another one of the same source that was restored to its end. */
export async function knownProof(search: KnownProofSearch, manifest: Manifest): Promise<KnownProof | undefined> {
  const { catalog, progress, signal } = search
  const proved = catalog.entries.filter(({ proofs }) => proofs.length > 0)
  const own = proved.filter(({ id, kind }) => id === manifest.id && kind === 'backup')
  const others = proved.filter(({ id }) => id !== manifest.id).slice(0, MOST_OTHERS)
  const judge = new Judge(search)
  try {
    for (const entry of own) {
      const { decided } = await proofsOf(search, judge, entry, manifest)
      if (decided !== undefined) return toldBy(decided)
    }
    for (const entry of others) {
      const { decided } = await proofsOf(search, judge, entry, manifest)
      if (decided !== undefined && decided.record.restoreSeconds !== null) return toldBy(decided)
    }
  } catch (error) {
    signal.throwIfAborted()
    // Who needs the backup needs it all the same.
    const { message } = asComebackError(error)
    progress({ type: 'warning', component: manifest.component, message: `Proofs could not be looked at: ${message}` })
  }
  return undefined
}

async function proofsOf(search: KnownProofSearch, judge: Judge, entry: CatalogEntry, { id, source }: Manifest) {
  const { standing, manifest } = await judge.judge(entry)
  if (manifest?.source !== source || !(standing.counts || entry.id === id)) return {}
  return await newestProofs(search, entry, manifest)
}

function toldBy({ record }: RecordedProof): KnownProof {
  const { backup, verdict, provedAt, restoreSeconds } = record
  return { id: backup, verdict, time: provedAt, ...(restoreSeconds === null ? {} : { restoreSeconds }) }
}
