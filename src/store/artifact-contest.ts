/**
 * Several artifacts of one backup go by one name: a retry's, or those of somebody who wants his own read. Any code that runs in
 * this repository can upload under any name, before or after the run that makes the backup. So the record of the backup
 * decides: the first of its candidates that whoever holds the key vouches for; the other objects are those of that run.
 */
import type { StoredArtifact } from './artifact-api.ts'
import { type Catalogue, folderOf } from './artifact-catalogue.ts'
import type { Download } from './artifact-download.ts'
import { checkCancelled } from './local-error.ts'

/** Records looked at for one backup, those of the run that began it first. */
const MOST_LOOKED_AT = 16

/** What tells authentic records of backups from others. */
export interface Vouching {
  /** Files of a backup's folder that are such records. */
  readonly records: readonly string[]
  /** Bytes that a record may have. */
  readonly limit: number
  /** Whether these are the bytes of the object as its owner wrote them. Undefined without the key: nobody can say. */
  readonly vouch: (object: string, bytes: Uint8Array) => Promise<boolean | undefined>
}

export interface ContestOptions {
  readonly catalogue: Catalogue
  readonly download: Download
  readonly vouching: Vouching | undefined
}

/** Call it before an object of the catalogue is chosen. */
export type Contest = (object: string, signal: AbortSignal | undefined) => Promise<void>

export function artifactContest({ catalogue, download, vouching }: ContestOptions): Contest {
  return async (object, signal) => {
    const folder = folderOf(object)
    if (vouching === undefined || !catalogue.isContested(folder)) return
    const founder = catalogue.founder(folder)
    const candidates = vouching.records
      .flatMap(file => catalogue.candidates(`${folder}/${file}`))
      .filter(({ size }) => size <= vouching.limit)
      .sort((a, b) => Number(b.run === founder) - Number(a.run === founder) || a.id - b.id)
    for (const candidate of candidates.slice(0, MOST_LOOKED_AT)) {
      checkCancelled(signal)
      const vouched = await judge(candidate, vouching, signal)
      // Without the key the run that began it is the best guess.
      if (vouched === undefined) return
      if (vouched) return catalogue.settle(folder, { run: candidate.run, record: candidate.id })
    }
    // None, so far: its run may still be at work.
  }

  async function judge(candidate: StoredArtifact, { vouch }: Vouching, signal: AbortSignal | undefined) {
    const bytes = await download(candidate, { offset: 0, length: candidate.size }, signal)
    if (bytes !== undefined) return vouch(candidate.object, bytes)
    catalogue.lose(candidate.id)
    return false
  }
}
