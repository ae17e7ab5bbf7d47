/**
 * The use case: what retention lets go leaves the store, records first, then the packs that nothing needs any more. A run
 * that is interrupted anywhere leaves packs without a record, which the next run removes.
 *
 * A backup exists if and only if its manifest exists, so deleting that is the removal. Packs are counted by what the
 * remaining manifests name, and packs of a removed backup stay while a newer one leans on them.
 *
 * There are no locks, so another run may be at work on the same store, and nothing shows of a backup before it is finished.
 * Why none is harmed:
 *
 * - One that finished since the records were read is seen: the catalogue is read again after the manifests were deleted, and
 *   only what that second reading does not need is deleted.
 * - The packs of one still running lie in a folder that has no record yet. Such a folder is left alone until nothing was
 *   written to it for a week, or, once its index is there, for the grace time: by the store's own clock, so that it does not
 *   matter what the clocks of the two machines say, or that the backup goes by the date of an old file.
 * - The packs that it leans on are those of the newest backup B of its source at the time it started, and of placeholders
 *   since. If B still is the newest, it is kept. B may only go if a newer C of that source is older than the grace
 *   time, since retention keeps the newest such and all that are younger. So C was running, too, when the run chose B. Thus two
 *   runs of one source overlapped that together took longer than the grace time.
 * - Safety backups go by their age alone. No other backup leans on one, and they themselves only on one that has a day left.
 * - Even then the run looks whether all that its manifest names is there, its own packs and those that it leans on, just before
 *   it writes the manifest and once more after that, and fails if something is not. What is left is a run that does all of that
 *   while the last packs are being deleted, in a case that takes two overlapping runs of a day: without locks no store can
 *   close that.
 *
 * Two prunes at once delete the same things, or each what its own policy lets go; the rules above hold for both.
 */
import { asComebackError, type ErrorCode, hasCode } from '../errors.ts'
import type { Component } from '../format/manifest.ts'
import type { PruneReport } from '../report/prune-report.ts'
import type { Keyring } from '../repository/keyring.ts'
import { parseObjectName } from '../repository/layout.ts'
import type { ObjectInfo, Store } from '../store/store.ts'
import { type Catalog, readCatalog } from './catalog.ts'
import type { Progress } from './progress.ts'
import { describePrune, type Refusal } from './prune-description.ts'
import { decide } from './prune-plan.ts'
import { type RecordCache, readRecords, recordName, type StoreRecord } from './records.ts'
import { policyText, type RetentionPolicy } from './retention.ts'
import { shortLived } from './short-lived.ts'
import { sideBySide } from './side-by-side.ts'
import { unneeded } from './unneeded.ts'

/** Deletes under way at a time. */
const DELETERS = 8
/** Of one object: the next may be deleted all the same. */
const REFUSALS = ['permission', 'unsupported', 'failed', 'store-foreign'] as const satisfies readonly ErrorCode[]

export interface PruneRequest {
  readonly store: Store
  readonly components: readonly Component[]
  /** Without it everything is judged by what it claims to be: whoever calls must have asked for that. */
  readonly keyring: Keyring | undefined
  readonly policy: RetentionPolicy
  /** Without it, the report is a plan. */
  readonly apply: boolean
  readonly now: () => Date
  readonly progress: Progress
  readonly signal: AbortSignal
}

/** Throws where the store can't be read or reached. Deletes that it refuses stand in the report. */
export async function prune(request: PruneRequest): Promise<PruneReport> {
  const { store, components, policy, signal } = request
  const now = request.now()
  const cache: RecordCache = new Map()
  const seen = await look(request, now, cache, () => true)
  const decisions = decide(seen.records, policy, now)
  const staying = decisions.filter(({ keep }) => keep).map(({ record }) => record)
  const going = decisions.filter(({ keep }) => !keep).map(({ record }) => record.name)
  const plan = unneeded(seen.catalog, components, staying, seen.records, now)
  const beyond = shortLived(policy, seen.catalog, now)
  const facts = {
    store,
    components,
    policy: policyText(policy),
    decisions,
    strange: plan.strange,
    beyond,
    keyring: request.keyring,
  }
  if (!request.apply) {
    const deleted = new Set([...going, ...namesOf(plan.packs), ...namesOf(plan.indexes)])
    return describePrune({ ...facts, applied: false, catalog: seen.catalog, deleted, refused: [] })
  }

  announce(request, going, 'old record')
  const records = await remove(store, going, signal)
  const again = await look(request, now, cache, ({ name }) => !records.deleted.has(name))
  const doomed = unneeded(again.catalog, components, again.records, [...seen.records, ...again.records], now)
  announce(request, namesOf(doomed.packs), 'object')
  const packs = await remove(store, namesOf(doomed.packs), signal)
  const indexes = await remove(store, namesOf(doomed.indexes), signal)
  await tidy(request)
  for (const component of components) request.progress({ type: 'done', component })
  const removals = [records, packs, indexes]
  return describePrune({
    ...facts,
    applied: true,
    catalog: { ...again.catalog, objects: new Map([...seen.catalog.objects, ...again.catalog.objects]) },
    deleted: new Set(removals.flatMap(({ deleted }) => [...deleted])),
    refused: removals.flatMap(({ refused }) => refused),
  })
}

async function look(
  { store, components, keyring, signal }: PruneRequest,
  now: Date,
  cache: RecordCache,
  wanted: (record: { readonly name: string }) => boolean,
): Promise<{ readonly catalog: Catalog; readonly records: readonly StoreRecord[] }> {
  const [only, ...more] = components
  const catalog = await readCatalog(store, more.length === 0 ? only : undefined, signal)
  const entries = catalog.entries.filter(
    entry => components.includes(entry.component) && wanted({ name: recordName(entry) }),
  )
  return { catalog, records: await readRecords({ store, catalog, keyring, now, signal }, entries, cache) }
}

/** What the store refuses is noted, and the rest goes on. What may pass, or concerns everything, is thrown. */
async function remove(
  store: Store,
  names: readonly string[],
  signal: AbortSignal,
): Promise<{ readonly deleted: ReadonlySet<string>; readonly refused: readonly Refusal[] }> {
  const deleted = new Set<string>()
  const refused: Refusal[] = []
  const removals = sideBySide(names, DELETERS, async name => {
    signal.throwIfAborted()
    try {
      await store.delete(name, signal)
      deleted.add(name)
    } catch (error) {
      if (!hasCode(error, ...REFUSALS)) throw error
      refused.push({ name, error })
    }
  })
  for await (const _ of removals);
  return { deleted, refused }
}

/** What runs that were killed left half-written. That it cannot be removed is told of, and no reason to fail. */
async function tidy({ store, progress, signal }: PruneRequest): Promise<void> {
  try {
    await store.tidy?.(signal)
  } catch (error) {
    signal.throwIfAborted()
    progress({ type: 'warning', component: undefined, message: asComebackError(error).message })
  }
}

function announce({ progress }: PruneRequest, names: readonly string[], noun: string): void {
  for (const [component, own] of Map.groupBy(names, name => parseObjectName(name)?.component)) {
    if (component === undefined) continue
    progress({ type: 'phase', component, text: `removing ${own.length} ${noun}${own.length === 1 ? '' : 's'}` })
  }
}

function namesOf(objects: readonly ObjectInfo[]): readonly string[] {
  return objects.map(({ name }) => name)
}
