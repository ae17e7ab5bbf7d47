/**
 * Names of artifacts. GitHub allows no `/` in them, and a name that was once created in a run can never be created again in
 * it, not even after an upload that failed. So an object's name is written with `~` for `/`, and what follows tells the run,
 * its attempt and, from the second on, the try:
 *
 *     comeback~database~20261123T020000Z-7f3a91~01-data-0001.sql.gz.enc~7000000001-1.bin
 *     comeback~database~20261123T020000Z-7f3a91~01-data-0001.sql.gz.enc~7000000001-1-2.bin
 *
 * No object name holds a `~`, so the way back is exact. The ending stands in no table of MIME types: GitHub refuses some of
 * the types in such tables, and takes `.zip` for an archive to be unpacked.
 */
import { isObjectName } from './object-name.ts'

const PREFIX = 'comeback~'
const ENDING = '.bin'
const NAME = /^comeback~(.+)~(\d+)-(\d+)(?:-(\d+))?\.bin$/

/** What file systems allow: an artifact is uploaded from a file of its name. */
const LONGEST = 255

export interface ArtifactName {
  readonly object: string
  /** Ids as GitHub gives them: digits. */
  readonly run: string
  readonly attempt: string
  /** From 1. */
  readonly turn: number
}

/** The object's name must be one. Undefined if the artifact's would be too long. */
export function artifactName({ object, run, attempt, turn }: ArtifactName): string | undefined {
  const further = turn === 1 ? '' : `-${turn}`
  const name = `${PREFIX}${object.replaceAll('/', '~')}~${run}-${attempt}${further}${ENDING}`
  return name.length <= LONGEST ? name : undefined
}

/** Undefined for artifacts of others. */
export function parseArtifactName(name: string): ArtifactName | undefined {
  const [, flat, run, attempt, further] = NAME.exec(name) ?? []
  if (flat === undefined || run === undefined || attempt === undefined) return undefined
  const parsed = { object: flat.replaceAll('~', '/'), run, attempt, turn: Number(further ?? 1) }
  // Only what would be written in just this way is ours: `-1`, `-02` or a foreign object name are not.
  return isObjectName(parsed.object) && artifactName(parsed) === name ? parsed : undefined
}
