/**
 * Configuration as a Sink: never over the original, always into a review folder of its own, which only its owner can read,
 * with a diff from what stands now to what the backup holds. A person copies what should come back. The folder is made beside
 * its place and renamed into it, so that it appears whole or not at all.
 *
 * Values of environment variables are secrets more often than not. They reach the disk only where somebody who sits at a
 * terminal asks for them; otherwise the review says of each variable whether it equals what is set now.
 */
import { readdir, writeFile } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import type { FolderTarget, Sink, SinkProgress, SinkResult, StoredBackup } from '../engine/ports.ts'
import { ComebackError } from '../errors.ts'
import { existingFiles } from '../files/existing-files.ts'
import { archiveBytes } from '../files/extract.ts'
import { folderTarget } from '../files/folder-target.ts'
import { type ArchiveSurvey, surveyArchive } from '../files/inspect.ts'
import { leftOutProblems } from '../files/left-out.ts'
import type { MemberFilter } from '../files/member-filter.ts'
import { repairAround, willRepair } from '../files/repair.ts'
import { findPlace, type RestorePlace, withoutLinks } from '../files/restore-place.ts'
import { unpackArchive } from '../files/unpack.ts'
import { switchInWhole } from '../files/whole-folder.ts'
import { systemCode, writing } from '../files/write-error.ts'
import { type Comparison, compareFile } from './compare.ts'
import { compareVariables, reviewText, type VariablesComparison, variablesPatch } from './compare-variables.ts'
import { readVariables, selectVariables } from './environment.ts'
import {
  ENVIRONMENT_FILE,
  ENVIRONMENT_REVIEW,
  REVIEW_FILE,
  REVIEW_IGNORED,
  ROOT_FOLDER,
  SYSTEM_FOLDER,
} from './layout.ts'

/** Names in a line of the summary; the rest is counted. */
const NAMED = 20

export interface ConfigSinkOptions {
  /** The review folder: must be empty, or not be there. */
  readonly directory: string
  /** Where the files that now stand are compared. */
  readonly root: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Whether the review folder holds the values of environment variables. The summary never does. */
  readonly showValues: boolean
  /** Of a proof, which removes it again. */
  readonly fleeting?: boolean
}

/**
 * Throws `not-empty` if the review folder holds anything, `usage` if it would be where originals are, otherwise as the files
 * Sink does.
 */
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
  const repaired = await repairAround(options.directory)
  progress.phase('Checking names')
  const { place, refused } = await lookAt(backup, options, signal)
  if (refused !== undefined) throw refused
  progress.phase('Writing the review folder')
  const { directory, stats } = place
  const { result } = await switchInWhole(
    { target: directory, stats, way: 'fill', modes: 'private', fleeting: options.fleeting === true },
    content => writeReview(backup, content, options, progress, signal),
    signal,
  )
  const { unpacked, files, variables } = result
  return {
    summary: [
      `Configuration restored for review into ${directory}; nothing else was touched`,
      ...summarizeFiles(files),
      ...(variables === undefined ? [] : summarizeVariables(variables, options.showValues)),
      `${REVIEW_FILE} there leads from what stands now to what the backup holds`,
    ],
    problems: [...repaired, ...leftOutProblems(unpacked)],
  }
}

async function writeReview(
  backup: StoredBackup,
  directory: string,
  options: ConfigSinkOptions,
  progress: SinkProgress,
  signal: AbortSignal,
) {
  const { environment, showValues } = options
  const advance = (bytes: number) => progress.advance(bytes)
  const unpacking = { directory, modes: 'private', advance, filter: WITHOUT_VALUES } as const
  const unpacked = await unpackArchive(archiveBytes(backup, signal), unpacking, signal)
  progress.phase('Comparing with what stands now')
  const files = await compareFiles(directory, options, signal)
  const backedUp = await readVariables(archiveBytes(backup, signal))
  const now = () => selectVariables(patternsOf(backup.detail), environment).variables
  const variables = backedUp === undefined ? undefined : compareVariables(backedUp, environment, now())
  const patches = [...files.values()].map(({ patch }) => patch)
  if (variables !== undefined) {
    patches.push(variablesPatch(variables, environment, showValues))
    await writePrivate(join(directory, ENVIRONMENT_REVIEW), reviewText(variables, showValues))
  }
  await writePrivate(join(directory, REVIEW_FILE), patches.join(''))
  // What the review shows belongs into no repository.
  await writePrivate(join(directory, REVIEW_IGNORED), '*\n')
  return { unpacked, files, variables }
}

