/**
 * The composition root: parsed options and what the edge knows (key, environment, signal) become adapters, the engine runs,
 * a report comes back. The only file that names concrete adapters.
 */
import { availableParallelism } from 'node:os'
import { join, resolve, sep } from 'node:path'
import { createConfigSource } from './config/collect.ts'
import { createConfigSink } from './config/review.ts'
import { backup } from './engine/backup.ts'
import { parseMoment } from './engine/catalog.ts'
import { exportBackup } from './engine/export.ts'
import { list } from './engine/list.ts'
import type { Sink, Source } from './engine/ports.ts'
import type { Progress } from './engine/progress.ts'
import { restore } from './engine/restore.ts'
import { asComebackError, ComebackError } from './errors.ts'
import { createFilesSource } from './files/archive.ts'
import { createFilesSink } from './files/extract.ts'
import { keyId } from './format/keys.ts'
import type { Component } from './format/manifest.ts'
import { findKey, makeKey, needKey } from './key-file.ts'
import type { Options } from './options.ts'
import { createDatabaseSource } from './postgres/dump.ts'
import { createDatabaseSink } from './postgres/restore.ts'
import type { BackupOutcome, BackupReport, Report } from './report/report.ts'
import { Keyring } from './repository/keyring.ts'
import { openLocalStore } from './store/local.ts'
import { withRetry } from './store/retry.ts'
import type { Store } from './store/store.ts'
import { VERSION } from './version.ts'

const MAX_LANES = 4
const FILE_STORE = 'file:'
const REVIEW_FOLDER = 'config-review'

export type Command =
  | { readonly verb: 'backup'; readonly components: readonly Component[] }
  /** `at`: `latest`, a UTC day, an ISO time or a backup id, as the person wrote it. */
  | { readonly verb: 'restore'; readonly component: Component; readonly at: string }
  | { readonly verb: 'list'; readonly components: readonly Component[] }
  | { readonly verb: 'export'; readonly component: Component; readonly at: string }
  | { readonly verb: 'key'; readonly action: 'new' | 'show-id' }

export interface JobContext {
  /** Where relative paths and globs start. */
  readonly cwd: string
  /** The key as given in the environment or the Action's input; otherwise the key file is read. */
  readonly key: string | undefined
  /** True in CI, where a key is never made. */
  readonly ci: boolean
  /** What the configuration component may choose from. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly progress: Progress
  /** Aborted with a `ComebackError` (`cancelled` or `timeout`) as its reason. */
  readonly signal: AbortSignal
}

/** Throws a `ComebackError`; of several components backed up, the failed ones stand in the report instead. */
export async function runJob(command: Command, options: Options, context: JobContext): Promise<Report> {
  context.signal.throwIfAborted()
  switch (command.verb) {
    case 'backup':
      return backUp(command.components, options, context)
    case 'restore':
      return restore({
        moment: parseMoment(command.at),
        component: command.component,
        store: openStore(options.store, context),
        // The sink first: a target that is not even named is the quicker error.
        sink: openSink(command.component, options, context),
        keyring: new Keyring(await needKey(keyPlace(options, context))),
        now,
        progress: context.progress,
        signal: context.signal,
      })
    case 'list': {
      const passphrase = await findKey(keyPlace(options, context))
      const keyring = passphrase === undefined ? undefined : new Keyring(passphrase)
      return list(openStore(options.store, context), command.components, keyring, context.signal)
    }
    case 'export':
      return exportBackup({
        moment: parseMoment(command.at),
        component: command.component,
        store: openStore(options.store, context),
        target: openLocalStore(resolve(context.cwd, needFolder(options.into))),
        keyring: new Keyring(await needKey(keyPlace(options, context))),
        level: options.level,
        progress: context.progress,
        signal: context.signal,
      })
    case 'key': {
      const place = keyPlace(options, context)
      if (command.action === 'show-id') return { command: 'key', keyId: await keyId(await needKey(place)) }
      return { command: 'key', keyId: await keyId(await makeKey(place)), file: options.keyFile }
    }
  }
}

async function backUp(components: readonly Component[], options: Options, context: JobContext): Promise<BackupReport> {
  // All of them first: one that lacks its options must not be found out after another has run for an hour.
  const sources = components.map(component => openSource(component, options, context))
  const store = openStore(options.store, context)
  const keyring = new Keyring(await findOrMakeKey(options, context))
  const backups: BackupOutcome[] = []
  for (const source of sources) {
    const { component } = source
    const outcome = await backup({
      store,
      keyring,
      source,
      ...(options.source === undefined ? {} : { sourceName: options.source }),
      codec: options.codec,
      level: options.level,
      full: options.full,
      fullEvery: options.fullEvery,
      tools: { comeback: VERSION, node: process.version },
      now,
      progress: context.progress,
      signal: context.signal,
    }).catch((reason: unknown): BackupOutcome => {
      // Backups that were made before it stand, and must be told of.
      if (backups.length === 0) throw reason
      const { code, message, hint } = asComebackError(reason)
      return { status: 'failed', component, error: { code, message, hint } }
    })
    backups.push(outcome)
    context.progress({ type: 'done', component })
    if (context.signal.aborted) break
  }
  return { command: 'backup', store: store.location, backups }
}

