/**
 * The use case: backups go from one store into another as they are, encrypted under the same key and under the same names. Each
 * object is checked against its SHA-256 on the way, and the manifest comes last, so that a backup exists at the target only
 * when all that it needs is there. What is there already is not copied again: an interrupted copy goes on where it was.
 */
import { asComebackError, ComebackError, hasCode } from '../errors.ts'
import { timeOf } from '../format/backup-id.ts'
import type { Component } from '../format/manifest.ts'
import type { CopiedBackup, CopyReport } from '../report/copy-report.ts'
import type { Store } from '../store/store.ts'
import { type Catalog, manifestOf, readCatalog } from './catalog.ts'
import { strangersThere } from './copy-bonds.ts'
import { type Choice, type Chosen, choose, digestOf } from './copy-choice.ts'
import { bring, type Carrier, manifestName, recordsOf } from './copy-objects.ts'
import { CopyTarget, notTheSame } from './copy-target.ts'
import { shortLived } from './short-lived.ts'
import { allSideBySide, MANIFESTS_AT_A_TIME } from './side-by-side.ts'

/** Bytes. */
const MB = 1_000_000

export interface CopyRequest extends Choice, Pick<Carrier, 'progress'> {
  readonly to: Store
  readonly components: readonly Component[]
  /** Days after which the target drops what it gets, where that is known beforehand. */
  readonly targetDays?: number | undefined
  readonly dryRun: boolean
}

/** Throws what keeps a store from being listed, and `no-such-backup`. A backup that can't be copied is a result. */
export async function copy(request: CopyRequest): Promise<CopyReport> {
  const { from, to, components, dryRun, now, signal } = request
  if (from.location === to.location) {
    throw new ComebackError('usage', `The backups are in ${to.location} already.`, {
      hint: 'Name another store with --to.',
    })
  }
  const started = now()
  const source = await readCatalog(from, undefined, signal)
  const chosen: Chosen[] = []
  for (const component of components) chosen.push(...(await choose(request, source, component)))
  if (chosen.length === 0) {
    throw new ComebackError('no-such-backup', `There is no such backup in ${from.location}.`, {
      hint: 'comeback list shows what it holds.',
    })
  }
  const target = new CopyTarget(to, now)
  const held = await target.look(signal)
  const wanted = await allSideBySide(chosen, MANIFESTS_AT_A_TIME, one => compared(one, target, signal))
  const strangers = await strangersThere(request, chosen, held)
  const warnings = [...strangers, ...announce(request, wanted, target, held)]
  for (const message of strangers) request.progress({ type: 'warning', component: undefined, message })
  const carrier: Carrier = { ...request, source, target, halted: undefined, done: 0 }
  const backups = await copyAll(request, carrier, wanted)
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

/** A record that the target has already must be the same. */
async function compared(one: Chosen, target: CopyTarget, signal: AbortSignal): Promise<Chosen> {
  const { entry } = one
  const name = manifestName(entry)
  if ('error' in one || !target.has(name)) return one
  try {
    if (digestOf(await manifestOf(target.store, entry, signal)) === one.digest) return one
    return { entry, error: notTheSame(name, 'and says something else') }
  } catch (error) {
    // Gone since it was listed: the next look tells.
    if (hasCode(error, 'not-found')) return one
    if (hasCode(error, 'damaged', 'unsupported')) return { entry, error: notTheSame(name, 'and cannot be read', error) }
    throw error
  }
}

/** The plan of all components, before the first byte. Returns what the target will not keep as long as the rules ask for. */
function announce(
  { components, rules, targetDays, now, progress }: CopyRequest,
  wanted: readonly Chosen[],
  target: CopyTarget,
  held: Catalog,
): readonly string[] {
  const warnings = rules === undefined ? [] : shortLived({ ...rules, days: 0 }, held, now(), targetDays)
  for (const message of warnings) progress({ type: 'warning', component: undefined, message })
  for (const component of components) {
    const own = wanted.filter(({ entry }) => entry.component === component)
    const missing = new Map(
      own.flatMap(one =>
        'error' in one ? [] : one.needs.filter(({ name }) => !target.has(name)).map(item => [item.name, item.size]),
      ),
    )
    const bytes = [...missing.values()].reduce((sum, size) => sum + size, 0)
    progress({ type: 'expect', component, bytes })
    const what =
      missing.size === 0
        ? 'nothing'
        : `${missing.size} object${missing.size === 1 ? '' : 's'}, ${Math.ceil(bytes / MB)} MB,`
    progress({ type: 'phase', component, text: `${own.length} backup${own.length === 1 ? '' : 's'}, ${what} to copy` })
  }
  return warnings
}

async function copyAll(
  request: CopyRequest,
  carrier: Carrier,
  wanted: readonly Chosen[],
): Promise<readonly CopiedBackup[]> {
  const { components, dryRun, progress, signal } = request
  const backups = new Map<Chosen, CopiedBackup>()
  for (const component of components) {
    carrier.done = 0
    for (const one of wanted) {
      if (one.entry.component !== component) continue
      backups.set(one, carrier.halted === undefined ? await copyOne(carrier, one, dryRun) : left(one))
      signal.throwIfAborted()
    }
    progress({ type: 'done', component })
  }
  const copied = [...backups].filter(([, { status }]) => status === 'copied')
  if (copied.length > 0 && carrier.halted === undefined) {
    await carrier.target.look(signal)
    for (const [one, first] of copied) {
      // Where the record is gone as well, the target's own retention let the backup go.
      const broken =
        !('error' in one) &&
        carrier.target.has(manifestName(one.entry)) &&
        one.needs.some(item => carrier.target.lacks(item))
      if (!broken) continue
      const again = await copyOne(carrier, one, dryRun)
      backups.set(one, { ...again, objects: first.objects + again.objects, bytes: first.bytes + again.bytes })
      signal.throwIfAborted()
    }
  }
  return [...backups.values()]
}

async function copyOne(carrier: Carrier, one: Chosen, dryRun: boolean): Promise<CopiedBackup> {
  const { target, source, signal } = carrier
  const about = aboutOf(one)
  const sum = { objects: 0, bytes: 0 }
  try {
    if ('error' in one) throw one.error
    const missing = [...one.needs, ...recordsOf(one.entry, source)].filter(item => target.wants(item))
    if (missing.length === 0) return { ...about, status: 'present', ...sum }
    if (!dryRun) await bring(carrier, one, sum)
    else {
      for (const item of missing) target.note(item)
      sum.objects = missing.length
      sum.bytes = missing.reduce((bytes, { size }) => bytes + size, 0)
    }
    return { ...about, status: dryRun ? 'planned' : 'copied', ...sum }
  } catch (error) {
    signal.throwIfAborted()
    const { code, message, hint } = asComebackError(error)
    return { ...about, status: 'failed', ...sum, error: { code, message, hint } }
  }
}

function left(one: Chosen): CopiedBackup {
  return { ...aboutOf(one), status: 'left', objects: 0, bytes: 0 }
}

function aboutOf({ entry: { component, id } }: Chosen): Pick<CopiedBackup, 'component' | 'id' | 'time'> {
  return { component, id, time: timeOf(id).toISOString() }
}
