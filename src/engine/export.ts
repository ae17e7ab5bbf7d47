/**
 * The use case: any backup becomes a full one in a store of its own, whose files stock tools can read. It keeps its id, so
 * the copy can also be restored from.
 */
import { randomBytes } from 'node:crypto'
import { ComebackError } from '../errors.ts'
import { codecOf } from '../format/compression.ts'
import type { Component, Manifest } from '../format/manifest.ts'
import { stockRecipe } from '../format/stock-recipe.ts'
import type { ExportReport } from '../report/report.ts'
import { BackupWriter } from '../repository/backup-writer.ts'
import { writeIndex } from '../repository/index-object.ts'
import type { Keyring } from '../repository/keyring.ts'
import { writeManifest } from '../repository/manifests.ts'
import { openBackup } from '../repository/stored-backup.ts'
import type { Store } from '../store/store.ts'
import { type Moment, readCatalog } from './catalog.ts'
import { findIn } from './find-backup.ts'
import { warnOfPassedOver } from './passed-over.ts'
import type { Progress } from './progress.ts'

export interface ExportRequest {
  readonly store: Store
  readonly target: Store
  readonly keyring: Keyring
  readonly component: Component
  readonly moment: Moment
  readonly level: number | undefined
  readonly now?: () => Date
  readonly progress: Progress
  readonly signal: AbortSignal
}

export async function exportBackup(request: ExportRequest): Promise<ExportReport> {
  const { store, target, keyring, component, progress, signal } = request
  const passedOver = warnOfPassedOver(component, request.progress)
  const catalog = await readCatalog(store, component, signal)
  const now = request.now?.() ?? new Date()
  const manifest = await findIn(catalog, { store, component, moment: request.moment, keyring, now, signal, passedOver })
  await refuseTwice(target, component, manifest.id, signal)
  const stored = await openBackup(store, manifest, keyring, signal)
  const salt = randomBytes(8).toString('hex')
  const { iterations } = manifest.kdf
  const codec = codecOf(manifest.codec)
  const writer = new BackupWriter({
    store: target,
    component,
    id: manifest.id,
    codec,
    level: request.level ?? codec.defaultLevel,
    chain: await keyring.chain(manifest.idSalt, iterations),
    key: keyring.pack(salt, iterations),
    salt,
    iterations,
    known: undefined,
    signal,
    advance: () =>
      progress({ type: 'bytes', component, done: writer.totals.read, fresh: 0, stored: writer.totals.stored }),
  })
  progress({ type: 'phase', component, text: `exporting ${manifest.id}` })
  progress({ type: 'expect', component, bytes: manifest.bytes.plain })
  for (const segment of stored.segments) {
    const { bytes: _, ...head } = segment
    await writer.segment(head, stored.read(segment, signal))
  }
  await writer.finish()
  const key = await keyring.pack(salt, iterations)
  const index = await writeIndex(target, manifest, writer.index(stored.detail).index, codec, key, signal)
  const decrypt = stockRecipe({ component, codec: manifest.codec, iterations })
  const { mac: _, ...unsealed } = manifest
  const exported: Omit<Manifest, 'mac'> = {
    ...unsealed,
    full: true,
    stock: true,
    base: null,
    chain: manifest.id,
    kdf: { ...manifest.kdf, salt },
    bytes: { plain: writer.totals.read, new: writer.totals.fresh, stored: writer.totals.stored + index.size },
    objects: writer.objects,
    index,
    leansOn: [],
    expires: null,
    decrypt,
  }
  await writeManifest(target, exported, keyring, signal)
  progress({ type: 'done', component })
  return {
    command: 'export',
    component,
    id: manifest.id,
    directory: `${target.location}/${component}/${manifest.id}`.replace(/^file:/, ''),
    files: exported.objects.map(({ name }) => name),
    bytes: exported.bytes.stored,
    decrypt,
  }
}

async function refuseTwice(target: Store, component: Component, id: string, signal: AbortSignal): Promise<void> {
  const catalog = await readCatalog(target, component, signal)
  const inTheWay = [...catalog.objects.keys()].some(name => name.startsWith(`${component}/${id}/`))
  if (!inTheWay) return
  throw new ComebackError(
    'already-exists',
    `${target.location} already holds files of the ${component} backup ${id}.`,
    {
      hint: 'Export into an empty folder with --into.',
    },
  )
}
