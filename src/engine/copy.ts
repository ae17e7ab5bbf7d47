/**
 * The use case: backups go from one store into another as they are, encrypted under the same key and under the same names. Each
 * object is checked against its SHA-256 on the way, and the manifest comes last, so that a backup exists at the target only
 * when all that it needs is there. What is there already is not copied again: an interrupted copy goes on where it was.
 */
import { asComebackError, ComebackError, hasCode } from '../errors.ts'
import { timeOf } from '../format/backup-id.ts'
import { type Component, MANIFEST_LIMIT, type Manifest, parseManifest } from '../format/manifest.ts'
import { PROOF_LIMIT } from '../format/proof-record.ts'
import type { CopiedBackup, CopyReport } from '../report/copy-report.ts'
import { getChecked } from '../repository/index-object.ts'
import type { Keyring } from '../repository/keyring.ts'
import { MANIFEST, objectName } from '../repository/layout.ts'
import { authenticate } from '../repository/manifests.ts'
import { packName, packsOf } from '../repository/packs.ts'
import type { Store } from '../store/store.ts'
import { type Catalog, type CatalogEntry, type Moment, manifestOf, matches, readCatalog } from './catalog.ts'
import type { Progress } from './progress.ts'
import { heldByRules, type RetentionPolicy } from './retention.ts'
import { shortLived } from './short-lived.ts'
import { allSideBySide, MANIFESTS_AT_A_TIME, sideBySide } from './side-by-side.ts'

/** Objects on their way at the same time: each is held in memory. */
const AT_A_TIME = 4

export interface CopyRequest {
  readonly from: Store
  readonly to: Store
  readonly components: readonly Component[]
  /** One backup of each component; undefined for what the rules hold, or for all. */
  readonly moment: Moment | undefined
  /** Undefined for all. */
  readonly rules: Omit<RetentionPolicy, 'days'> | undefined
  readonly includeSafety: boolean
  /** With it, only authentic backups are copied. */
  readonly keyring: Keyring | undefined
  readonly dryRun: boolean
  readonly now: () => Date
  readonly progress: Progress
  readonly signal: AbortSignal
}

/** Throws what keeps a store from being listed, and `no-such-backup`. A backup that can't be copied is a result. */
export async function copy(request: CopyRequest): Promise<CopyReport> {
  const { from, to, components, rules, dryRun, now, progress, signal } = request
  if (from.location === to.location) {
    throw new ComebackError('usage', `The backups are in ${to.location} already.`, {
      hint: 'Name another store with --to.',
    })
  }
  const started = now()
  const source = await readCatalog(from, undefined, signal)
  const target = await readCatalog(to, undefined, signal)
  const present = new Map([...target.objects.values()].map(({ name, size }) => [name, size]))
  const warnings = rules === undefined ? [] : shortLived({ ...rules, days: 0 }, target, now())
  for (const text of warnings) progress({ type: 'warning', component: undefined, message: text })
  const backups: CopiedBackup[] = []
  for (const component of components) {
    const chosen = await choose(request, source, component)
    expect(request, component, chosen, present)
    for (const one of chosen) {
      backups.push(await copyOne(request, one, source, present))
      signal.throwIfAborted()
    }
    progress({ type: 'done', component })
  }
  if (backups.length === 0) {
    throw new ComebackError('no-such-backup', `There is no such backup in ${from.location}.`, {
      hint: 'comeback list shows what it holds.',
    })
  }
  return {
    command: 'copy',
    from: from.location,
    to: to.location,
    dryRun,
    seconds: (now().getTime() - started.getTime()) / 1000,
    backups,
    objects: backups.reduce((sum, { objects }) => sum + objects, 0),
    bytes: backups.reduce((sum, { bytes }) => sum + bytes, 0),
    warnings,
  }
}

interface Chosen {
  readonly entry: CatalogEntry
  /** Or why it cannot be read. */
  readonly manifest: Manifest | ComebackError
}

/** Oldest first: what others lean on is there before them. */
async function choose(request: CopyRequest, { entries }: Catalog, component: Component): Promise<readonly Chosen[]> {
  const { from, moment, rules, includeSafety, signal } = request
  const own = entries.filter(entry => entry.component === component && entry.kind === 'backup')
  const read = await allSideBySide(
    own.filter(entry => moment === undefined || matches(entry, moment)),
    MANIFESTS_AT_A_TIME,
    async (entry): Promise<Chosen> => {
      try {
        const manifest = await manifestOf(from, entry, signal)
        if (request.keyring !== undefined) await authenticate(manifest, request.keyring)
        return { entry, manifest }
      } catch (error) {
        if (!hasCode(error, 'damaged', 'unsupported', 'wrong-key', 'not-found')) throw error
        return { entry, manifest: error }
      }
    },
  )
  const wanted = read.filter(
    ({ manifest }) =>
      includeSafety || moment?.kind === 'id' || manifest instanceof Error || manifest.purpose === undefined,
  )
  if (moment !== undefined) {
    const best = wanted.find(
      ({ manifest }) => moment.kind === 'id' || (!(manifest instanceof Error) && manifest.status === 'complete'),
    )
    return best === undefined ? wanted.slice(0, 1) : [best]
  }
  if (rules === undefined) return wanted.toReversed()
  const candidates = wanted.flatMap(one =>
    one.manifest instanceof Error
      ? []
      : [{ one, id: one.entry.id, source: one.manifest.source, complete: one.manifest.status === 'complete' }],
  )
  const held = new Set(heldByRules(candidates, { ...rules, days: 0 }).map(({ one }) => one))
  return wanted.filter(one => held.has(one) || one.manifest instanceof Error).toReversed()
}

