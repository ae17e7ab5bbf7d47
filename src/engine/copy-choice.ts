/**
 * Which backups are to be copied: one of a moment, those that rules hold, or all. Records are read here to choose by them, and
 * once more when a backup is copied, so that what is held in memory of thousands of them is little.
 */
import { createHash } from 'node:crypto'
import { type ComebackError, hasCode } from '../errors.ts'
import { timeOf } from '../format/backup-id.ts'
import type { Component, Manifest } from '../format/manifest.ts'
import type { Keyring } from '../repository/keyring.ts'
import { objectName } from '../repository/layout.ts'
import { authenticate } from '../repository/manifests.ts'
import { packName, packsOf } from '../repository/packs.ts'
import type { Store } from '../store/store.ts'
import { type Catalog, type CatalogEntry, type Moment, manifestOf, matches } from './catalog.ts'
import { heldByRules, type RetentionPolicy } from './retention.ts'
import { allSideBySide, MANIFESTS_AT_A_TIME } from './side-by-side.ts'

export type CopyRules = Omit<RetentionPolicy, 'days'>

export interface Choice {
  readonly from: Store
  /** One backup of each component; undefined for what the rules hold, or for all. */
  readonly moment: Moment | undefined
  /** Undefined for all. */
  readonly rules: CopyRules | undefined
  readonly includeSafety: boolean
  /** With it, only authentic backups are copied. */
  readonly keyring: Keyring | undefined
  readonly now: () => Date
  readonly signal: AbortSignal
}

export type Chosen = Readable | Unreadable

export interface Readable {
  readonly entry: CatalogEntry
  readonly source: string
  readonly complete: boolean
  readonly safety: boolean
  /** Of what its record says: whether it is still that one. */
  readonly digest: string
  readonly needs: readonly Needed[]
}

/** An object that a backup can't do without. */
export interface Needed {
  readonly name: string
  /** Bytes, as its record has it. */
  readonly size: number
}

export interface Unreadable {
  readonly entry: CatalogEntry
  readonly error: ComebackError
}

/** Oldest first: what others lean on is there before them. Throws what keeps the store from being read. */
export async function choose(choice: Choice, catalog: Catalog, component: Component): Promise<readonly Chosen[]> {
  const { moment, rules, includeSafety } = choice
  const entries = catalog.entries.filter(entry => entry.component === component && entry.kind === 'backup')
  const read = reader(choice, catalog)
  if (moment !== undefined) return one(moment, entries, read)
  const all = await allSideBySide(entries, MANIFESTS_AT_A_TIME, read)
  const wanted = rules === undefined ? all : held(all, rules, choice.now())
  return wanted.filter(record => 'error' in record || includeSafety || !record.safety).toReversed()
}

export function digestOf(manifest: Manifest): string {
  // What the parser returns has its fields in the order of the schema.
  return createHash('sha256').update(JSON.stringify(manifest)).digest('hex')
}

/** As `restore` understands it: what cannot be read is an error, since an older backup must not pass for the newest. */
async function one(
  moment: Moment,
  entries: readonly CatalogEntry[],
  read: (entry: CatalogEntry) => Promise<Chosen>,
): Promise<readonly Chosen[]> {
  const byId = moment.kind === 'id'
  for (const entry of entries.filter(entry => matches(entry, moment))) {
    const record = await read(entry)
    if ('error' in record || byId || (record.complete && !(record.safety && !mayBeSafety(moment)))) return [record]
  }
  return []
}

function mayBeSafety(moment: Moment): boolean {
  return 'includeSafety' in moment && moment.includeSafety === true
}

/** What no rule could judge is told of all the same. Safety backups take no slot, and none holds them. */
function held(all: readonly Chosen[], rules: CopyRules, now: Date): readonly Chosen[] {
  const candidates = all.flatMap(record =>
    'error' in record || record.safety || timeOf(record.entry.id) > now
      ? []
      : [{ record, id: record.entry.id, source: record.source, complete: record.complete }],
  )
  const kept = new Set<Chosen>(heldByRules(candidates, { ...rules, days: 0 }).map(({ record }) => record))
  return all.filter(record => 'error' in record || kept.has(record))
}

/** The same object is named by many records, which share what is held of it. */
function reader({ from, keyring, signal }: Choice, { objects }: Catalog): (entry: CatalogEntry) => Promise<Chosen> {
  const known = new Map<string, Needed>()
  const shared = ({ name, size }: Needed): Needed => {
    const before = known.get(name)
    if (before?.size === size) return before
    const needed = { name: objects.get(name)?.name ?? name, size }
    known.set(name, needed)
    return needed
  }
  return async entry => {
    try {
      const manifest = await manifestOf(from, entry, signal)
      if (keyring !== undefined) await authenticate(manifest, keyring)
      const { source, status, purpose } = manifest
      const needs = itemsOf(manifest).map(shared)
      const facts = { source, complete: status === 'complete', safety: purpose === 'safety' }
      return { entry, ...facts, digest: digestOf(manifest), needs }
    } catch (error) {
      if (!hasCode(error, 'damaged', 'unsupported', 'wrong-key', 'not-found')) throw error
      return { entry, error }
    }
  }
}

export interface Item extends Needed {
  readonly sha256: string
}

/** All that the backup can't do without but its manifest. */
export function itemsOf(manifest: Manifest): readonly Item[] {
  const { component, id, index } = manifest
  const packs = packsOf(manifest).map(pack => ({
    name: packName(component, pack),
    size: pack.size,
    sha256: pack.sha256,
  }))
  if (index === null) return packs
  return [...packs, { name: objectName({ component, id, file: index.name }), size: index.size, sha256: index.sha256 }]
}
