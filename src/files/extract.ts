/**
 * Files as a Sink. The archive is read twice: the first time only to see that it is harmless and that its place is free, so
 * that a refused restore changes nothing; the second time it is written.
 *
 * Modes and times come back, owners don't (they belong to a machine), and set-user-id bits don't (the owner is another one).
 * Links that lead out of the target are data of many applications (`current -> /srv/app/releases/7`), but made blindly they
 * would let whoever works in the restored folder write elsewhere. They are left out, and listed to be made by hand.
 */

import type { FolderTarget, Problem, Sink, SinkProgress, SinkResult, StoredBackup } from '../engine/ports.ts'
import { ComebackError } from '../errors.ts'
import { existingFiles } from './existing-files.ts'
import { type ArchiveSurvey, conflictOf, inspectArchive, surveyArchive } from './inspect.ts'
import { type Unpacked, unpackArchive } from './unpack.ts'

/** In problems; the rest is counted. */
const LISTED = 20

export interface FilesSinkOptions {
  /** Made if it is not there. */
  readonly directory: string
  /** Whether files there may be replaced. Other files there always stay. */
  readonly overwrite: boolean
}

/**
 * Throws `not-empty` if something would be replaced, `unsafe-archive` for an archive that reaches out of the folder, `damaged`
 * for none at all; then nothing has been written. After errors of the file system, finished files are there.
 */
export function createFilesSink({ directory, overwrite }: FilesSinkOptions): Sink {
  return {
    component: 'files',
    inspect: (backup, progress, signal) => inspectFolder(backup, directory, overwrite, progress, signal),
    restore: (backup, progress, signal) => restoreFiles(backup, directory, overwrite, progress, signal),
  }
}

async function restoreFiles(
  backup: StoredBackup,
  directory: string,
  overwrite: boolean,
  progress: SinkProgress,
  signal: AbortSignal,
): Promise<SinkResult> {
  progress.phase('Checking names')
  await inspectArchive(archiveBytes(backup, signal), directory, overwrite, signal)
  progress.phase('Writing files')
  const advance = (bytes: number) => progress.advance(bytes)
  const options = { directory, overwrite, modes: 'kept', advance } as const
  const unpacked = await unpackArchive(archiveBytes(backup, signal), options, signal)
  return { summary: [`${summarize(unpacked)} restored into ${directory}`], problems: leftOutProblems(unpacked) }
}

async function inspectFolder(
  backup: StoredBackup,
  directory: string,
  overwrite: boolean,
  progress: SinkProgress,
  signal: AbortSignal,
): Promise<FolderTarget> {
  progress.phase('Checking names')
  const survey = await surveyArchive(archiveBytes(backup, signal), directory, signal)
  const { conflicts, blocked } = survey
  const replaced = overwrite ? conflicts.count - blocked.count : 0
  const names = conflicts.names.filter(name => !blocked.names.includes(name))
  return folderTarget(directory, survey, {
    losses: replaced === 0 ? [] : [{ what: `${count(replaced, 'file')} as now there, replaced`, names }],
    refused: conflictOf(survey, directory, overwrite),
    holds: await existingFiles(directory, signal),
  })
}

export function folderTarget(
  place: string,
  { files, folders, links, bytes, leftOut }: ArchiveSurvey,
  found: Pick<FolderTarget, 'losses' | 'holds'> & { readonly refused: ComebackError | undefined },
): FolderTarget {
  const { losses, holds, refused } = found
  return {
    kind: 'folder',
    place,
    brings: { files, folders, links, bytes },
    holds,
    losses,
    problems: leftOutProblems({ leftOut }, true),
    ...(refused === undefined ? {} : { refusal: { code: refused.code, message: refused.message, hint: refused.hint } }),
  }
}

/** All segments, one after the other: one archive. */
export async function* archiveBytes(backup: StoredBackup, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  if (backup.segments.length === 0) {
    throw new ComebackError('damaged', `The backup ${backup.id} has no archive in it.`, {
      hint: 'Restore another backup.',
    })
  }
  for (const segment of backup.segments) yield* backup.read(segment, signal)
}

export function summarize({ files, folders, links, bytes }: Unpacked): string {
  const parts = [`${count(files, 'file')} (${count(bytes, 'byte')})`, count(folders, 'folder')]
  return [...parts, ...(links > 0 ? [count(links, 'link')] : [])].join(', ')
}

export function leftOutProblems({ leftOut }: Pick<Unpacked, 'leftOut'>, planned = false): readonly Problem[] {
  const problems = leftOut.slice(0, LISTED).map(({ path, target }) => ({
    severity: 'partial' as const,
    message: `The link ${JSON.stringify(path)} to ${JSON.stringify(target)} leads out of the folder and ${planned ? 'is' : 'was'} not made.`,
    hint: 'Make it by hand if it is wanted: ln -s TARGET LINK.',
  }))
  if (leftOut.length <= LISTED) return problems
  const message = `${leftOut.length - LISTED} more links lead out of the folder and ${planned ? 'are' : 'were'} not made.`
  return [...problems, { severity: 'partial', message }]
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString('en-US')} ${noun}${number === 1 ? '' : 's'}`
}
