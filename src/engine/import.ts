/**
 * The use case: backups that another program left behind become backups of ours, each under its own date. Nothing authenticates
 * them, so each is read twice: once to see that all of it is sound, and only then into the store.
 */
import { createHash } from 'node:crypto'
import { asComebackError, hasCode } from '../errors.ts'
import { timeOf } from '../format/backup-id.ts'
import type { Component } from '../format/manifest.ts'
import type { ImportedFile, ImportReport } from '../report/import-report.ts'
import { authenticate } from '../repository/manifests.ts'
import { backup } from './backup.ts'
import { type Catalog, manifestOf, readCatalog } from './catalog.ts'
import { ORIGIN } from './imported.ts'
import type { BackupRequest } from './plan.ts'
import type { SegmentWriter, Source } from './ports.ts'

/** A file, and how to read it. */
export interface OldBackup {
  readonly name: string
  readonly time: Date
  /** Bytes. */
  readonly size: number
  readonly source: Source
}

export interface ImportRequest extends Omit<BackupRequest, 'source' | 'now'> {
  /** Oldest first: then each leans on what came before it. */
  readonly backups: readonly OldBackup[]
}

type Imported = Pick<ImportReport, 'files' | 'left'>

const ORIGIN_DIGITS = 16

/** Throws what keeps it from reading the store. A file that can't be imported is a result, and the others go on. */
export async function importBackups(request: ImportRequest): Promise<Imported> {
  const { backups, store, signal } = request
  const catalogs = new Map<Component, Catalog>()
  const files: ImportedFile[] = []
  for (const old of backups) {
    const { component } = old.source
    const catalog = catalogs.get(component) ?? (await readCatalog(store, component, signal))
    catalogs.set(component, catalog)
    const file = await importOne(request, old, catalog)
    files.push(file)
    request.progress({ type: 'done', component })
    // The next ones would only wait for the same store.
    if (signal.aborted || (file.status === 'failed' && /^store-|^cancelled$/.test(file.error.code))) break
  }
  return { files, left: backups.length - files.length }
}

async function importOne(request: ImportRequest, old: OldBackup, catalog: Catalog): Promise<ImportedFile> {
  const { source, name, time } = old
  const { progress, signal } = request
  const { component } = source
  const about = { component, file: name, time: time.toISOString() }
  try {
    const present = await findImported(request, old, catalog)
    if (present !== undefined) return { ...about, status: 'present', id: present }
    progress({ type: 'phase', component, text: `checking ${name}` })
    await checkSource(source, signal)
    const tools = { ...request.tools, [ORIGIN]: originOf(old) }
    const outcome = await backup({ ...request, source, tools, now: () => time, today: () => new Date() })
    if (outcome.status === 'failed') return { ...about, status: 'failed', error: outcome.error }
    const { id, bytes, problems } = outcome
    return { ...about, status: 'imported', id, bytes, problems }
  } catch (reason) {
    const { code, message, hint } = asComebackError(signal.aborted ? signal.reason : reason)
    return { ...about, status: 'failed', error: { code, message, hint } }
  }
}

/** Reads all of it, and keeps nothing. Throws what reading does. */
export async function checkSource(source: Source, signal: AbortSignal): Promise<void> {
  const nowhere: SegmentWriter = {
    expect: () => undefined,
    restart: () => undefined,
    phase: () => undefined,
    async segment(_, bytes) {
      let size = 0
      for await (const piece of bytes) {
        signal.throwIfAborted()
        size += piece.length
      }
      return size
    },
  }
  await source.read(nowhere, signal)
}

/** The id of the backup that an earlier import made of it. */
async function findImported(
  { store, keyring, signal }: ImportRequest,
  old: OldBackup,
  { entries }: Catalog,
): Promise<string | undefined> {
  for (const entry of entries) {
    if (entry.kind !== 'backup' || timeOf(entry.id).getTime() !== old.time.getTime()) continue
    try {
      const manifest = await manifestOf(store, entry, signal)
      if (manifest.tools[ORIGIN] !== originOf(old)) continue
      await authenticate(manifest, keyring)
      return entry.id
    } catch (error) {
      // Then it is imported again.
      if (!hasCode(error, 'damaged', 'unsupported', 'not-found', 'wrong-key')) throw error
    }
  }
  return undefined
}

/** A digest, since manifests can be read without the key. */
function originOf({ name, size, source }: OldBackup): string {
  const digest = createHash('sha256').update(`${source.component}/${name}\0${size}`).digest('hex')
  return digest.slice(0, ORIGIN_DIGITS)
}
