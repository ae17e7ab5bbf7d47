/**
 * Configuration as a Sink: never over the original, always into a review folder of its own, which only its owner can read,
 * with a diff from what stands now to what the backup holds. A person copies what should come back.
 */
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FolderTarget, Sink, SinkProgress, SinkResult, StoredBackup } from '../engine/ports.ts'
import { ComebackError } from '../errors.ts'
import { existingFiles } from '../files/existing-files.ts'
import { archiveBytes, folderTarget, leftOutProblems } from '../files/extract.ts'
import { inspectArchive, isEmpty, surveyArchive } from '../files/inspect.ts'
import { unpackArchive } from '../files/unpack.ts'
import { systemCode, writing } from '../files/write-error.ts'
import { type Comparison, compareFile, patchOfTexts } from './compare.ts'
import { formatEnvironment, parseEnvironment, selectVariables, type Variables } from './environment.ts'
import { ENVIRONMENT_FILE, REVIEW_FILE, ROOT_FOLDER, SYSTEM_FOLDER } from './layout.ts'

/** Names in a line of the summary; the rest is counted. */
const NAMED = 20

export interface ConfigSinkOptions {
  /** The review folder: must be empty, or not be there. */
  readonly directory: string
  /** Where the files that now stand are compared. */
  readonly root: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Whether the diff shows values of environment variables. The summary never does. */
  readonly showValues: boolean
}

/** Throws `not-empty` if the review folder holds anything, otherwise as the files Sink does. */
export function createConfigSink(options: ConfigSinkOptions): Sink {
  return {
    component: 'config',
    inspect: (backup, progress, signal) => inspectFolder(backup, options, progress, signal),
    restore: (backup, progress, signal) => restoreForReview(backup, options, progress, signal),
  }
}

async function restoreForReview(
  backup: StoredBackup,
  options: ConfigSinkOptions,
  progress: SinkProgress,
  signal: AbortSignal,
): Promise<SinkResult> {
  const { directory } = options
  if (!(await isEmpty(directory))) throw notEmpty(directory)
  progress.phase('Checking names')
  await inspectArchive(archiveBytes(backup, signal), directory, false, signal)
  progress.phase('Writing the review folder')
  await writing(directory, async () => {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    // It may have been there, open to all.
    await chmod(directory, 0o700)
  })
  const advance = (bytes: number) => progress.advance(bytes)
  const unpacking = { directory, overwrite: false, modes: 'private', advance } as const
  const unpacked = await unpackArchive(archiveBytes(backup, signal), unpacking, signal)
  progress.phase('Comparing with what stands now')
  const files = await compareFiles(options, signal)
  const variables = await compareVariables(backup, options)
  const review = join(directory, REVIEW_FILE)
  const patch = [...files.values(), ...(variables === undefined ? [] : [variables])].map(each => each.patch).join('')
  await writing(review, () => writeFile(review, patch, { mode: 0o600, flag: 'wx' }))
  return {
    summary: [
      `Configuration restored for review into ${directory}; nothing else was touched`,
      ...summarizeFiles(files),
      ...(variables?.summary ?? []),
      `${REVIEW_FILE} there leads from what stands now to what the backup holds`,
    ],
    problems: leftOutProblems(unpacked),
  }
}

function notEmpty(directory: string): ComebackError {
  return new ComebackError('not-empty', `The review folder ${directory} is not empty.`, {
    hint: 'Remove what an earlier restore left there, or name another folder with --into.',
  })
}

async function inspectFolder(
  backup: StoredBackup,
  { directory }: ConfigSinkOptions,
  progress: SinkProgress,
  signal: AbortSignal,
): Promise<FolderTarget> {
  progress.phase('Checking names')
  return folderTarget(directory, await surveyArchive(archiveBytes(backup, signal), directory, signal), {
    losses: [],
    refused: (await isEmpty(directory)) ? undefined : notEmpty(directory),
    holds: await existingFiles(directory, signal),
  })
}

/** By the paths of the originals. */
async function compareFiles(
  { directory, root }: ConfigSinkOptions,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Comparison>> {
  const found = new Map<string, Comparison>()
  for (const [folder, origin] of [
    [ROOT_FOLDER, root],
    [SYSTEM_FOLDER, '/'],
  ] as const) {
    for (const path of await filesBelow(join(directory, folder))) {
      const original = join(origin, path)
      found.set(original, await compareFile(path, join(directory, folder, path), original, signal))
    }
  }
  return found
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    const files = entries.filter(entry => !entry.isDirectory())
    return files.map(entry => join(entry.parentPath, entry.name).slice(folder.length + 1)).sort()
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw error
  }
}

function summarizeFiles(files: ReadonlyMap<string, Comparison>): readonly string[] {
  const named = (difference: Comparison['difference']) =>
    [...files].filter(([, comparison]) => comparison.difference === difference).map(([path]) => path)
  return [
    ...line('Files that differ now', named('changed')),
    ...line('Files that are missing now', named('missing')),
    ...line('Files that are the same now', named('same')),
  ]
}

interface VariablesComparison {
  readonly summary: readonly string[]
  readonly patch: string
}

async function compareVariables(
  { detail }: StoredBackup,
  { directory, environment, showValues }: ConfigSinkOptions,
): Promise<VariablesComparison | undefined> {
  let backedUp: Variables
  try {
    backedUp = parseEnvironment(await readFile(join(directory, ENVIRONMENT_FILE), 'utf8'))
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
  const changed: string[] = []
  const missing: string[] = []
  const now = new Map<string, string>()
  for (const [name, value] of backedUp) {
    const current = environment[name]
    if (current === undefined) missing.push(name)
    else now.set(name, current)
    if (current !== undefined && current !== value) changed.push(name)
  }
  const added = [...selectVariables(patternsOf(detail), environment).variables.keys()].filter(
    name => !backedUp.has(name),
  )
  for (const name of added) now.set(name, environment[name] ?? '')
  const summary = [
    ...line('Variables that differ now', changed),
    ...line('Variables that are missing now', missing),
    ...line('Variables that the backup lacks', added),
  ]
  const sorted = new Map([...now].sort(([a], [b]) => (a < b ? -1 : 1)))
  const differ = changed.length + missing.length + added.length > 0
  const values = () => patchOfTexts(ENVIRONMENT_FILE, formatEnvironment(sorted), formatEnvironment(backedUp))
  const names = () =>
    [...changed, ...missing, ...added].map(name => `Variables a/${name} and b/${name} differ\n`).join('')
  return { summary, patch: differ ? (showValues ? values() : names()) : '' }
}

/** The patterns by which the backup's variables were chosen. */
function patternsOf(detail: StoredBackup['detail']): readonly string[] {
  const env = typeof detail === 'object' && detail !== null && 'env' in detail ? detail.env : []
  return Array.isArray(env) ? env.filter(pattern => typeof pattern === 'string') : []
}

function line(title: string, names: readonly string[]): readonly string[] {
  if (names.length === 0) return []
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : ''
  return [`${title}: ${names.slice(0, NAMED).join(', ')}${more}`]
}
