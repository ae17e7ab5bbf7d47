/** Which backup a person means, of all that a store holds. */
import { ComebackError } from '../errors.ts'
import { timeOf } from '../format/backup-id.ts'
import { type Component, type Holds, holdsOf, type Manifest } from '../format/manifest.ts'
import type { Keyring } from '../repository/keyring.ts'
import { prepareIndex } from '../repository/manifests.ts'
import type { Store } from '../store/store.ts'
import { type Catalog, type CatalogEntry, type Moment, matches, readCatalog } from './catalog.ts'
import { newestOfMost } from './holdings.ts'
import { MANIFESTS_AT_A_TIME, sideBySide } from './side-by-side.ts'
import { isOf } from './source-hash.ts'
import { Judge, type Judged } from './standing.ts'

/** How many other backups an error names when the one asked for does not exist. */
const NEAREST = 4

export interface BackupSearch {
  readonly store: Store
  readonly component: Component
  readonly moment: Moment
  /** Without it, what is claimed is believed. */
  readonly keyring: Keyring | undefined
  readonly now: Date
  readonly signal: AbortSignal
  /** Hears the id of each backup before its manifest is read. */
  readonly looking?: (id: string) => void
  /** Hears of each backup that would have been meant and does not count, or holds less than an older one. */
  readonly passedOver?: PassedOver
}

/** `asked`: it was asked for by its id, so it is taken all the same. */
export type PassedOver = (id: string, why: ComebackError, asked?: 'asked') => void

/**
 * The authenticated manifest of the backup that is meant: the newest complete one that counts (see `standing.ts`). `latest` is
 * the newest of those that hold most: the structure alone never stands before rows. By its id any is found that the key vouches
 * for, whatever it is. What is passed over is told of, so that no older backup passes for the newest, and it is the error if
 * there is nothing else.
 */
export async function findBackup(
  store: Store,
  component: Component,
  moment: Moment,
  keyring: Keyring,
  signal: AbortSignal,
  now = new Date(),
): Promise<Manifest> {
  return findIn(await readCatalog(store, component, signal), { store, component, moment, keyring, now, signal })
}

/** As `findBackup`, in a catalogue of the component alone that was just read. */
export async function findIn(catalog: Catalog, search: BackupSearch): Promise<Manifest> {
  const { store, component, moment, keyring, looking, passedOver } = search
  const candidates = catalog.entries.filter(entry => matches(entry, moment))
  const skipped: string[] = []
  const lesser: Manifest[] = []
  let unread: ComebackError | undefined
  for await (const { entry, judging } of judgedOf(candidates, catalog, search)) {
    if (judging === undefined) {
      skipped.push(`${entry.id} failed`)
      continue
    }
    looking?.(entry.id)
    const { standing, manifest } = await judging()
    if (manifest === undefined || !standing.counts) {
      if (standing.counts) throw new Error(`${entry.id} was judged unread.`)
      const { because, error } = standing
      if (moment.kind === 'id') {
        if (manifest === undefined || because === 'damaged' || because === 'other-key') throw error
        passedOver?.(entry.id, error, 'asked')
        return manifest
      }
      if (because === 'gone') continue
      passedOver?.(entry.id, error)
      unread ??= error
      continue
    }
    if (moment.kind === 'id') return manifest
    const other = await whyNot(manifest, moment, keyring)
    if (other !== undefined) {
      skipped.push(`${entry.id} ${other}`)
      continue
    }
    if (moment.kind !== 'latest' || holdsOf(manifest) === 'all') return tellOfLesser(lesser, manifest, passedOver)
    lesser.push(manifest)
  }
  const best = newestOfMost(lesser, holdsOf)
  if (best !== undefined) return tellOfLesser(lesser, best, passedOver)
  throw unread ?? noSuchBackup(store, component, moment, catalog, skipped)
}

interface Candidate {
  readonly entry: CatalogEntry
  /** Absent for placeholders. */
  readonly judging?: () => Promise<Judged>
}

/** Most searches end with the first; those that don't may have hundreds before them. */
async function* judgedOf(
  entries: readonly CatalogEntry[],
  catalog: Catalog,
  { store, keyring, now, signal }: BackupSearch,
): AsyncGenerator<Candidate> {
  const judge = new Judge({ store, catalog, keyring, now, signal })
  const [first, ...others] = entries
  if (first === undefined) return
  if (first.kind === 'placeholder') yield { entry: first }
  // Its index comes next; the second core derives that key while the first derives the manifest's.
  else
    yield { entry: first, judging: () => judge.judge(first, keyring && (manifest => prepareIndex(manifest, keyring))) }
  yield* sideBySide(others, MANIFESTS_AT_A_TIME, async (entry): Promise<Candidate> => {
    if (entry.kind === 'placeholder') return { entry }
    const judged = judge.judge(entry)
    // Awaited by whoever comes to it, if anybody does.
    await judged.catch(() => undefined)
    return { entry, judging: () => judged }
  })
}

async function whyNot(
  manifest: Manifest,
  moment: Exclude<Moment, { kind: 'id' }>,
  keyring: Keyring | undefined,
): Promise<string | undefined> {
  const { status, purpose } = manifest
  if (moment.kind === 'undo') {
    if (purpose !== 'safety') return 'is no safety backup'
    if (keyring === undefined || !(await isOf(manifest, moment.identity, keyring))) return 'is of another target'
  } else if (purpose === 'safety' && moment.includeSafety !== true) return 'is a safety backup'
  return status === 'complete' ? undefined : `is ${status}`
}

const LACKS: Readonly<Record<Exclude<Holds, 'all'>, string>> = {
  'some-rows': 'lacks the rows of some tables',
  structure: 'holds the structure alone, without any row',
}

function tellOfLesser(lesser: readonly Manifest[], chosen: Manifest, passedOver: PassedOver | undefined): Manifest {
  for (const manifest of lesser) {
    const holds = holdsOf(manifest)
    if (holds === 'all' || holds === holdsOf(chosen)) continue
    const message = `The ${manifest.component} backup ${manifest.id} ${LACKS[holds]}.`
    const hint = 'Ask for it by its id if that is what you want.'
    if (manifest.id > chosen.id) passedOver?.(manifest.id, new ComebackError('no-such-backup', message, { hint }))
  }
  return chosen
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
