/** Which backups a store holds, and which one a person means by `latest`, a day, a time or an id. */
import { ComebackError, hasCode } from '../errors.ts'
import { isBackupId, timeOf } from '../format/backup-id.ts'
import type { Component, Manifest } from '../format/manifest.ts'
import { proofIdOf } from '../format/proof-record.ts'
import type { Keyring } from '../repository/keyring.ts'
import { MANIFEST, PLACEHOLDER, parseObjectName } from '../repository/layout.ts'
import { authenticate, prepareIndex, readManifest } from '../repository/manifests.ts'
import type { ObjectInfo, Store } from '../store/store.ts'
import { MANIFESTS_AT_A_TIME, sideBySide } from './side-by-side.ts'
import { isOf } from './source-hash.ts'

/** How many other backups an error names when the one asked for does not exist. */
const NEAREST = 4

export interface CatalogEntry {
  readonly component: Component
  readonly id: string
  /** A backup exists if and only if its manifest does. */
  readonly kind: 'backup' | 'placeholder'
  /** Names of the records of its proofs, newest first. */
  readonly proofs: readonly string[]
}

export interface Catalog {
  /** Newest first. */
  readonly entries: readonly CatalogEntry[]
  readonly objects: ReadonlyMap<string, ObjectInfo>
  /** Objects that are not ours. */
  readonly foreign: readonly string[]
}

export async function readCatalog(
  store: Store,
  component: Component | undefined,
  signal: AbortSignal,
): Promise<Catalog> {
  const records: Omit<CatalogEntry, 'proofs'>[] = []
  const proofs = new Map<string, string[]>()
  const foreign: string[] = []
  const objects = new Map<string, ObjectInfo>()
  for await (const object of store.list(component === undefined ? '' : `${component}/`, signal)) {
    objects.set(object.name, object)
    const place = parseObjectName(object.name)
    if (place === undefined) foreign.push(object.name)
    else if (place.file === MANIFEST) records.push({ component: place.component, id: place.id, kind: 'backup' })
    else if (place.file === PLACEHOLDER) records.push({ component: place.component, id: place.id, kind: 'placeholder' })
    else if (proofIdOf(place.file) !== undefined) {
      const folder = `${place.component}/${place.id}`
      proofs.set(folder, [...(proofs.get(folder) ?? []), object.name])
    }
  }
  // Ids begin with their time; of a backup and a placeholder with one id the backup counts.
  const entries = records.map(record => ({
    ...record,
    proofs: proofs.get(`${record.component}/${record.id}`)?.sort().reverse() ?? [],
  }))
  entries.sort((a, b) => (a.id < b.id ? 1 : a.id > b.id ? -1 : a.kind === 'backup' ? -1 : 1))
  return { entries, objects, foreign }
}

export function manifestOf(store: Store, entry: CatalogEntry, signal: AbortSignal): Promise<Manifest> {
  const file = entry.kind === 'backup' ? MANIFEST : PLACEHOLDER
  return readManifest(store, { component: entry.component, id: entry.id, file }, signal)
}

/** What a person may ask for. Safety backups are passed over, unless they are included, or named by their id. */
export type Moment =
  | ({ readonly kind: 'latest' } & MaySafety)
  | ({ readonly kind: 'day'; readonly day: string } & MaySafety)
  | ({ readonly kind: 'time'; readonly time: Date } & MaySafety)
  | { readonly kind: 'id'; readonly id: string }
  /** The newest safety backup of what has this identity. */
  | { readonly kind: 'undo'; readonly identity: string; readonly place: string }

interface MaySafety {
  readonly includeSafety?: boolean
}

/** `latest`, `2026-11-23`, `2026-11-23T02:00Z` (or any ISO time with a zone), a backup id. `usage` for anything else. */
export function parseMoment(text: string, includeSafety = false): Moment {
  if (text === 'latest') return { kind: 'latest', includeSafety }
  if (isBackupId(text)) return { kind: 'id', id: text }
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && isRealDay(text)) return { kind: 'day', day: text, includeSafety }
  if (/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})$/.test(text)) {
    const time = new Date(text)
    if (!Number.isNaN(time.getTime())) return { kind: 'time', time, includeSafety }
  }
  throw new ComebackError('usage', `"${text}" is neither latest, nor a day, a time or a backup id.`, {
    hint: 'Write latest, 2026-11-23, 2026-11-23T02:00Z or an id as `comeback list` shows it.',
  })
}

function isRealDay(text: string): boolean {
  const time = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(text)
}

export interface BackupSearch {
  readonly store: Store
  readonly component: Component
  readonly moment: Moment
  readonly keyring: Keyring
  readonly signal: AbortSignal
  /** Hears the id of each backup before its manifest is read. */
  readonly looking?: (id: string) => void
  /** Hears of each backup whose record nobody with this key wrote, or not as it is. What it throws ends the search. */
  readonly passedOver?: PassedOver
}

export type PassedOver = (id: string, error: ComebackError) => void

/**
 * The authenticated manifest of the backup that is meant. Only complete ones count, but for an id, which may name a partial
 * one. Anybody who can write to the store can leave a record there of any date: what is not authentic never stands before what
 * is. It is told of, so that no older backup passes for the newest, and it is the error if there is nothing else.
 */
