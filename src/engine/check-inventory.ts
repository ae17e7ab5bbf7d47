/** What a component's manifests say should be in the store, and which of it is. */
import { asComebackError, ComebackError, type ErrorCode } from '../errors.ts'
import type { Component, Manifest } from '../format/manifest.ts'
import type { CheckFinding, FindingCode } from '../report/check-report.ts'
import type { Keyring } from '../repository/keyring.ts'
import { MANIFEST, objectName, PLACEHOLDER } from '../repository/layout.ts'
import { isOurs } from '../repository/manifests.ts'
import { packName, packsOf } from '../repository/packs.ts'
import type { Store } from '../store/store.ts'
import { type Catalog, type CatalogEntry, manifestOf } from './catalog.ts'
import { finding } from './check-finding.ts'
import { allSideBySide, MANIFESTS_AT_A_TIME } from './side-by-side.ts'

/** Why a manifest tells nothing; any other failure is one of the store, and ends the check. */
const UNREAD: Readonly<Partial<Record<ErrorCode, FindingCode>>> = {
  damaged: 'bad-manifest',
  unsupported: 'newer-format',
  permission: 'unreadable',
}

/** A manifest that could be read, and whether the key at hand says that it is as it was written. */
export interface Known {
  readonly entry: CatalogEntry
  readonly manifest: Manifest
  readonly authentic: boolean
}

/** An object as manifests describe it. */
export interface NamedObject {
  readonly name: string
  readonly file: string
  /** The backup that wrote it. */
  readonly owner: string
  readonly size: number
  readonly sha256: string
  /** What its key, and the ids in it, derive from. */
  readonly salt: string
  readonly iterations: number
  readonly idSalt: string
  readonly users: Known[]
}

/** Not in the listing that was read a moment before: most likely it was pruned since. */
export type Vanished = CatalogEntry

export interface Inventory {
  readonly known: readonly Known[]
  readonly objects: readonly NamedObject[]
  readonly findings: readonly CheckFinding[]
  readonly vanished: readonly Vanished[]
}

export async function takeInventory(
  store: Store,
  component: Component,
  entries: readonly CatalogEntry[],
  keyring: Keyring | undefined,
  signal: AbortSignal,
): Promise<Inventory> {
  const looks = await allSideBySide(entries, MANIFESTS_AT_A_TIME, entry => lookAt(store, entry, keyring, signal))
  const known = looks.filter(look => 'manifest' in look)
  return {
    known,
    objects: objectsOf(known),
    findings: [...looks.filter(look => 'code' in look), ...otherKeys(component, known, await keyring?.id())],
    vanished: looks.flatMap(look => ('vanished' in look ? [look.vanished] : [])),
  }
}

/** A backup is what its manifest says only if that is authentic; of one that is not, nothing is believed. */
async function lookAt(
  store: Store,
  entry: CatalogEntry,
  keyring: Keyring | undefined,
  signal: AbortSignal,
): Promise<Known | CheckFinding | { readonly vanished: Vanished }> {
  try {
    const manifest = await manifestOf(store, entry, signal)
    if (manifest.index === null && entry.kind === 'backup') {
      throw new ComebackError('damaged', 'It names no index.')
    }
    return { entry, manifest, authentic: keyring !== undefined && (await isOurs(manifest, keyring)) }
  } catch (cause) {
    const { code, message } = asComebackError(cause)
    if (code === 'not-found') return { vanished: entry }
    const meaning = UNREAD[code]
    if (meaning === undefined) throw cause
    const what = `cannot be believed: ${message}`
    const { component } = entry
    return finding({ code: meaning, component, object: manifestName(entry), what, hurts: hurtBy([entry]) })
  }
}

/** One finding for each key, however many backups were made with it. */
function otherKeys(component: Component, known: readonly Known[], given: string | undefined): readonly CheckFinding[] {
  if (given === undefined) return []
  const others = Map.groupBy(
    known.filter(({ authentic }) => !authentic),
    ({ manifest }) => manifest.keyId,
  )
  return [...others].flatMap(([keyId, [newest, ...more]]) =>
    newest === undefined
      ? []
      : finding({
          code: 'wrong-key',
          component,
          object: manifestName(newest.entry),
          what: `${more.length === 0 ? 'was' : `and ${more.length} more were`} made with key ${keyId}; the key given is ${given}.`,
          hurts: hurtBy([newest, ...more].map(({ entry }) => entry)),
        }),
  )
}

function objectsOf(known: readonly Known[]): readonly NamedObject[] {
  const objects = new Map<string, NamedObject>()
  for (const user of known) {
    const { component, id, idSalt, index, kdf } = user.manifest
    const own = { salt: kdf.salt, iterations: kdf.iterations }
    const packs = packsOf(user.manifest)
    const all = index === null ? packs : [...packs, { ...index, ...own, backup: id, file: index.name }]
    for (const { backup, file, size, sha256, salt, iterations } of all) {
      // Manifests that disagree on an object describe different ones, and at most one of them is there.
      const identity = [backup, file, size, sha256, salt, iterations, idSalt].join(' ')
      const name = packName(component, { backup, file })
      const object = objects.get(identity)
      if (object !== undefined) object.users.push(user)
      else objects.set(identity, { name, file, owner: backup, size, sha256, salt, iterations, idSalt, users: [user] })
    }
  }
  return [...objects.values()]
}

/**
 * What of these is not there, or has not the right size, by this listing. Counts only what manifests name that are still
 * listed; and what only backups name that the store was to drop by now is gone as announced.
 */
export function absentees(
  component: Component,
  objects: readonly NamedObject[],
  catalog: Catalog,
  now: Date,
): readonly CheckFinding[] {
  return objects.flatMap(object => {
    const size = catalog.objects.get(object.name)?.size
    if (size === object.size) return []
    const users = object.users.filter(({ entry, manifest }) => {
      const isOver = manifest.expires !== null && Date.parse(manifest.expires) <= now.getTime()
      return catalog.objects.has(manifestName(entry)) && !isOver
    })
    if (users.length === 0) return []
    const leans = users.every(({ entry }) => entry.id !== object.owner)
    const [code, what] =
      size !== undefined
        ? (['wrong-size', `has ${size} bytes where ${object.size} were written.`] as const)
        : leans
          ? (['leans-on-missing', 'is missing from the store, and so is the backup that wrote it.'] as const)
          : (['missing', 'is missing from the store.'] as const)
    return finding({ code, component, object: object.name, what, hurts: hurtBy(users.map(({ entry }) => entry)) })
  })
}

/** Manifests that the store lists and does not give. */
export function withheld(vanished: readonly Vanished[], catalog: Catalog): readonly CheckFinding[] {
  return vanished
    .filter(entry => catalog.objects.has(manifestName(entry)))
    .map(entry =>
      finding({
        code: 'missing',
        component: entry.component,
        object: manifestName(entry),
        what: 'is listed by the store, which then says that it does not exist.',
        hurts: hurtBy([entry]),
      }),
    )
}

export function manifestName({ component, id, kind }: CatalogEntry): string {
  return objectName({ component, id, file: kind === 'backup' ? MANIFEST : PLACEHOLDER })
}

/** A placeholder is never restored: it cannot be hurt. */
export function hurtBy(entries: readonly CatalogEntry[]): readonly string[] {
  return entries.filter(({ kind }) => kind === 'backup').map(({ id }) => id)
}
