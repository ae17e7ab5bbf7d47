/** How a backup comes to exist, index first, manifest last; or how a failed one leaves a placeholder. */
import { asComebackError, ComebackError } from '../errors.ts'
import type { BackupIndex } from '../format/backup-index.ts'
import { codecOf } from '../format/compression.ts'
import type { Manifest } from '../format/manifest.ts'
import type { BackupOutcome } from '../report/report.ts'
import type { BackupWriter } from '../repository/backup-writer.ts'
import { writeIndex } from '../repository/index-object.ts'
import { writeManifest } from '../repository/manifests.ts'
import { type Pack, packName } from '../repository/packs.ts'
import { readCatalog } from './catalog.ts'
import type { BackupRequest, Plan } from './plan.ts'
import type { SourceResult } from './ports.ts'
import { stockCommand } from './stock.ts'

/** Milliseconds that a failed or cancelled run may take to leave its placeholder. */
const PLACEHOLDER_TIME = 3_000

export async function commit(
  request: BackupRequest,
  plan: Plan,
  writer: BackupWriter,
  result: SourceResult,
): Promise<BackupOutcome> {
  const { store, keyring, source, signal, now } = request
  const { component } = source
  const problems = [...plan.problems, ...result.problems]
  const status = problems.some(({ severity }) => severity === 'partial') ? 'partial' : 'complete'
  const { index, leansOn } = writer.index(result.detail)
  const indexObject = await putIndex(request, plan, index, signal)
  await checkPacks(request, leansOn)
  const manifest = await describe(request, plan, writer, { status, index: indexObject, leansOn })
  signal.throwIfAborted()
  await writeManifest(store, manifest, keyring, signal)
  return {
    status,
    component,
    id: plan.id,
    time: manifest.time,
    seconds: (now().getTime() - plan.started.getTime()) / 1000,
    full: manifest.full,
    stock: manifest.stock,
    ...(manifest.base === null ? {} : { base: manifest.base }),
    segments: index.segments.length,
    chunks: index.chunks.length,
    bytes: { read: manifest.bytes.plain, new: manifest.bytes.new, stored: manifest.bytes.stored },
    leansOn: leansOn.length,
    keyId: manifest.keyId,
    ...(manifest.decrypt === null ? {} : { decrypt: manifest.decrypt }),
    largest: [],
    history: [],
    problems,
  }
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
async function checkPacks({ store, source, signal }: BackupRequest, packs: readonly Pack[]): Promise<void> {
  if (packs.length === 0) return
  const { objects } = await readCatalog(store, source.component, signal)
  for (const pack of packs) {
    const name = packName(source.component, pack)
    const size = objects.get(name)?.size
    if (size === pack.size) continue
    const what = size === undefined ? 'is gone from the store' : `has ${size} bytes where ${pack.size} were written`
    throw new ComebackError('damaged', `${name}, on which this backup leans, ${what}.`, {
      hint: 'Run the backup again with --full, which leans on nothing.',
    })
  }
}

interface Facts {
  readonly status: Manifest['status']
  readonly index: Manifest['index']
  readonly leansOn: readonly Pack[]
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
    expires: request.keepUntil?.toISOString() ?? null,
    tools: { ...request.tools },
    decrypt: stock ? stockCommand(component, request.codec, plan.iterations) : null,
    reason: facts.reason ?? null,
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
