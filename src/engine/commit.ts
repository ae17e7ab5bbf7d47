/** How a backup comes to exist, index first, manifest last; or how a failed one leaves a placeholder. */
import { asComebackError, ComebackError } from '../errors.ts'
import type { BackupIndex } from '../format/backup-index.ts'
import { codecOf } from '../format/compression.ts'
import type { Manifest } from '../format/manifest.ts'
import type { BackupOutcome, SegmentSize } from '../report/report.ts'
import type { BackupWriter } from '../repository/backup-writer.ts'
import { writeIndex } from '../repository/index-object.ts'
import { MANIFEST, objectName } from '../repository/layout.ts'
import { writeManifest } from '../repository/manifests.ts'
import { type Pack, packName } from '../repository/packs.ts'
import { type Catalog, readCatalog } from './catalog.ts'
import { expiryProblems, goneFrom, storeExpiry } from './expiry.ts'
import { readHistory } from './history.ts'
import type { BackupRequest, Plan } from './plan.ts'
import type { SourceResult } from './ports.ts'
import { stockCommand } from './stock.ts'

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
  const listed = await checkPacks(request, leansOn)
  const needed = leansOn.map(pack => packName(component, pack))
  const expires = await storeExpiry(request, plan, indexObject.name, listed?.objects, needed)
  const manifest = await describe(request, plan, writer, { status, index: indexObject, leansOn, expires })
  signal.throwIfAborted()
  const written = await writeManifest(store, manifest, keyring, signal)
  // From here on the backup exists: nothing may throw any more, or leave a placeholder.
  const unread = await readBack(request, plan.id, written)
  if (unread !== undefined) return { status: 'failed', component, error: unread }
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
 */
async function readBack(
  { store, source, signal }: BackupRequest,
  id: string,
  written: Uint8Array,
): Promise<ReturnType<typeof failure> | undefined> {
  const name = objectName({ component: source.component, id, file: MANIFEST })
  try {
    const listed = new Map<string, number>()
    for await (const object of store.list(name, signal)) listed.set(object.name, object.size)
    const bytes = await store.get(name, { range: { offset: 0, length: written.length }, signal })
    if (listed.get(name) === written.length && Buffer.from(written).equals(bytes)) return undefined
    return failure(`${name} was stored, but what is read under this name is something else.`)
  } catch (error) {
    return failure(`${name} was stored, but could not be read back: ${asComebackError(error).message}`)
  }
}

function failure(message: string) {
  const hint = 'Look who else writes to this store, then run the backup again, and `comeback check`.'
  return { code: 'damaged', message, hint } as const
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

/**
 * A store may have lost or dropped a pack since the base was made: better to fail now than on the day of the restore. One
 * fresh listing, not a question for each pack: stores answer by the page.
 */
async function checkPacks(
  { store, source, signal }: BackupRequest,
  packs: readonly Pack[],
): Promise<Catalog | undefined> {
  if (packs.length === 0) return
  const catalog = await readCatalog(store, source.component, signal)
  for (const pack of packs) {
    const name = packName(source.component, pack)
    const size = catalog.objects.get(name)?.size
    if (size === pack.size) continue
    const what = size === undefined ? 'is gone from the store' : `has ${size} bytes where ${pack.size} were written`
    throw new ComebackError('damaged', `${name}, on which this backup leans, ${what}.`, {
      hint: 'Run the backup again with --full, which leans on nothing.',
    })
  }
  return catalog
}

interface Facts {
  readonly status: Manifest['status']
  readonly index: Manifest['index']
  readonly leansOn: readonly Pack[]
  readonly expires?: Date | undefined
  readonly reason?: string
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
    format: 1,
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
    decrypt: stock ? stockCommand(component, request.codec, plan.iterations) : null,
    reason: facts.reason ?? null,
    ...(request.purpose === undefined ? {} : { purpose: request.purpose }),
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