/** The archive has all values in one member, which must not reach the disk. */
const WITHOUT_VALUES: MemberFilter = {
  takes: parts => parts.join('/') !== ENVIRONMENT_FILE,
  needs: () => false,
  unmatched: () => [],
}

async function writePrivate(file: string, text: string): Promise<void> {
  await writing(file, () => writeFile(file, text, { mode: 0o600, flag: 'wx' }))
}

interface Look {
  readonly place: RestorePlace
  readonly survey: ArchiveSurvey
  readonly refused: ComebackError | undefined
}

async function lookAt(backup: StoredBackup, options: ConfigSinkOptions, signal: AbortSignal): Promise<Look> {
  const { directory, root } = options
  let refused: ComebackError | undefined
  const place = await findPlace({ directory, cwd: root, overwrite: false, partial: false }).catch((error: unknown) => {
    if (!(error instanceof ComebackError)) throw error
    refused = error.code === 'not-empty' ? noReview(directory) : error
    return { way: 'new' as const, directory, stats: undefined }
  })
  const { originals, filter } = watchOriginals(root)
  const survey = await surveyArchive(archiveBytes(backup, signal), { directory: place.directory, filter }, signal)
  refused ??= await overOriginals(place.directory, originals)
  if (place.way !== 'new') refused ??= noReview(place.directory)
  return { place, survey, refused }
}

function noReview(directory: string): ComebackError {
  return new ComebackError('not-empty', `${directory} cannot become a review folder, as it is in use.`, {
    hint: 'Name a folder that is not there yet with --into.',
  })
}

/** Takes everything, and remembers the folders that the originals lie in. */
function watchOriginals(root: string) {
  const originals = new Set<string>()
  const filter: MemberFilter = {
    takes(parts, { kind }) {
      const [top, ...path] = parts
      const origin = top === ROOT_FOLDER ? root : top === SYSTEM_FOLDER ? '/' : undefined
      if (kind !== 'folder' && origin !== undefined) originals.add(dirname(join(origin, ...path)))
      return true
    },
    needs: () => false,
    unmatched: () => [],
  }
  return { originals, filter }
}

/** An original may be missing, and its folder empty; a review folder in its place would be taken for it. */
async function overOriginals(directory: string, originals: ReadonlySet<string>): Promise<ComebackError | undefined> {
  for (const original of originals) {
    const folder = await withoutLinks(original).catch(() => original)
    if (folder !== directory && !folder.startsWith(`${directory}${sep}`)) continue
    return new ComebackError('usage', `${directory} is where originals of this configuration belong (${folder}).`, {
      hint: 'Configuration is restored for review only. Name a folder elsewhere with --into.',
    })
  }
  return undefined
}

async function inspectFolder(
  backup: StoredBackup,
  options: ConfigSinkOptions,
  progress: SinkProgress,
  signal: AbortSignal,
): Promise<FolderTarget> {
  progress.phase('Checking names')
  const { place, survey, refused } = await lookAt(backup, options, signal)
  return folderTarget(place.directory, survey, {
    way: 'new',
    losses: [],
    problems: await willRepair(options.directory),
    refused,
    holds: await existingFiles(place.directory, signal),
  })
}

/** By the paths of the originals. */
async function compareFiles(
  directory: string,
  { root }: ConfigSinkOptions,
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

function summarizeVariables({ states, added }: VariablesComparison, showValues: boolean): readonly string[] {
  const named = (wanted: string) => [...states].filter(([, state]) => state === wanted).map(([name]) => name)
  return [
    ...line('Variables that differ now', named('different')),
    ...line('Variables that are missing now', named('missing')),
    ...line('Variables that are the same now', named('equal')),
    ...line('Variables that the backup lacks', added),
    showValues
      ? `${ENVIRONMENT_REVIEW} there holds the values of the variables: remove it when it has served`
      : `${ENVIRONMENT_REVIEW} there names the variables without values; --show-values, on a terminal, writes those too`,
  ]
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
