/**
 * The old scripts' backups: imported, listed, restored. A part of the composition root: it makes Sources of their files, and a store for a
 * moment where one of them is to be restored.
 */
import { rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { placeOf } from './config/layout.ts'
import { backup } from './engine/backup.ts'
import { type Moment, parseMoment } from './engine/catalog.ts'
import { checkSource, importBackups, type OldBackup } from './engine/import.ts'
import type { Problem, Source } from './engine/ports.ts'
import { ComebackError } from './errors.ts'
import { createStoredArchiveSource } from './files/stored-archive.ts'
import type { Component } from './format/manifest.ts'
import type { JobContext } from './job-context.ts'
import { listOldBackups, type OldFile } from './old-scheme/folder.ts'
import { LEGACY_DERIVATIONS, pbkdf2Derivation } from './old-scheme/key-derivation.ts'
import { readOldFile } from './old-scheme/read-old.ts'
import { OLD } from './open-store.ts'
import type { Options } from './options.ts'
import { createScriptSource } from './postgres/script.ts'
import type { ImportReport } from './report/import-report.ts'
import type { ListReport, RestoreReport } from './report/report.ts'
import type { RestorePlanReport } from './report/restore-plan-report.ts'
import { Keyring } from './repository/keyring.ts'
import { openLocalStore } from './store/local.ts'
import type { Store } from './store/store.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { VERSION } from './version.ts'

/** Where the old scripts put their backups. */
const OLD_FOLDER = './tmp/backups'
/** openssl's own, where `-iter` is not given. */
const DEFAULT_ITERATIONS = 10_000

const UNAUTHENTICATED: Problem = {
  severity: 'warning',
  message:
    'Backups of the old scripts carry no authentication: whoever could write to their folder could have altered them.',
  hint: 'Padding, check sums and the end of each were checked, which finds accidents. Compare what they hold before you rely on it.',
}

export interface OldKeys {
  /** Those that may open the old files, the likeliest first. */
  readonly passphrases: readonly string[]
  /** Under which new backups are made. */
  readonly passphrase: string
}

/** The folder of `old:DIR`. */
export function oldFolderOf(location: string): string | undefined {
  return location.startsWith(OLD) && location.length > OLD.length ? location.slice(OLD.length) : undefined
}

export async function importOld(
  components: readonly Component[],
  store: Store,
  keys: OldKeys,
  options: Options,
  context: JobContext,
): Promise<ImportReport> {
  const folder = resolve(context.cwd, options.from ?? OLD_FOLDER)
  const { files, foreign } = await listOldBackups(folder, components)
  const result = await importBackups({
    ...requestOf(store, keys, options, context),
    backups: files.map(file => oldBackup(file, folder, keys, options)),
  })
  const problems = files.length === 0 ? [] : [UNAUTHENTICATED, ...undated(files)]
  return { command: 'import', from: options.from ?? OLD_FOLDER, store: store.location, ...result, foreign, problems }
}

export async function listOld(folder: string, components: readonly Component[], cwd: string): Promise<ListReport> {
  const { files, foreign } = await listOldBackups(resolve(cwd, folder), components)
  const unknown = { stock: true, bytes: 0, keyId: '', leansOn: [], authenticated: false } as const
  const backups = files.toReversed().map(({ component, name, time, size }) => ({
    ...unknown,
    component,
    id: name,
    time: time.toISOString(),
    status: 'unread' as const,
    stored: size,
  }))
  return { command: 'list', store: `${OLD}${folder}`, backups, foreign }
}

export interface OldRestore {
  readonly folder: string
  readonly component: Component
  /** `latest`, a day, a time or the name of a file. */
  readonly at: string
  readonly keys: OldKeys
}

/** What a restore needs to know of where it restores from. */
interface RestorableOld {
  readonly store: Store
  readonly keyring: Keyring
  readonly moment: Moment
}

/**
 * By way of a store of its own that lasts as long as the restore: a Sink reads here and there, which these files don't allow, and
 * so nothing is touched before all of the file has been read and found sound.
 */
export async function restoreOld(
  { component, at, keys, ...asked }: OldRestore,
  options: Options,
  context: JobContext,
  restoring: (found: RestorableOld) => Promise<RestoreReport | RestorePlanReport>,
): Promise<RestoreReport | RestorePlanReport> {
  const folder = resolve(context.cwd, asked.folder)
  const { progress, signal } = context
  const { files } = await listOldBackups(folder, [component])
  const old = oldBackup(chosen(files, component, at, asked.folder), folder, keys, options)
  const place = await temporaryFolder(context.temporary, 'old')
  try {
    // Known to people by the folder that they named.
    const store = { ...openLocalStore(place), location: options.store }
    progress({ type: 'phase', component, text: `checking ${old.name}` })
    await checkSource(old.source, signal)
    const request = requestOf(store, keys, options, context)
    const outcome = await backup({ ...request, source: old.source, now: () => old.time })
    if (outcome.status === 'failed') {
      const { code, message, hint } = outcome.error
      throw new ComebackError(code, message, { hint })
    }
    const { keyring } = request
    const report = await restoring({ store, keyring, moment: { kind: 'id', id: outcome.id } })
    return saying(report, `Read from ${old.name} in ${asked.folder}`, [UNAUTHENTICATED, ...outcome.problems])
  } finally {
    await rm(place, { recursive: true, force: true })
  }
}

/** The id is one of a moment: the file is what people know. */
function saying(
  report: RestoreReport | RestorePlanReport,
  origin: string,
  more: readonly Problem[],
): RestoreReport | RestorePlanReport {
  if (report.command === 'restore') {
    return { ...report, summary: [origin, ...report.summary], problems: [...more, ...report.problems] }
  }
  const { target } = report
  return { ...report, target: { ...target, problems: [...more, ...target.problems] } }
}

function requestOf(store: Store, { passphrase }: OldKeys, options: Options, { progress, signal }: JobContext) {
  return {
    store,
    keyring: new Keyring(passphrase),
    ...(options.source === undefined ? {} : { sourceName: options.source }),
    codec: options.codec,
    level: options.level,
    full: false,
    fullEvery: options.fullEvery,
    tools: { comeback: VERSION, node: process.version },
    progress,
    signal,
  }
}

function oldBackup(file: OldFile, folder: string, { passphrases }: OldKeys, options: Options): OldBackup {
  const { component, path } = file
  const name = `${component}/${file.name}`
  const stretched = pbkdf2Derivation(options.kdfIterations ?? DEFAULT_ITERATIONS)
  const legacy = LEGACY_DERIVATIONS.map(derivation => ({ derivation, options: '--legacy-kdf' }))
  const standard = {
    derivation: pbkdf2Derivation(DEFAULT_ITERATIONS),
    options: 'neither --legacy-kdf nor --kdf-iterations',
  }
  const search = {
    name,
    path,
    passphrases,
    derivations: options.legacyKdf ? LEGACY_DERIVATIONS : [stretched],
    others: options.legacyKdf ? [standard] : [...legacy, standard],
  }
  const open = (signal: AbortSignal) => readOldFile(search, signal)
  return { ...file, source: sourceOf(component, `old-scheme ${component} ${folder}`, name, open) }
}

/** Errors of what is inside name the file, too. */
function sourceOf(
  component: Component,
  identity: string,
  name: string,
  open: (signal: AbortSignal) => AsyncIterable<Uint8Array>,
): Source {
  const source = bareSource(component, identity, open)
  return {
    ...source,
    async read(out, signal) {
      try {
        return await source.read(out, signal)
      } catch (error) {
        if (signal.aborted || !(error instanceof ComebackError) || error.message.includes(name)) throw error
        // Garbled bytes can look like anything: what the file's own check sums say goes before.
        for await (const _ of open(signal));
        throw new ComebackError(error.code, `${name}: ${error.message}`, { hint: error.hint, cause: error })
      }
    },
  }
}

function bareSource(
  component: Component,
  identity: string,
  open: (signal: AbortSignal) => AsyncIterable<Uint8Array>,
): Source {
  switch (component) {
    case 'database':
      return createScriptSource({ identity, open })
    case 'files':
      return createStoredArchiveSource({
        component,
        identity,
        open,
        detail: { kind: 'files', base: 'root' },
        place: path => path,
      })
    case 'config':
      return createStoredArchiveSource({
        component,
        identity,
        open,
        detail: { kind: 'config', env: [] },
        place: placeOf,
      })
  }
}

function chosen(files: readonly OldFile[], component: Component, at: string, folder: string): OldFile {
  const named = files.find(({ name }) => name === at || `${component}/${name}` === at)
  if (named !== undefined) return named
  const found = files.findLast(({ time }) => {
    if (at === 'latest') return true
    if (/\.enc$/.test(at)) return false
    const moment = parseMoment(at)
    if (moment.kind === 'day') return time.toISOString().startsWith(moment.day)
    return moment.kind === 'time' && time <= moment.time
  })
  if (found !== undefined) return found
  const newest = files.at(-1)
  throw new ComebackError('no-such-backup', `No ${component} backup ${at} in ${OLD}${folder}.`, {
    hint:
      newest === undefined
        ? `The folder holds no ${component} backup at all.`
        : `The newest is ${newest.name}. \`comeback list ${component} --store ${OLD}${folder}\` shows all.`,
  })
}

/** Their dates are worth a look: a copied file has the time of the copy. */
function undated(files: readonly OldFile[]): readonly Problem[] {
  const names = files.filter(({ from }) => from !== 'name').map(({ name }) => name)
  if (names.length === 0) return []
  return [
    {
      severity: 'warning',
      message: `No date stands in the names of ${names.length} ${names.length === 1 ? 'file' : 'files'} (${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''}): the time of their last change is taken for it.`,
    },
  ]
}
