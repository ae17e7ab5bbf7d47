/** The names that a restore gives to the folders in which it works, and to those in which it keeps what was there. */

const ID = '\\d{8}T\\d{6}Z-[0-9a-f]{6}'
const INSIDE = `^\\.comeback-(restoring|before)-(${ID})$`
const BESIDE = `^(?:\\.(.+)\\.restoring|(.+)\\.before)-(${ID})$`
const EXACT = { inside: new RegExp(INSIDE), beside: new RegExp(BESIDE, 's') } as const
/** As a file system reads them that takes `A` for `a`. */
const FOLDED = [new RegExp(INSIDE, 'iu'), new RegExp(BESIDE, 'isu')] as const

export interface OwnName {
  readonly where: 'beside' | 'inside'
  /** Of the target; empty if it is the folder that this one lies in. */
  readonly target: string
  readonly kind: 'restoring' | 'before'
  readonly id: string
}

/** Undefined of a name that no restore gave. */
export function ownName(name: string): OwnName | undefined {
  const [, kind, insideId] = EXACT.inside.exec(name) ?? []
  if (insideId !== undefined) {
    return { where: 'inside', target: '', kind: kind === 'before' ? 'before' : 'restoring', id: insideId }
  }
  const [, restoring, before, id] = EXACT.beside.exec(name) ?? []
  if (id === undefined) return undefined
  const kindOf = restoring === undefined ? 'before' : 'restoring'
  return { where: 'beside', target: restoring ?? before ?? '', kind: kindOf, id }
}

/** Whether such a name is, or on some file system could pass for, one that a restore gives. */
export function looksOwn(name: string): boolean {
  return FOLDED.some(pattern => pattern.test(name))
}
