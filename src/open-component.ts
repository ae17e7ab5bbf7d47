/** A component and its options become a Source to back up from, a Sink to restore into. */
import { availableParallelism } from 'node:os'
import { join, resolve, sep } from 'node:path'
import { createConfigSource } from './config/collect.ts'
import { createConfigProver } from './config/prove.ts'
import { createConfigSink } from './config/review.ts'
import type { Continuation } from './engine/migration.ts'
import type { Prover, Sink, Source, TargetSummary } from './engine/ports.ts'
import type { LeftDatabase } from './engine/proof.ts'
import { ComebackError } from './errors.ts'
import { createFilesSource } from './files/archive.ts'
import { discardKept as discardKeptFiles } from './files/discard.ts'
import { createFilesSink } from './files/extract.ts'
import { createFilesProver } from './files/prove.ts'
import type { Component } from './format/manifest.ts'
import type { JobContext } from './job-context.ts'
import { folderOf } from './open-store.ts'
import type { Options } from './options.ts'
import { continueProof } from './postgres/continue-proof.ts'
import { createDatabaseSource } from './postgres/dump.ts'
import { runMigration } from './postgres/migrate/run-migration.ts'
import type { Assertion } from './postgres/proof/assertions.ts'
import type { Migrate } from './postgres/proof/migrated.ts'
import { createDatabaseProver } from './postgres/prove.ts'
import { discardDatabase } from './postgres/restore/discard-database.ts'
import { createDatabaseSink } from './postgres/restore.ts'
import { BUNDLED } from './postgres/schema/client.ts'
import type { Machine } from './postgres/schema/client-places.ts'

const MAX_LANES = 4
/** What a restore of files keeps, or works in; `TIME-ID` as in `files/workplace.ts`. */
const KEPT_FOLDERS = [
  '**/.comeback-{before,restoring}-*',
  '**/*.before-????????T??????Z-??????',
  '**/.*.restoring-????????T??????Z-??????',
]
const REVIEW_FOLDER = 'config-review'

