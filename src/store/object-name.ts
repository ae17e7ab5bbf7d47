/**
 * Names of objects: parts of [A-Za-z0-9._-] joined by `/`, none of which begins with a dot. So no name can leave the store
 * (`..`), and names that begin with a dot are free for a store's own unfinished files.
 */
import { ComebackError } from '../errors.ts'

/** Leaves room for what stores put around a part in a file name, of which file systems allow 255 bytes. */
const PART_LIMIT = 200

const PART = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/

export function isObjectName(name: string): boolean {
  return name.split('/').every(part => part.length <= PART_LIMIT && PART.test(part))
}

/** Throws `usage` for what is no object name. */
export function checkObjectName(name: string): void {
  if (isObjectName(name)) return
  throw new ComebackError('usage', `${JSON.stringify(name)} is not a name that an object can have.`, {
    hint: 'Names are letters, digits, dots, dashes and underscores, in folders, with no part that begins with a dot.',
  })
}
