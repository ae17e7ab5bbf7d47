/** Which backups a store holds, and which one a person means by `latest`, a day, a time or an id. */
import { ComebackError } from '../errors.ts'
import { isBackupId, timeOf } from '../format/backup-id.ts'
import type { Component, Manifest } from '../format/manifest.ts'
import { proofIdOf } from '../format/proof-record.ts'
import { MANIFEST, PLACEHOLDER, parseObjectName } from '../repository/layout.ts'
import { readManifest } from '../repository/manifests.ts'
import type { ObjectInfo, Store } from '../store/store.ts'

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
