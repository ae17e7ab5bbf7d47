/** A component and its options become a Source to back up from, a Sink to restore into. */
import { availableParallelism } from 'node:os'
import { join, resolve, sep } from 'node:path'
import { createConfigSource } from './config/collect.ts'
import { createConfigSink } from './config/review.ts'
import type { Sink, Source } from './engine/ports.ts'
import { ComebackError } from './errors.ts'
import { createFilesSource } from './files/archive.ts'
import { createFilesSink } from './files/extract.ts'
import type { Component } from './format/manifest.ts'
import type { JobContext } from './job-context.ts'
import { folderOf } from './open-store.ts'
import type { Options } from './options.ts'
import { createDatabaseSource } from './postgres/dump.ts'
import { createDatabaseSink } from './postgres/restore.ts'

const MAX_LANES = 4
const REVIEW_FOLDER = 'config-review'

export function openSource(component: Component, options: Options, { cwd, environment }: JobContext): Source {
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
  const store = folderOf(options.store)
  return [...(store === undefined ? [] : [store]), options.keyFile, options.logDir, REVIEW_FOLDER]
    .map(path => resolve(cwd, path))
    .filter(path => path.startsWith(join(cwd, sep)))
}

export function openSink(component: Component, options: Options, { cwd, environment }: JobContext): Sink {
  switch (component) {
    case 'database':
      return createDatabaseSink({
        url: needDatabase(options.targetUrl ?? options.databaseUrl, '--target-url (or DATABASE_URL)'),
        connectTimeout: options.connectTimeout,
        lanes: options.lanes ?? defaultLanes(),
        mode: options.mode,
        confirm: options.confirm,
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