interface Item {
  readonly name: string
  readonly size: number
  readonly sha256: string
}

/** All that the backup can't do without but its manifest. */
function itemsOf(manifest: Manifest): readonly Item[] {
  const { component, id, index } = manifest
  const packs = packsOf(manifest).map(pack => ({
    name: packName(component, pack),
    size: pack.size,
    sha256: pack.sha256,
  }))
  if (index === null) return packs
  return [...packs, { name: objectName({ component, id, file: index.name }), size: index.size, sha256: index.sha256 }]
}

function expect(
  { progress }: CopyRequest,
  component: Component,
  chosen: readonly Chosen[],
  present: ReadonlyMap<string, number>,
): void {
  const missing = new Map(
    chosen.flatMap(({ manifest }) =>
      manifest instanceof Error
        ? []
        : itemsOf(manifest).flatMap(({ name, size }) => (present.has(name) ? [] : [[name, size] as const])),
    ),
  )
  progress({ type: 'expect', component, bytes: [...missing.values()].reduce((sum, size) => sum + size, 0) })
  progress({ type: 'phase', component, text: `${chosen.length} backups, ${missing.size} objects to copy` })
}

async function copyOne(
  request: CopyRequest,
  { entry, manifest }: Chosen,
  source: Catalog,
  present: Map<string, number>,
): Promise<CopiedBackup> {
  const { dryRun, signal } = request
  const about = { component: entry.component, id: entry.id, time: timeOf(entry.id).toISOString() }
  const done = { objects: 0, bytes: 0 }
  try {
    if (manifest instanceof Error) throw manifest
    const items = itemsOf(manifest).filter(item => isMissing(item, present))
    const records = recordsOf(entry, source).filter(({ name }) => !present.has(name))
    if (items.length + records.length === 0) return { ...about, status: 'present', ...done }
    if (dryRun) {
      for (const { name, size } of [...items, ...records]) {
        present.set(name, size)
        done.objects++
        done.bytes += size
      }
      return { ...about, status: 'planned', ...done }
    }
    await copyItems(request, entry.component, items, present, done)
    // Only now may the backup exist; its proofs follow it.
    for (const { name } of records) await copyRecord(request, name, present, done)
    return { ...about, status: 'copied', ...done }
  } catch (error) {
    signal.throwIfAborted()
    const { code, message, hint } = asComebackError(error)
    return { ...about, status: 'failed', ...done, error: { code, message, hint } }
  }
}

/** The manifest, then the proofs, oldest first. */
function recordsOf({ component, id, proofs }: CatalogEntry, { objects }: Catalog) {
  const names = [objectName({ component, id, file: MANIFEST }), ...proofs.toReversed()]
  return names.map(name => ({ name, size: objects.get(name)?.size ?? 0 }))
}

function isMissing({ name, size }: Item, present: ReadonlyMap<string, number>): boolean {
  const there = present.get(name)
  if (there === undefined) return true
  if (there === size) return false
  throw new ComebackError('damaged', `${name} is in the target with ${there} bytes, where ${size} were written.`, {
    hint: 'Something else wrote there. Nothing was overwritten: remove it, or copy into another place.',
  })
}

type Sum = { objects: number; bytes: number }

async function copyItems(
  { from, to, progress, signal }: CopyRequest,
  component: Component,
  items: readonly Item[],
  present: Map<string, number>,
  done: Sum,
): Promise<void> {
  const copying = sideBySide(items, AT_A_TIME, async item => {
    const body = await getChecked(from, item.name, item, signal)
    await put(to, item.name, body, signal)
    present.set(item.name, item.size)
    return item
  })
  for await (const { size } of copying) {
    done.objects++
    done.bytes += size
    progress({ type: 'bytes', component, done: done.bytes, fresh: done.bytes, stored: done.bytes })
  }
}

async function copyRecord(
  { from, to, signal }: CopyRequest,
  name: string,
  present: Map<string, number>,
  done: Sum,
): Promise<void> {
  const isManifest = name.endsWith(`/${MANIFEST}`)
  const body = await from.get(name, { limit: isManifest ? MANIFEST_LIMIT : PROOF_LIMIT, signal })
  // It was read and believed; what travels must be the same.
  if (isManifest) parseManifest(body, name)
  await put(to, name, body, signal)
  present.set(name, body.length)
  done.objects++
  done.bytes += body.length
}

/** Another copy may be at work on the same: what it wrote has the same name and size, or is not ours. */
async function put(to: Store, name: string, body: Uint8Array, signal: AbortSignal): Promise<void> {
  try {
    await to.put(name, [body], signal)
  } catch (error) {
    if (!hasCode(error, 'already-exists')) throw error
    const { size } = await to.stat(name, signal)
    if (size !== body.length) throw error
  }
}
