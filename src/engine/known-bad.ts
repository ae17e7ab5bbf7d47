/**
 * What a proof or a check has found damaged is known bad: the record of that stands beside the backup, and no later backup builds
 * on its packs. Which of them it is, nobody needs to tell: the next backup leans on nothing, and with it this is over.
 */
import type { Manifest } from '../format/manifest.ts'
import { type ProofRecord, proofFile } from '../format/proof-record.ts'
import { objectName } from '../repository/layout.ts'
import { packName, packsOf } from '../repository/packs.ts'
import type { BaseSearch } from './base.ts'
import type { CatalogEntry } from './catalog.ts'
import { manifestName } from './check-inventory.ts'
import type { ProofCode } from './proof.ts'
import { newestProofs } from './proof-history.ts'

const DAMAGED: ProofCode = 'backup-damaged'
/** Damage is damage, whatever day the machine that found it took it to be. */
const ANY_DAY = new Date(8.64e15)

/** The newest backup that was found damaged after this one was made, and that shares packs with it; perhaps it is this one. */
export async function foundDamagedSince(search: BaseSearch, manifest: Manifest): Promise<ProofRecord | undefined> {
  const { catalog, judge, store, keyring, signal } = search
  const mine = new Set(packNames(manifest))
  const isLater = laterThan(search, manifest)
  for (const entry of catalog.entries) {
    if (entry.kind !== 'backup' || !entry.proofs.some(isLater)) continue
    const { manifest: other, standing } = await judge.judge(entry)
    // Of whatever store and day: it shares packs, and the key has vouched for it.
    if (other === undefined || (!standing.counts && standing.because === 'other-key')) continue
    if (!packNames(other).some(name => mine.has(name))) continue
    const { decided } = await newestProofs({ store, keyring, now: ANY_DAY, signal }, entry, other)
    if (decided !== undefined && saysDamaged(decided.record) && isLater(nameOf(decided.record))) return decided.record
  }
  return undefined
}

export function saysDamaged({ verdict, findings }: ProofRecord): boolean {
  return verdict === 'failed' && findings[DAMAGED] !== undefined
}

/** By the store's clock or by the names: one machine's clock may be wrong, and a store that was copied tells the time of that. */
function laterThan({ catalog }: BaseSearch, { component, id, status }: Manifest): (name: string) => boolean {
  const entry: CatalogEntry = { component, id, kind: status === 'failed' ? 'placeholder' : 'backup', proofs: [] }
  const own = objectName({ component, id, file: proofFile(id) })
  const since = catalog.objects.get(manifestName(entry))?.writtenAt
  return name => {
    const at = catalog.objects.get(name)?.writtenAt
    return fileOf(name) > fileOf(own) || (since !== undefined && at !== undefined && at > since)
  }
}

function packNames(manifest: Manifest): readonly string[] {
  return packsOf(manifest).map(pack => packName(manifest.component, pack))
}

function nameOf({ component, backup, id }: ProofRecord): string {
  return objectName({ component, id: backup, file: proofFile(id) })
}

function fileOf(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1)
}
