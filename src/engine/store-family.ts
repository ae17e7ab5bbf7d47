/**
 * Which of a store's records were made for it. One key may serve several stores, so that the key vouches for a record says nothing
 * of where it belongs: whoever can write here and read there could otherwise make the other store's data the latest of this
 * one.
 *
 * So each record is bound, under its MAC, to the id of its store, which all records of a store share, and to the place where
 * that store was at the time. What was made here is this store's, and so is all that has the id of such a record: only whoever has
 * the key can make one. Where nothing was made here, a store was copied or has moved, and is one store as long as all of it
 * has one id. Where it has several, nothing tells.
 *
 * Records of format 1 are bound to nothing. They are taken for this store's up to its first bound one: from then on everything
 * here is bound. What was imported tells nothing of when that was, as it has the date of an old file.
 */
import { createHmac } from 'node:crypto'
import type { Manifest } from '../format/manifest.ts'
import type { Keyring } from '../repository/keyring.ts'
import { authenticate } from '../repository/manifests.ts'
import type { Store } from '../store/store.ts'
import { isImported } from './imported.ts'

const PLACE_BYTES = 16

/** An authentic record. */
export interface Member {
  /** Of the backup. */
  readonly id: string
  /** Of the store that it was made for; undefined in format 1. */
  readonly bond: string | undefined
  /** Whether it was made where the store is now. */
  readonly here: boolean
  readonly imported: boolean
}

export interface Family {
  /** Ids of this store: mostly one, none where nothing is bound yet; `unclear` where nothing tells. */
  readonly bonds: ReadonlySet<string> | 'unclear'
  /** Whether anything was made here. */
  readonly isHome: boolean
  /** How many records are bound to one of them. */
  readonly bound: number
  /** Id of the oldest backup, but for imported ones, that is bound to one of them; where it is unclear, of any that is bound. */
  readonly firstBound: string | undefined
}

export function familyOf(members: readonly Member[]): Family {
  const bound = members.flatMap(({ bond, ...rest }) => (bond === undefined ? [] : [{ ...rest, bond }]))
  const here = new Set(bound.filter(({ here }) => here).map(({ bond }) => bond))
  const all = new Set(bound.map(({ bond }) => bond))
  const bonds = here.size > 0 ? here : all.size > 1 ? 'unclear' : all
  const own = bound.filter(({ bond }) => bonds === 'unclear' || bonds.has(bond))
  const made = own.filter(({ imported }) => !imported).map(({ id }) => id)
  return { bonds, isHome: here.size > 0, bound: own.length, firstBound: made.sort()[0] }
}

/** Undefined for a record of this store. */
export function outsider(
  { id, bond }: Member,
  { bonds, firstBound }: Family,
): 'other-store' | 'unclear-store' | undefined {
  if (bond === undefined) return firstBound === undefined || id < firstBound ? undefined : 'other-store'
  if (bonds === 'unclear') return 'unclear-store'
  return bonds.has(bond) ? undefined : 'other-store'
}

export async function placeHash(keyring: Keyring, idSalt: string, iterations: number, store: Store): Promise<string> {
  const { source } = await keyring.chain(idSalt, iterations)
  // No component has that name, so it is no source's hash.
  return createHmac('sha256', source)
    .update(`store\0${store.place ?? store.location}`)
    .digest()
    .subarray(0, PLACE_BYTES)
    .toString('hex')
}

/** Of a manifest that this key's owner wrote for a store; throws as `authenticate` does. */
export async function memberOf(manifest: Manifest, store: Store, keyring: Keyring): Promise<Member> {
  await authenticate(manifest, keyring)
  const { id, store: made, idSalt, kdf } = manifest
  const imported = isImported(manifest)
  if (made === undefined) return { id, bond: undefined, here: false, imported }
  const here = made.place === (await placeHash(keyring, idSalt, kdf.iterations, store))
  return { id, bond: made.id, here, imported }
}
