/**
 * The use case: for each component the last good backup, how old it is, and whether that is too old. Ids hold times, so of ten
 * thousand backups only the newest manifests are read, back to the first that is complete.
 */
import { timeOf } from '../format/backup-id.ts'
import { COMPONENTS, type Component, type Holds, holdsOf } from '../format/manifest.ts'
import type {
  Ages,
  ComponentStatus,
  LastBackup,
  LaterRecord,
  Space,
  StatusProof,
  StatusReport,
} from '../report/status-report.ts'
import type { Keyring } from '../repository/keyring.ts'
import { parseObjectName } from '../repository/layout.ts'
import type { ObjectInfo, Store } from '../store/store.ts'
import { type Catalog, type CatalogEntry, readCatalog } from './catalog.ts'
import { forecast } from './forecast.ts'
import { holdsNoLess, newestOfMost } from './holdings.ts'
import type { Progress } from './progress.ts'
import { newestProofs, type RecordedProof } from './proof-history.ts'
import { MANIFESTS_AT_A_TIME, sideBySide } from './side-by-side.ts'
import { Judge, type Judging } from './standing.ts'
import { findRhythm } from './status-rhythm.ts'
import { nextSteps } from './status-steps.ts'

const DAY = 24 * 60 * 60 * 1000
/** Later records that are told of; the rest are counted. */
const SINCE_SHOWN = 5

export interface StatusRequest {
  readonly store: Store
  readonly components: readonly Component[]
  readonly keyring: Keyring | undefined
  /** Milliseconds, for all or for each. */
  readonly maxAge: Ages | undefined
  readonly maxProofAge?: Ages | undefined
  /** Bytes that the whole store may hold. */
  readonly quota?: number | undefined
  readonly now: () => Date
  readonly progress: Progress
  readonly signal: AbortSignal
}

export async function status(request: StatusRequest): Promise<StatusReport> {
  const { store, components, quota, signal } = request
  const now = request.now()
  const [only, ...more] = components
  const catalog = await readCatalog(store, more.length === 0 && quota === undefined ? only : undefined, signal)
  // Of all components some may not be in use. But who asks about them by name, or finds a store with no backup at all, must hear it.
  const mustExist = components.length < COMPONENTS.length || catalog.entries.length === 0
  const judging = { store, catalog, keyring: request.keyring, now, signal }
  const judge = new Judge(judging)
  const found: ComponentStatus[] = []
  for (const component of components) {
    const entries = catalog.entries.filter(entry => entry.component === component)
    const maxAge = ageFor(request.maxAge, component)
    const maxProofAge = ageFor(request.maxProofAge, component)
    const newest = await findNewest(entries, (entry, detailed) => look(judge, entry, now, detailed))
    const state = newest.last !== undefined ? 'good' : entries.length > 0 ? 'bad' : 'never'
    const tooOld = newest.last === undefined ? state === 'bad' || mustExist : newest.last.age * 1000 > (maxAge ?? 0)
    const proofs = await findProofs(judging, judge, entries, newest.last?.holds)
    const unproved =
      proofs.lastVerified === undefined ? entries.length > 0 || mustExist : isOlder(proofs.lastVerified, maxProofAge)
    const facts = {
      component,
      state,
      overdue: maxAge !== undefined && tooOld,
      ...(maxProofAge === undefined ? {} : { proofOverdue: unproved }),
      ...newest,
      ...(newest.last === undefined ? {} : await findRhythm(judge, entries, newest.last, now)),
      ...proofs,
      ...countsOf(component, entries),
      ...sizesOf(component, catalog.objects.values(), now),
    } as const
    found.push({ ...facts, next: nextSteps(facts, maxAge, maxProofAge) })
  }
  return {
    command: 'status',
    store: store.location,
    time: now.toISOString(),
    ...(request.keyring === undefined ? { unauthenticated: true as const } : {}),
    ...(request.maxAge === undefined ? {} : { maxAge: inSeconds(request.maxAge) }),
    ...(request.maxProofAge === undefined ? {} : { maxProofAge: inSeconds(request.maxProofAge) }),
    components: found,
    space: spaceOf(catalog, now, quota),
  }
}

/** Strange objects take their place, too; nobody knows when they came. */
function spaceOf({ objects }: Catalog, now: Date, quota: number | undefined): Space {
  const known = [...objects.values()].map(({ name, size, expiresAt }) => {
    const place = parseObjectName(name)
    const run = place === undefined ? '' : `${place.component}/${place.id}`
    return { run, time: place === undefined ? new Date(0) : timeOf(place.id), size, expiresAt }
  })
  const stored = known.reduce((sum, { size }) => sum + size, 0)
  const ours = known.filter(({ run }) => run !== '')
  const strange = stored - ours.reduce((sum, { size }) => sum + size, 0)
  const in30Days = forecast(ours, now, quota === undefined ? undefined : quota - strange)
  return {
    stored,
    ...(quota === undefined ? {} : { quota, exceeded: stored > quota }),
    ...(in30Days === undefined ? {} : { in30Days: { ...in30Days, bytes: in30Days.bytes + strange } }),
  }
}

/** Undefined where nobody asked about the component. */
function ageFor(ages: Ages | undefined, component: Component): number | undefined {
  return typeof ages === 'object' ? ages[component] : ages
}

function inSeconds(ages: Ages): Ages {
  if (typeof ages === 'number') return ages / 1000
  return Object.fromEntries(Object.entries(ages).map(([component, age]) => [component, age / 1000]))
}

