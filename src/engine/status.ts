/**
 * The use case: for each component the last good backup, how old it is, and whether that is too old. Ids hold times, so of ten
 * thousand backups only the newest manifests are read, back to the first that is complete.
 */
import { asComebackError, hasCode } from '../errors.ts'
import { timeOf } from '../format/backup-id.ts'
import { COMPONENTS, type Component } from '../format/manifest.ts'
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
import { isOurs } from '../repository/manifests.ts'
import type { ObjectInfo, Store } from '../store/store.ts'
import { type Catalog, type CatalogEntry, manifestOf, readCatalog } from './catalog.ts'
import { forecast } from './forecast.ts'
import type { Progress } from './progress.ts'
import { type NewestProofs, newestProofs, type RecordedProof } from './proof-history.ts'
import { MANIFESTS_AT_A_TIME, sideBySide } from './side-by-side.ts'
import { findRhythm } from './status-rhythm.ts'
import { nextSteps } from './status-steps.ts'

const DAY = 24 * 60 * 60 * 1000
/** Milliseconds that another machine's clock may be ahead before a backup of its counts as dated in the future. */
const CLOCK_SKEW = 60 * 60 * 1000
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
  const found: ComponentStatus[] = []
  for (const component of components) {
    const entries = catalog.entries.filter(entry => entry.component === component)
    const maxAge = ageFor(request.maxAge, component)
    const maxProofAge = ageFor(request.maxProofAge, component)
    const newest = await findNewest(request, entries, now)
    const state = newest.last !== undefined ? 'good' : entries.length > 0 ? 'bad' : 'never'
    const tooOld = newest.last === undefined ? state === 'bad' || mustExist : newest.last.age * 1000 > (maxAge ?? 0)
    const proofs = await findProofs(request, entries, now)
    const unproved =
      proofs.lastVerified === undefined ? entries.length > 0 || mustExist : isOlder(proofs.lastVerified, maxProofAge)
    const facts = {
      component,
      state,
      overdue: maxAge !== undefined && tooOld,
      ...(maxProofAge === undefined ? {} : { proofOverdue: unproved }),
      ...newest,
      ...(newest.last === undefined ? {} : await findRhythm(store, entries, newest.last, now, signal)),
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

/** Entries come newest first. */
async function findNewest(request: StatusRequest, entries: readonly CatalogEntry[], now: Date): Promise<Newest> {
  const since: LaterRecord[] = []
  let sinceCount = 0
  const pass = (later: LaterRecord) => {
    sinceCount++
    if (since.length < SINCE_SHOWN) since.push(later)
  }
  // The newest backup alone first: as a rule it is the good one.
  let width = 1
  let from = 0
  while (from < entries.length) {
    const batch = entries.slice(from, from + width)
    for await (const seen of sideBySide(batch, width, entry => look(request, entry, now, sinceCount < SINCE_SHOWN))) {
      if (seen === undefined) continue
      if ('authenticated' in seen) return { last: seen, since, sinceCount }
      pass(seen)
    }
    from += width
    width = MANIFESTS_AT_A_TIME
  }
  return { since, sinceCount }
}

/** Undefined if the record was deleted just now, and for safety backups: they say nothing of whether backups are made. */
async function look(
  { store, keyring, signal }: StatusRequest,
  entry: CatalogEntry,
  now: Date,
  detailed: boolean,
): Promise<LastBackup | LaterRecord | undefined> {
  const { id, kind } = entry
  const date = timeOf(id)
  const time = date.toISOString()
  const age = Math.max(0, now.getTime() - date.getTime()) / 1000
  // Believed to be good, it would keep the alarm quiet until that day.
  if (date.getTime() > now.getTime() + CLOCK_SKEW) return { id, time, status: 'future' }
  if (kind === 'placeholder' && !detailed) return { id, time, status: 'failed' }
  try {
    const manifest = await manifestOf(store, entry, signal)
    if (manifest.purpose === 'safety') return undefined
    const authenticated = keyring !== undefined && (await isOurs(manifest, keyring))
    if (manifest.status === 'complete') return { id, time, age, bytes: manifest.bytes.plain, authenticated }
    return { id, time, status: manifest.status, ...(manifest.reason === null ? {} : { reason: manifest.reason }) }
  } catch (error) {
    if (hasCode(error, 'not-found')) return undefined
    if (!hasCode(error, 'damaged', 'unsupported')) throw error
    return { id, time, status: 'damaged', reason: asComebackError(error).message }
  }
}

/** Of the newest backup that was proved, and of the newest that came out as verified; both are mostly the same. */
async function findProofs(
  { store, keyring, signal }: StatusRequest,
  entries: readonly CatalogEntry[],
  now: Date,
): Promise<Pick<ComponentStatus, 'lastProof' | 'lastVerified'>> {
  let lastProof: StatusProof | undefined
  for (const entry of entries.filter(({ proofs }) => proofs.length > 0)) {
    const { newest, decided } = await proofsOf(store, entry, keyring, signal)
    if (newest !== undefined) lastProof ??= statusProof(newest, now)
    if (lastProof !== undefined && decided?.record.verdict === 'verified') {
      return { lastProof, lastVerified: statusProof(decided, now) }
    }
  }
  return lastProof === undefined ? {} : { lastProof }
}

/** Of another key's backup as it claims to be; of one that cannot be read, none. */
async function proofsOf(
  store: Store,
  entry: CatalogEntry,
  keyring: Keyring | undefined,
  signal: AbortSignal,
): Promise<NewestProofs> {
  try {
    const manifest = await manifestOf(store, entry, signal)
    const believer = keyring !== undefined && (await isOurs(manifest, keyring)) ? keyring : undefined
    return await newestProofs(store, entry, manifest, believer, signal)
  } catch (error) {
    if (hasCode(error, 'not-found', 'damaged', 'unsupported')) return {}
    throw error
  }
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
