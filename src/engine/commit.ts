/** How a backup comes to exist, index first, manifest last; or how a failed one leaves a placeholder. */
import { asComebackError, ComebackError, hasCode } from '../errors.ts'
import type { BackupIndex } from '../format/backup-index.ts'
import { codecOf } from '../format/compression.ts'
import type { Manifest, StoredObject } from '../format/manifest.ts'
import { stockRecipe } from '../format/stock-recipe.ts'
import type { BackupOutcome, ErrorValue, SegmentSize } from '../report/report.ts'
import type { BackupWriter } from '../repository/backup-writer.ts'
import { writeIndex } from '../repository/index-object.ts'
import { MANIFEST, objectName } from '../repository/layout.ts'
import { writeManifest } from '../repository/manifests.ts'
import { type Pack, packName } from '../repository/packs.ts'
import type { Store } from '../store/store.ts'
import { type Catalog, readCatalog } from './catalog.ts'
import { expiryProblems, firstExpiry, goneFrom } from './expiry.ts'
import { readHistory } from './history.ts'
import type { BackupRequest, Plan } from './plan.ts'
import type { SourceResult } from './ports.ts'

/** Milliseconds that a failed or cancelled run may take to leave its placeholder. */
const PLACEHOLDER_TIME = 3_000
/** Segments that a report names. */
const LARGEST = 20

export async function commit(
  request: BackupRequest,
  plan: Plan,
  writer: BackupWriter,
  result: SourceResult,
): Promise<BackupOutcome> {
  const { store, keyring, source, signal, now } = request
  const { component } = source
  const found = [...plan.problems, ...result.problems]
  const status = found.some(({ severity }) => severity === 'partial') ? 'partial' : 'complete'
  const { index, leansOn } = writer.index(result.detail)
  const indexObject = await putIndex(request, plan, index, signal)
  const needed = namedBy(request, plan, [...writer.objects, indexObject], leansOn)
  const listed = await listedObjects(request)
  const missing = await firstMissing(request, needed, listed)
  if (missing !== undefined) throw new ComebackError('damaged', missing.message, { hint: missing.hint })
  const expires = firstExpiry(needed.map(({ name }) => listed.get(name)))
  const manifest = await describe(request, plan, writer, {
    status,
    index: indexObject,
    leansOn,
    expires,
    holds: result.holds,
  })
  signal.throwIfAborted()
  const written = await writeManifest(store, manifest, keyring, signal)
  // From here on the backup exists: nothing may throw any more, or leave a placeholder.
  const error = await readBack(request, plan.id, written, needed)
  if (error !== undefined) return { status: 'failed', component, error }
  const { id, time, bytes } = manifest
  const gone = goneFrom(request.keepUntil, expires)
  const history = await readHistory(request, plan, { id, time, bytes: bytes.plain, stored: bytes.stored })
  return {
    status,
    component,
    id,
    time,
    seconds: (now().getTime() - plan.started.getTime()) / 1000,
    full: manifest.full,
    stock: manifest.stock,
    ...(result.holds === undefined ? {} : { holds: result.holds }),
    ...(manifest.base === null ? {} : { base: manifest.base }),
    segments: index.segments.length,
    chunks: index.chunks.length,
    bytes: { read: bytes.plain, new: bytes.new, stored: bytes.stored },
    leansOn: leansOn.length,
    keyId: manifest.keyId,
    ...(manifest.decrypt === null ? {} : { decrypt: manifest.decrypt }),
    ...(gone === undefined ? {} : { expires: gone.toISOString() }),
    ...(result.tool === undefined ? {} : { tool: result.tool }),
    largest: largestOf(index),
    history,
    problems: [...found, ...expiryProblems(request.keepUntil, expires)],
  }
}

/**
 * What the next reader will see: stores where others may write under the same names (artifacts), and caches on the way, are
 * not to be trusted with the word that it is there. A listing first, as readers do; a range is never answered from a memory.
 * What a prune took away just before the manifest stood there is missed now, when no other prune takes any more.
 */
async function readBack(
  request: BackupRequest,
  id: string,
  written: Uint8Array,
  needed: readonly Needed[],
): Promise<ErrorValue | undefined> {
  const { store, source, signal } = request
  const name = objectName({ component: source.component, id, file: MANIFEST })
  try {
    const listed = await listedObjects(request)
    const bytes = await store.get(name, { range: { offset: 0, length: written.length }, signal })
    if (listed.get(name)?.size !== written.length || !Buffer.from(written).equals(bytes)) {
      return failure(`${name} was stored, but what is read under this name is something else.`)
    }
    const missing = await firstMissing(request, needed, listed)
    if (missing !== undefined) await store.delete(name, signal)
    return missing
  } catch (error) {
    return failure(`${name} was stored, but could not be read back: ${asComebackError(error).message}`)
  }
}

function failure(
  message: string,
  hint = 'Look who else writes to this store, then run the backup again, and `comeback check`.',
): ErrorValue {
  return { code: 'damaged', message, hint }
}

function largestOf({ segments }: BackupIndex): readonly SegmentSize[] {
  const sorted = segments.toSorted((a, b) => b.bytes - a.bytes).slice(0, LARGEST)
  return sorted.map(({ name, bytes }) => ({ name, bytes }))
}

