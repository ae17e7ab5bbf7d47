/**
 * Names of the databases that a swap makes beside the one that it restores: `shop_restoring_7f3a91` while it is filled, and
 * `shop_before_20261123T020000Z-7f3a91` for the old one, by the backup that took its place. By these names alone they are
 * known again, and only what bears one is ever dropped on request.
 */
import { randomBytes } from 'node:crypto'

/** Bytes of a name; the server cuts longer ones off without a word. */
const NAME_LIMIT = 63
const RANDOM_BYTES = 3
const ID = /^\d{8}T\d{6}Z-[0-9a-f]{6}$/
const KEPT = /_before_\d{8}T\d{6}Z-[0-9a-f]{6}(?:-\d{1,3})?$/
const RESTORING = /_restoring_[0-9a-f]{6}$/

export function restoringName(database: string, random: (bytes: number) => Uint8Array = randomBytes): string {
  return withSuffix(database, `_restoring_${Buffer.from(random(RANDOM_BYTES)).toString('hex')}`)
}

/** Backups of other origin have ids of their own; the moment stands for them. A number follows where the same backup has been swapped in before. */
export function keptName(
  database: string,
  backupId: string,
  taken: ReadonlySet<string>,
  now = new Date(),
  random: (bytes: number) => Uint8Array = randomBytes,
): string {
  const stamp = `${now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z-${Buffer.from(random(RANDOM_BYTES)).toString('hex')}`
  const id = ID.test(backupId) ? backupId : stamp
  for (let attempt = 1; ; attempt++) {
    const name = withSuffix(database, `_before_${id}${attempt === 1 ? '' : `-${attempt}`}`)
    if (!taken.has(name)) return name
  }
}

/** Whether a swap made the name, so that the database may be discarded. */
export function isDiscardable(name: string): boolean {
  return KEPT.test(name) || RESTORING.test(name)
}

/** What swaps of this database have left behind, among all names of the server. */
export function leftoversOf(database: string, names: readonly string[]): { kept: string[]; restoring: string[] } {
  const belongs = (name: string, pattern: RegExp) => {
    const suffix = pattern.exec(name)?.[0]
    return suffix !== undefined && name === withSuffix(database, suffix)
  }
  return {
    kept: names.filter(name => belongs(name, KEPT)),
    restoring: names.filter(name => belongs(name, RESTORING)),
  }
}

/** The suffix stays whole: it tells what the database is. */
function withSuffix(database: string, suffix: string): string {
  const room = NAME_LIMIT - Buffer.byteLength(suffix)
  let cut = database
  while (Buffer.byteLength(cut) > room) cut = [...cut].slice(0, -1).join('')
  return `${cut}${suffix}`
}