export function openSource(component: Component, options: Options, context: JobContext): Source {
  const { cwd, environment, configuration = environment } = context
  switch (component) {
    case 'database':
      return createDatabaseSource({
        url: needDatabase(options.databaseUrl, 'DATABASE_URL (or --database-url)'),
        connectTimeout: options.connectTimeout,
        lanes: options.lanes ?? defaultLanes(),
        schemaOnly: options.schemaOnly,
        excludeTableData: options.excludeTableData,
        pgDump: pgDumpFor(options, { cwd, environment }),
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
      return createConfigSource({
        root: cwd,
        files: options.configFiles,
        env: options.configEnv,
        environment: configuration,
      })
  }
}

/** The one that was asked for, or the best that this machine has. */
function pgDumpFor(
  { pgDump }: Options,
  { cwd, environment }: Pick<JobContext, 'cwd' | 'environment'>,
): string | Machine {
  if (pgDump === undefined) return { root: '/', environment }
  return pgDump === BUNDLED ? pgDump : resolve(cwd, pgDump)
}

/**
 * Our own files below the folder that is backed up: a backup of backups, or of what a restore kept, grows without end, and the
 * key must not be in it.
 */
function ownPaths(options: Options, cwd: string): readonly string[] {
  const store = folderOf(options.store)
  const paths = [...(store === undefined ? [] : [store]), options.keyFile, options.logDir, REVIEW_FOLDER]
    .map(path => resolve(cwd, path))
    .filter(path => path.startsWith(join(cwd, sep)))
  // At any depth, and where patterns lead out of that folder, too.
  return [...paths, ...KEPT_FOLDERS]
}

/** Ends what a restore has kept of the former state. Returns lines for people. */
export async function discardKept(
  component: Component,
  name: string,
  options: Options,
  { cwd, signal }: JobContext,
): Promise<readonly string[]> {
  const { confirm } = options
  if (component === 'database') {
    const { connectTimeout, endSessions } = options
    return discardDatabase({ url: targetUrl(options), connectTimeout, endSessions }, name, confirm, signal)
  }
  if (component === 'files') return discardKeptFiles(resolve(cwd, name), confirm, signal)
  throw new ComebackError('usage', `A restore of the ${component} has kept nothing to discard.`, {
    hint: 'Name the component: comeback restore files --discard PATH.',
  })
}

/**
 * The target of a restore as a Source, for the backup of what it holds before that. Of a folder only what the restore may take
 * away; without a target (to know its identity) all of it.
 */
export function openTargetSource(
  component: Exclude<Component, 'config'>,
  options: Options,
  { cwd, environment }: JobContext,
  target?: TargetSummary,
): Source {
  if (component === 'database') {
    return createDatabaseSource({
      url: targetUrl(options),
      connectTimeout: options.connectTimeout,
      lanes: options.lanes ?? defaultLanes(),
      schemaOnly: false,
      excludeTableData: [],
      pgDump: pgDumpFor(options, { cwd, environment }),
    })
  }
  const directory = resolve(cwd, options.into ?? '.')
  const stores = [options.store, options.safetyStore ?? options.store].flatMap(store => folderOf(store) ?? [])
  const source = createFilesSource({
    root: directory,
    include: target?.kind === 'folder' ? (target.replaced ?? ['.']).map(literally) : ['.'],
    exclude: [
      ...[...stores, options.keyFile, options.logDir].map(path => resolve(cwd, path)),
      ...KEPT_FOLDERS.map(pattern => resolve(directory, pattern)),
    ],
  })
  return { ...source, identity: `folder ${directory}` }
}

/** A name as a pattern that means it alone. */
function literally(name: string): string {
  return `./${name.replace(/[\\*?[\]{}()!+@|]/g, '\\$&')}`
}

export function openSink(component: Component, options: Options, { cwd, environment, ask }: JobContext): Sink {
  if (component !== 'files' && options.include.length > 0) throw notFor(component, 'include', 'files')
  if (component !== 'config' && options.showValues) throw notFor(component, 'show-values', 'config')
  const ofDatabase = (['tables', 'schemas'] as const).find(name => options[name].length > 0)
  if (component !== 'database' && ofDatabase !== undefined) throw notFor(component, ofDatabase, 'database')
  if (component !== 'database' && options.dataOnly) throw notFor(component, 'data-only', 'database')
  if (component !== 'database' && options.tolerate) throw notFor(component, 'tolerate', 'database')
  if (component !== 'database' && options.databaseSettings) throw notFor(component, 'database-settings', 'database')
  switch (component) {
    case 'database':
      return createDatabaseSink({
        url: targetUrl(options),
        connectTimeout: options.connectTimeout,
        lanes: options.lanes ?? defaultLanes(),
        mode: options.mode,
        confirm: options.confirm,
        selection: options,
        createRoles: options.createRoles,
        databaseSettings: options.databaseSettings,
        tolerate: options.tolerate,
        endSessions: options.endSessions,
      })
    case 'files':
      return createFilesSink({
        directory: resolve(cwd, options.into ?? '.'),
        cwd,
        overwrite: options.overwrite,
        include: options.include,
        confirm: options.confirm,
      })
    case 'config':
      return createConfigSink({
        directory: resolve(cwd, options.into ?? REVIEW_FOLDER),
        root: cwd,
        environment,
        showValues: options.showValues && mayShowValues(ask),
      })
  }
}

/** Where a backup is restored to be compared: nothing that is in use is ever touched. */
export function openProver(
  component: Component,
  assertions: readonly Assertion[],
  options: Options,
  context: JobContext,
): Prover {
  const { temporary } = context
  switch (component) {
    case 'database':
      return createDatabaseProver({
        ...disposablePlace(options),
        lanes: options.lanes ?? defaultLanes(),
        assertions,
        pgDump: pgDumpFor(options, context),
        ...migrateWith(options, context),
        leave: options.gateInto !== undefined,
      })
    case 'files':
      return createFilesProver({ temporary })
    case 'config':
      return createConfigProver({ temporary })
  }
}

/** What follows a proof that left its database standing. */
export function goOn(
  left: LeftDatabase,
  assertions: readonly Assertion[],
  options: Options,
  context: JobContext,
): Promise<Continuation> {
  const { progress, signal } = context
  const phase = (text: string) => progress({ type: 'phase', component: 'database', text })
  return continueProof(left, {
    ...disposablePlace(options),
    assertions,
    ...migrateWith(options, context),
    progress: { phase, advance: () => undefined },
    signal,
  })
}

/** Never DATABASE_URL, which is that of the database in use. */
function disposablePlace({ targetUrl: url, connectTimeout, disposable, confirm }: Options) {
  return { url, connectTimeout, disposable, confirm }
}

function migrateWith(options: Options, { cwd, environment }: JobContext): { readonly migrate?: Migrate } {
  const { migrate: command } = options
  if (command === undefined) return {}
  const pgDump = pgDumpFor(options, { cwd, environment })
  return {
    migrate: (target, progress, signal) =>
      runMigration({
        ...target,
        command,
        cwd,
        environment: withoutOurs(environment),
        output: line => progress.phase(`migration: ${line}`),
        pgDump,
        progress,
        signal,
      }),
  }
}

/** A migration gets what it was started with, but none of what opens backups or the store, or steers the steps that follow. */
function withoutOurs(environment: JobContext['environment']): JobContext['environment'] {
  const ours =
    /^(COMEBACK_|INPUT_|AWS_|ACTIONS_RUNTIME_|ACTIONS_RESULTS_|ACTIONS_ID_TOKEN_|GITHUB_(TOKEN|ENV|PATH|OUTPUT|STATE|STEP_SUMMARY)$|GH_TOKEN$)/
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !ours.test(name)))
}

function notFor(component: Component, option: string, other: Component): ComebackError {
  return new ComebackError('usage', `A restore of the ${component} does not take --${option}.`, {
    hint: `It belongs to comeback restore ${other}.`,
  })
}

/** Logs and summaries of machines are read by many; a terminal is somebody's own. */
function mayShowValues(ask: JobContext['ask']): boolean {
  if (ask !== undefined) return true
  throw new ComebackError(
    'usage',
    'Values of environment variables are written only where somebody sits at a terminal.',
    {
      hint: 'Run it on a terminal, or leave --show-values out: the review then says which variables differ.',
    },
  )
}

function targetUrl({ targetUrl, databaseUrl }: Options): string {
  return needDatabase(targetUrl ?? databaseUrl, '--target-url (or DATABASE_URL)')
}

function needDatabase(url: string | undefined, where: string): string {
  if (url !== undefined && url !== '') return url
  throw new ComebackError('usage', 'No database is named.', {
    hint: `Set ${where} to a URL such as postgresql://user:password@host:5432/name.`,
  })
}

function missing(component: Component, option: string, what: string): ComebackError {
  return new ComebackError('usage', `The component ${component} needs ${option}.`, {
    hint: `Name ${what}, or back up a single component: comeback backup database.`,
  })
}

function defaultLanes(): number {
  return Math.min(MAX_LANES, Math.max(2, availableParallelism()))
}
