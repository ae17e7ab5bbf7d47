/**
 * Which backups are to be copied: one of a moment, those that rules hold, or all. Records are read here to choose by them, and
 * once more when a backup is copied, so that what is held in memory of thousands of them is little.
 */
import { createHash } from 'node:crypto'
import { type ComebackError, type ErrorCode, hasCode } from '../errors.ts'
import { type Component, type Holds, holdsOf, type Manifest } from '../format/manifest.ts'
import type { Discount } from '../report/history-report.ts'
import type { Keyring } from '../repository/keyring.ts'
import { objectName } from '../repository/layout.ts'
import { packName, packsOf } from '../repository/packs.ts'
import type { Store } from '../store/store.ts'
import type { Catalog, CatalogEntry, Moment } from './catalog.ts'
import { findIn } from './find-backup.ts'
import { warnOfPassedOver } from './passed-over.ts'
import type { Progress } from './progress.ts'
import { heldByRules, type RetentionPolicy } from './retention.ts'
import { allSideBySide, MANIFESTS_AT_A_TIME } from './side-by-side.ts'
import { Judge, type Judging } from './standing.ts'

/** Backups that are named because they are not copied. */
const MOST_TOLD = 3
/** What is wrong with a backup, and not with the store. */
const UNREAD = ['damaged', 'unsupported', 'wrong-key', 'not-found'] as const satisfies readonly ErrorCode[]

export type CopyRules = Omit<RetentionPolicy, 'days'>

export interface Choice {
  readonly from: Store
  /** One backup of each component; undefined for what the rules hold, or for all. */
  readonly moment: Moment | undefined
  /** Undefined for all. */
  readonly rules: CopyRules | undefined
  readonly includeSafety: boolean
  /** With it, only what it vouches for is copied; without it everything is what it claims to be. */
  readonly keyring: Keyring | undefined
  readonly now: () => Date
  readonly progress: Progress
  readonly signal: AbortSignal
}

export type Chosen = Readable | Unreadable

export interface Readable {
  readonly entry: CatalogEntry
  readonly source: string
  readonly complete: boolean
  readonly holds: Holds
  readonly safety: boolean
  /** Id of the store that it was made for; undefined in format 1. */
  readonly bond: string | undefined
  /** Why it counts for nothing; absent where it counts. */
  readonly discount?: Discount
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
  const { from, moment, rules, includeSafety, keyring, now, signal } = choice
  const own = { ...catalog, entries: catalog.entries.filter(entry => entry.component === component) }
  const read = reader({ store: from, catalog: own, keyring, now: now(), signal })
  const backups = own.entries.filter(({ kind }) => kind === 'backup')
  if (moment !== undefined) return one(choice, moment, own, component, read)
  const reads = await allSideBySide(backups, MANIFESTS_AT_A_TIME, read)
  const all = await allSideBySide(reads, 1, judged => judged())
  const wanted = rules === undefined ? all.filter(isOfThisStore) : held(all, rules)
  tellOfOthers(
    choice,
    component,
    all.filter(record => 'discount' in record && !wanted.includes(record)),
  )
  return wanted.filter(record => 'error' in record || includeSafety || !record.safety).toReversed()
}

/** What was made for another store stays: where it was copied to nothing would tell any more which is which. */
function isOfThisStore(record: Chosen): boolean {
  return 'error' in record || record.discount !== 'other-store'
}

function tellOfOthers({ progress }: Choice, component: Component, others: readonly Chosen[]): void {
  if (others.length === 0) return
  const ids = others.slice(0, MOST_TOLD).map(({ entry }) => entry.id)
  const more = others.length > MOST_TOLD ? ', …' : ''
  progress({
    type: 'warning',
    component,
    message: `${others.length === 1 ? 'A backup counts' : `${others.length} backups count`} for nothing here and ${others.length === 1 ? 'is' : 'are'} not copied: ${ids.join(', ')}${more}`,
    hint: '`comeback list` says of each why. Any can be copied by its id.',
  })
}

export function digestOf(manifest: Manifest): string {
  // What the parser returns has its fields in the order of the schema.
  return createHash('sha256').update(JSON.stringify(manifest)).digest('hex')
}

/** As `restore` understands it. */
async function one(
  { from, keyring, now, progress, signal }: Choice,
  moment: Moment,
  catalog: Catalog,
  component: Component,
  read: (entry: CatalogEntry) => Promise<() => Promise<Chosen>>,
): Promise<readonly Chosen[]> {
  const passedOver = warnOfPassedOver(component, progress)
  try {
    const found = await findIn(catalog, { store: from, component, moment, keyring, now: now(), signal, passedOver })
    const entry = catalog.entries.find(({ id, kind }) => id === found.id && kind === 'backup')
    return entry === undefined ? [] : [await (await read(entry))()]
  } catch (error) {
    if (hasCode(error, 'no-such-backup')) return []
    const entry = catalog.entries.find(({ id, kind }) => moment.kind === 'id' && id === moment.id && kind === 'backup')
    if (entry === undefined || !hasCode(error, ...UNREAD)) throw error
    return [{ entry, error }]
  }
}

/** What no rule could judge is told of all the same. Safety backups take no slot, and none holds them. */
function held(all: readonly Chosen[], rules: CopyRules): readonly Chosen[] {
  const candidates = all.flatMap(record =>
    'error' in record || record.safety || record.discount !== undefined
      ? []
      : [{ record, id: record.entry.id, source: record.source, complete: record.complete, holds: record.holds }],
  )
  const kept = new Set<Chosen>(heldByRules(candidates, { ...rules, days: 0 }).map(({ record }) => record))
  return all.filter(record => 'error' in record || kept.has(record))
}

/** The same object is named by many records, which share what is held of it. */
function reader(judging: Judging): (entry: CatalogEntry) => Promise<() => Promise<Chosen>> {
  const { objects } = judging.catalog
  const judge = new Judge(judging)
  const known = new Map<string, Needed>()
  const shared = ({ name, size }: Needed): Needed => {
    const before = known.get(name)
    if (before?.size === size) return before
    const needed = { name: objects.get(name)?.name ?? name, size }
    known.set(name, needed)
    return needed
  }
  return async entry => {
    const { manifest, believed, standing } = await judge.read(entry)
    const facts =
      manifest === undefined || !believed
        ? undefined
        : {
            source: manifest.source,
            complete: manifest.status === 'complete',
            holds: holdsOf(manifest),
            safety: manifest.purpose === 'safety',
            bond: manifest.store?.id,
            digest: digestOf(manifest),
            needs: itemsOf(manifest).map(shared),
          }
    return async () => {
      const judged = await standing()
      if (facts !== undefined && judged.counts) return { entry, ...facts }
      if (judged.counts) throw new Error(`${entry.id} was judged unread.`)
      const { because, error } = judged
      if (facts === undefined || because === 'damaged' || because === 'gone') return { entry, error }
      return { entry, ...facts, discount: because }
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