async function findOrMakeKey(options: Options, context: JobContext): Promise<string> {
  const place = keyPlace(options, context)
  const found = await findKey(place)
  if (found !== undefined) return found
  const made = await makeKey(place)
  context.progress({
    type: 'notice',
    message: `A new key was written to ${options.keyFile}. Without it no backup can ever be read: keep a copy of it NOW, somewhere else than the backups (a password manager, say).`,
  })
  return made
}

function openSource(component: Component, options: Options, { cwd, environment }: JobContext): Source {
  switch (component) {
    case 'database':
      return createDatabaseSource({
        url: needDatabase(options.databaseUrl, 'DATABASE_URL (or --database-url)'),
        connectTimeout: options.connectTimeout,
        lanes: options.lanes ?? defaultLanes(),
        schemaOnly: options.schemaOnly,
        excludeTableData: options.excludeTableData,
        ...(options.pgDump === undefined ? {} : { pgDump: resolve(cwd, options.pgDump) }),
      })
    case 'files':
      if (options.files.length === 0) throw missing('files', '--files', 'the folders or globs to back up')
      return createFilesSource({
        root: cwd,
        include: options.files,
        exclude: [...options.exclude, ...ownPaths(options, cwd)],
      })
    case 'config':
      if (options.configFiles.length === 0 && options.configEnv.length === 0) {
        throw missing('config', '--config-files or --config-env', 'the files or environment variables to back up')
      }
      return createConfigSource({ root: cwd, files: options.configFiles, env: options.configEnv, environment })
  }
}

/** Our own files below the folder that is backed up: a backup of backups grows without end, and the key must not be in it. */
function ownPaths(options: Options, cwd: string): readonly string[] {
  const store = options.store.startsWith(FILE_STORE) ? [options.store.slice(FILE_STORE.length)] : []
  return [...store, options.keyFile, options.logDir, REVIEW_FOLDER]
    .map(path => resolve(cwd, path))
    .filter(path => path.startsWith(join(cwd, sep)))
}

function openSink(component: Component, options: Options, { cwd, environment }: JobContext): Sink {
  switch (component) {
    case 'database':
      return createDatabaseSink({
        url: needDatabase(options.targetUrl ?? options.databaseUrl, '--target-url (or DATABASE_URL)'),
        connectTimeout: options.connectTimeout,
        lanes: options.lanes ?? defaultLanes(),
        mode: options.mode,
      })
    case 'files':
      return createFilesSink({ directory: resolve(cwd, options.into ?? '.'), overwrite: options.overwrite })
    case 'config':
      return createConfigSink({
        directory: resolve(cwd, options.into ?? REVIEW_FOLDER),
        root: cwd,
        environment,
        showValues: false,
      })
  }
}

function openStore(location: string, { cwd }: JobContext): Store {
  if (location.startsWith(FILE_STORE) && location.length > FILE_STORE.length) {
    return withRetry(openLocalStore(resolve(cwd, location.slice(FILE_STORE.length))))
  }
  throw new ComebackError('usage', `--store ${location} is not a store that this version knows.`, {
    hint: 'Write file:DIR, for example file:./backups.',
  })
}

function needDatabase(url: string | undefined, where: string): string {
  if (url !== undefined && url !== '') return url
  throw new ComebackError('usage', 'No database is named.', {
    hint: `Set ${where} to a URL such as postgresql://user:password@host:5432/name.`,
  })
}

function needFolder(into: string | undefined): string {
  if (into !== undefined) return into
  throw new ComebackError('usage', 'The export needs a folder.', { hint: 'Name a new one with --into DIR.' })
}

function missing(component: Component, option: string, what: string): ComebackError {
  return new ComebackError('usage', `The component ${component} needs ${option}.`, {
    hint: `Name ${what}, or back up a single component: comeback backup database.`,
  })
}

function keyPlace(options: Options, { key, cwd, ci }: JobContext) {
  return { given: key, file: resolve(cwd, options.keyFile), ci }
}

function defaultLanes(): number {
  return Math.min(MAX_LANES, Math.max(2, availableParallelism()))
}

function now(): Date {
  return new Date()
}