export async function findBackup(
  store: Store,
  component: Component,
  moment: Moment,
  keyring: Keyring,
  signal: AbortSignal,
): Promise<Manifest> {
  return findIn(await readCatalog(store, component, signal), { store, component, moment, keyring, signal })
}

/** As `findBackup`, in a catalogue of the component alone that was just read. */
export async function findIn(catalog: Catalog, search: BackupSearch): Promise<Manifest> {
  const { store, component, moment, keyring, signal, looking, passedOver } = search
  const candidates = catalog.entries.filter(entry => matches(entry, moment))
  const skipped: string[] = []
  let unread: ComebackError | undefined
  for await (const { entry, read } of recordsOf(candidates, store, signal)) {
    if (read === undefined) {
      skipped.push(`${entry.id} failed`)
      continue
    }
    looking?.(entry.id)
    let manifest: Manifest
    try {
      manifest = await read
      // Its index comes next; the second core derives that key while the first derives the manifest's.
      prepareIndex(manifest, keyring)
      await authenticate(manifest, keyring)
    } catch (error) {
      if (moment.kind === 'id' || !hasCode(error, 'damaged', 'unsupported', 'wrong-key')) throw error
      passedOver?.(entry.id, error)
      unread ??= error
      continue
    }
    if (moment.kind === 'id') return manifest
    const other = await whyNot(manifest, moment, keyring)
    if (other === undefined) return manifest
    skipped.push(`${entry.id} ${other}`)
  }
  throw unread ?? noSuchBackup(store, component, moment, catalog, skipped)
}

interface RecordRead {
  readonly entry: CatalogEntry
  /** Absent for placeholders. */
  readonly read?: Promise<Manifest>
}

/** Most searches end with the first; those that don't may have hundreds before them. */
async function* recordsOf(
  entries: readonly CatalogEntry[],
  store: Store,
  signal: AbortSignal,
): AsyncGenerator<RecordRead> {
  const readOne = async (entry: CatalogEntry): Promise<RecordRead> => {
    if (entry.kind === 'placeholder') return { entry }
    const read = manifestOf(store, entry, signal)
    // Awaited by whoever comes to it, if anybody does.
    await read.catch(() => undefined)
    return { entry, read }
  }
  const [first, ...others] = entries
  if (first === undefined) return
  yield await readOne(first)
  yield* sideBySide(others, MANIFESTS_AT_A_TIME, readOne)
}

async function whyNot(
  manifest: Manifest,
  moment: Exclude<Moment, { kind: 'id' }>,
  keyring: Keyring,
): Promise<string | undefined> {
  const { status, purpose } = manifest
  if (moment.kind === 'undo') {
    if (purpose !== 'safety') return 'is no safety backup'
    if (!(await isOf(manifest, moment.identity, keyring))) return 'is of another target'
  } else if (purpose === 'safety' && moment.includeSafety !== true) return 'is a safety backup'
  return status === 'complete' ? undefined : `is ${status}`
}

export function matches(entry: CatalogEntry, moment: Moment): boolean {
  switch (moment.kind) {
    case 'latest':
    case 'undo':
      return true
    case 'day':
      return timeOf(entry.id).toISOString().startsWith(moment.day)
    case 'time':
      return timeOf(entry.id) <= moment.time
    case 'id':
      return entry.id === moment.id
  }
}

function noSuchBackup(
  store: Store,
  component: Component,
  moment: Moment,
  catalog: Catalog,
  skipped: readonly string[],
): ComebackError {
  if (moment.kind === 'undo') {
    return new ComebackError('no-such-backup', `No safety backup of ${moment.place} in ${store.location}.`, {
      hint: 'A restore makes one before it touches a target that holds something. `comeback list` shows them; any can be restored by its id.',
    })
  }
  const passedOver = skipped.length > 0 ? ` (${skipped.slice(0, NEAREST).join(', ')})` : ''
  const near = nearest(catalog, moment)
  return new ComebackError('no-such-backup', `No ${describe(component, moment)} in ${store.location}${passedOver}.`, {
    hint:
      near.length > 0
        ? `The nearest ones: ${near.join(', ')}. \`comeback list ${component}\` shows all.`
        : `The store holds no ${component} backup at all: is ${store.location} the right one?`,
  })
}

function describe(component: Component, moment: Exclude<Moment, { kind: 'undo' }>): string {
  switch (moment.kind) {
    case 'latest':
      return `complete ${component} backup`
    case 'day':
      return `complete ${component} backup of ${moment.day} (UTC)`
    case 'time':
      return `complete ${component} backup at or before ${moment.time.toISOString()}`
    case 'id':
      return `${component} backup ${moment.id}`
  }
}

function nearest(catalog: Catalog, moment: Moment): readonly string[] {
  const target =
    moment.kind === 'day'
      ? Date.parse(`${moment.day}T12:00:00Z`)
      : moment.kind === 'time'
        ? moment.time.getTime()
        : moment.kind === 'id'
          ? timeOf(moment.id).getTime()
          : Number.POSITIVE_INFINITY
  const ids = catalog.entries.filter(entry => entry.kind === 'backup').map(entry => entry.id)
  if (target === Number.POSITIVE_INFINITY) return ids.slice(0, NEAREST)
  const distance = (id: string) => Math.abs(timeOf(id).getTime() - target)
  return [...ids].sort((a, b) => distance(a) - distance(b)).slice(0, NEAREST)
}