type Newest = Pick<ComponentStatus, 'last' | 'since' | 'sinceCount'>

type Look = (entry: CatalogEntry, detailed: boolean) => Promise<LastBackup | LaterRecord | undefined>

/** Entries come newest first. */
async function findNewest(entries: readonly CatalogEntry[], look: Look): Promise<Newest> {
  const since: LaterRecord[] = []
  let sinceCount = 0
  // Complete ones that hold less than everything, each with the number of records that are newer.
  const lesser: { readonly last: LastBackup; readonly newer: number }[] = []
  const pass = (later: LaterRecord) => {
    sinceCount++
    if (since.length < SINCE_SHOWN) since.push(later)
  }
  // The newest backup alone first: as a rule it is the good one.
  let width = 1
  let from = 0
  while (from < entries.length) {
    const batch = entries.slice(from, from + width)
    for await (const seen of sideBySide(batch, width, entry => look(entry, sinceCount < SINCE_SHOWN))) {
      if (seen === undefined) continue
      if (!('authenticated' in seen)) pass(seen)
      else if (seen.holds === undefined) return { last: seen, since, sinceCount }
      else {
        lesser.push({ last: seen, newer: sinceCount })
        pass({ id: seen.id, time: seen.time, status: seen.holds })
      }
    }
    from += width
    width = MANIFESTS_AT_A_TIME
  }
  const best = newestOfMost(lesser, ({ last }) => last.holds ?? 'all')
  if (best === undefined) return { since, sinceCount }
  return { last: best.last, since: since.slice(0, best.newer), sinceCount: best.newer }
}

/** Undefined if the record was deleted just now, and for safety backups: they say nothing of whether backups are made. */
async function look(
  judge: Judge,
  entry: CatalogEntry,
  now: Date,
  detailed: boolean,
): Promise<LastBackup | LaterRecord | undefined> {
  const { id, kind } = entry
  const date = timeOf(id)
  const time = date.toISOString()
  if (kind === 'placeholder' && !detailed) return { id, time, status: 'failed' }
  const { standing, manifest } = await judge.judge(entry)
  if (!standing.counts) {
    const { because, error } = standing
    if (because === 'gone') return undefined
    // Believed to be good, it would keep the alarm quiet until that day.
    if (because === 'future') return { id, time, status: 'future' }
    return { id, time, status: because === 'damaged' ? 'damaged' : 'foreign', reason: error.message }
  }
  if (manifest === undefined || manifest.purpose === 'safety') return undefined
  const { status, reason, bytes } = manifest
  if (status !== 'complete') return { id, time, status, ...(reason === null ? {} : { reason }) }
  const holds = holdsOf(manifest)
  return {
    id,
    time,
    age: Math.max(0, now.getTime() - date.getTime()) / 1000,
    bytes: bytes.plain,
    ...(holds === 'all' ? {} : { holds }),
    authenticated: standing.authenticated,
  }
}

/**
 * Of the newest backup that was proved, and of the newest that came out as verified; both are mostly the same. Rows are not
 * verified by a proof of one that holds less than the last good one.
 */
async function findProofs(
  judging: Judging,
  judge: Judge,
  entries: readonly CatalogEntry[],
  most: Holds = 'all',
): Promise<Pick<ComponentStatus, 'lastProof' | 'lastVerified'>> {
  const { now } = judging
  let lastProof: StatusProof | undefined
  for (const entry of entries.filter(({ proofs }) => proofs.length > 0)) {
    const { standing, manifest } = await judge.judge(entry)
    if (manifest === undefined || !standing.counts) continue
    const { newest, decided } = await newestProofs(judging, entry, manifest)
    if (newest !== undefined) lastProof ??= statusProof(newest, now)
    if (lastProof !== undefined && decided?.record.verdict === 'verified' && holdsNoLess(holdsOf(manifest), most)) {
      return { lastProof, lastVerified: statusProof(decided, now) }
    }
  }
  return lastProof === undefined ? {} : { lastProof }
}

function statusProof({ record, authenticated }: RecordedProof, now: Date): StatusProof {
  const { backup, verdict, provedAt, restoreSeconds } = record
  return {
    id: backup,
    verdict,
    time: provedAt,
    age: Math.max(0, now.getTime() - Date.parse(provedAt)) / 1000,
    ...(restoreSeconds === null ? {} : { restoreSeconds }),
    authenticated,
  }
}

function isOlder({ age }: StatusProof, limit: number | undefined): boolean {
  return limit !== undefined && age * 1000 > limit
}

function countsOf(component: Component, entries: readonly CatalogEntry[]): Pick<ComponentStatus, 'backups' | 'failed'> {
  const own = entries.filter(entry => entry.component === component)
  const failed = own.filter(({ kind }) => kind === 'placeholder').length
  return { backups: own.length - failed, failed }
}

function sizesOf(
  component: Component,
  objects: Iterable<ObjectInfo>,
  now: Date,
): Pick<ComponentStatus, 'stored' | 'grown'> {
  let [stored, days7, days30] = [0, 0, 0]
  for (const { name, size } of objects) {
    const place = parseObjectName(name)
    if (place?.component !== component) continue
    const age = now.getTime() - timeOf(place.id).getTime()
    stored += size
    if (age < 30 * DAY) days30 += size
    if (age < 7 * DAY) days7 += size
  }
  return { stored, grown: { days7, days30 } }
}