async function putIndex(
  { store, keyring, source, codec }: BackupRequest,
  plan: Plan,
  index: BackupIndex,
  signal: AbortSignal,
) {
  const backup = { component: source.component, id: plan.id }
  return writeIndex(store, backup, index, codecOf(codec), await keyring.pack(plan.salt, plan.iterations), signal)
}

/** An object that the manifest names. */
interface Needed {
  readonly name: string
  readonly size: number
  readonly own: boolean
}

function namedBy(
  { source: { component } }: BackupRequest,
  { id }: Plan,
  own: readonly StoredObject[],
  leansOn: readonly Pack[],
): readonly Needed[] {
  return [
    ...own.map(({ name, size }) => ({ name: objectName({ component, id, file: name }), size, own: true })),
    ...leansOn.map(pack => ({ name: packName(component, pack), size: pack.size, own: false })),
  ]
}

async function listedObjects({ store, source, signal }: BackupRequest): Promise<Catalog['objects']> {
  return (await readCatalog(store, source.component, signal)).objects
}

/**
 * A store may have lost or dropped a pack since the base was made, and somebody may have taken one that was put an hour ago:
 * better to fail now than on the day of the restore. One fresh listing, not a question for each pack: stores answer by the
 * page. Only what it lacks is asked for by itself, since listings may lag behind.
 */
async function firstMissing(
  { store, signal }: BackupRequest,
  needed: readonly Needed[],
  listed: Catalog['objects'],
): Promise<ErrorValue | undefined> {
  for (const { name, size, own } of needed) {
    const found = listed.get(name)?.size ?? (await sizeOf(store, name, signal))
    if (found === size) continue
    const whose = own ? 'which this run has stored' : 'on which this backup leans'
    const what = found === undefined ? 'is gone from the store' : `has ${found} bytes where ${size} were written`
    const hint = own
      ? 'Something else removed or replaced it meanwhile: look who else has access to this store, then run the backup again.'
      : 'Run the backup again with --full, which leans on nothing.'
    return failure(`${name}, ${whose}, ${what}.`, hint)
  }
  return undefined
}

async function sizeOf(store: Store, name: string, signal: AbortSignal): Promise<number | undefined> {
  try {
    return (await store.stat(name, signal)).size
  } catch (error) {
    if (hasCode(error, 'not-found')) return undefined
    throw error
  }
}

interface Facts {
  readonly status: Manifest['status']
  readonly index: Manifest['index']
  readonly leansOn: readonly Pack[]
  readonly expires?: Date | undefined
  readonly reason?: string
  readonly holds?: SourceResult['holds']
}

async function describe(
  request: BackupRequest,
  plan: Plan,
  writer: BackupWriter,
  facts: Facts,
): Promise<Omit<Manifest, 'mac'>> {
  const { component } = request.source
  const full = plan.known === undefined && facts.status !== 'failed'
  const stock = full && writer.straight
  return {
    format: 2,
    component,
    id: plan.id,
    time: plan.started.toISOString(),
    status: facts.status,
    full,
    stock,
    base: plan.base?.id ?? null,
    // A run that builds on nothing but a failed one's packs begins a chain too.
    chain: plan.base?.chain ?? (facts.status === 'failed' ? null : plan.id),
    source: plan.source,
    codec: request.codec,
    cipher: 'aes-256-cbc',
    kdf: { name: 'pbkdf2-hmac-sha256', iterations: plan.iterations, salt: plan.salt },
    idSalt: plan.idSalt,
    keyId: await request.keyring.id(),
    bytes: {
      plain: writer.totals.read,
      new: writer.totals.fresh,
      stored: writer.totals.stored + (facts.index?.size ?? 0),
    },
    objects: writer.objects,
    index: facts.index,
    leansOn: byBackup(facts.leansOn),
    expires: facts.expires?.toISOString() ?? null,
    tools: { ...request.tools },
    decrypt: stock ? stockRecipe({ component, codec: request.codec, iterations: plan.iterations }) : null,
    reason: facts.reason ?? null,
    ...(request.purpose === undefined ? {} : { purpose: request.purpose }),
    store: plan.bond,
    // Of a failed run nobody knows.
    holds: facts.holds ?? 'all',
  }
}

function byBackup(packs: readonly Pack[]): Manifest['leansOn'] {
  return [...Map.groupBy(packs, ({ backup, salt, iterations }) => JSON.stringify({ backup, salt, iterations }))].map(
    ([head, group]) => ({
      ...JSON.parse(head),
      objects: group.map(({ file, size, sha256 }) => ({ name: file, size, sha256 })),
    }),
  )
}

/** Whether it could be written: the failure itself matters more than a failing record of it. */
export async function leavePlaceholder(
  request: BackupRequest,
  plan: Plan,
  writer: BackupWriter,
  error: ComebackError,
): Promise<boolean> {
  const { store, keyring, source, progress } = request
  const { component } = source
  const signal = AbortSignal.timeout(PLACEHOLDER_TIME)
  try {
    const index = writer.objects.length > 0 ? await putIndex(request, plan, writer.salvage(), signal) : null
    const manifest = await describe(request, plan, writer, { status: 'failed', index, leansOn: [], reason: error.code })
    await writeManifest(store, manifest, keyring, signal)
    return true
  } catch (placeholderError) {
    const { message } = asComebackError(placeholderError)
    progress({ type: 'warning', component, message: `The failed backup left no placeholder: ${message}` })
    return false
  }
}
