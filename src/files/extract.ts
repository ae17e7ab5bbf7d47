/**
 * Files as a Sink. The archive is read twice: by the look before the restore, only to see that it is harmless and that its place
 * is free, so that a refused restore changes nothing; the second time it is written, beside the target or in a workplace inside of it, and
 * takes its place only when all of it stands (`restore-place.ts` says how). What was there is kept until it is discarded.
 *
 * Modes and times come back, owners only where root restores, and set-user-id bits don't: whoever makes an archive must not make
 * programs that run as somebody else.
 * Links that lead out of the target are data of many applications (`current -> /srv/app/releases/7`), but made blindly they
 * would let whoever works in the restored folder write elsewhere. They are left out, and listed to be made by hand.
 */

import type { FolderTarget, Problem, Sink, SinkProgress, SinkResult, StoredBackup } from '../engine/ports.ts'
import { ComebackError } from '../errors.ts'
import { existingFiles } from './existing-files.ts'
import { folderTarget } from './folder-target.ts'
import { holding } from './held-folder.ts'
import { type ArchiveSurvey, conflictOf, NOTHING_YET, surveyArchive } from './inspect.ts'
import { count, leftOutProblems, summarize } from './left-out.ts'
import { filterMembers, type MemberFilter } from './member-filter.ts'
import { mergeInto } from './merge.ts'
import { repairAround, willRepair } from './repair.ts'
import { findPlace, nameOf, type RestorePlace } from './restore-place.ts'
import { unpackArchive } from './unpack.ts'
import { switchInWhole } from './whole-folder.ts'

export interface FilesSinkOptions {
  /** Made if it is not there. */
  readonly directory: string
  /** Where the restore runs: that folder is never switched for another one. */
  readonly cwd: string
  /** Whether what is there may be replaced. */
  readonly overwrite: boolean
  /** Globs on the paths of the backup; all of it if there are none. */
  readonly include: readonly string[]
  /** The folder's name, given by whoever wants it to lose what the backup lacks. */
  readonly confirm: string | undefined
  /**
   * Of a proof, which removes it again: it need not outlive a power failure, and flushing each file takes longer than all
   * else; and in a new place nothing is lost if the archive is refused halfway, so it is not read beforehand.
   */
  readonly fleeting?: boolean
}

/**
 * Throws `usage` for impossible globs. A restore throws `not-empty` if something would be replaced that may not be, `usage` if
 * a name must be confirmed, `not-found` if the globs name nothing, `unsafe-archive` for an archive that reaches out of the
 * folder, `damaged` for none at all. Whatever it throws, the target is as it was.
 */
export function createFilesSink(options: FilesSinkOptions): Sink {
  filterMembers(options.include)
  let seen: Surveyed | undefined
  return {
    component: 'files',
    async inspect(backup, progress, signal) {
      progress.phase('Checking names')
      const look = await lookAt(backup, options, signal)
      seen = { id: backup.id, ...look }
      return inspectFolder(look, options, signal)
    },
    restore: (backup, progress, signal) => restoreFiles(backup, options, seen, progress, signal),
  }
}

/** What a look before the restore found in the archive, which then need not be read for it once more. */
type Surveyed = Pick<Look, 'survey' | 'filter' | 'place'> & { readonly id: string }

async function restoreFiles(
  backup: StoredBackup,
  options: FilesSinkOptions,
  seen: Surveyed | undefined,
  progress: SinkProgress,
  signal: AbortSignal,
): Promise<SinkResult> {
  const repaired = await repairAround(options.directory)
  progress.phase('Checking names')
  // What stands in the target may be another thing now. What comes into the way of single files is met when they are moved.
  const look = await lookAt(backup, options, signal, repaired.length > 0 ? undefined : seen)
  const refused = look.refused ?? unconfirmed(look, options.confirm)
  if (refused !== undefined) throw refused
  progress.phase('Writing files')
  const { place, filter } = look
  const { directory, stats, way } = place
  const common = {
    modes: 'kept',
    ...(filter === undefined ? {} : { filter }),
    advance: (bytes: number) => progress.advance(bytes),
  } as const
  const archive = () => archiveBytes(backup, signal)
  const { result: unpacked, kept } =
    way === 'merge'
      ? await mergeInto(
          { target: directory, overwrite: options.overwrite },
          (content, record) => unpackArchive(archive(), { ...common, directory: content, record }, signal),
          signal,
        )
      : await switchInWhole(
          {
            target: directory,
            stats,
            way: way === 'new' ? 'fill' : 'replace',
            modes: 'kept',
            fleeting: options.fleeting === true,
          },
          content => unpackArchive(archive(), { ...common, directory: content }, signal),
          signal,
        )
  return {
    summary: [`${summarize(unpacked)} restored into ${directory}`, ...keptLines(kept)],
    problems: [...repaired, ...leftOutProblems(unpacked), ...unmatchedProblems(filter)],
  }
}

interface Look {
  readonly place: RestorePlace
  readonly survey: ArchiveSurvey
  readonly filter: MemberFilter | undefined
  /** What would be gone from the folder, since the backup lacks it. */
  readonly lacking: { readonly count: number; readonly names: readonly string[] }
  readonly refused: ComebackError | undefined
}

async function lookAt(
  backup: StoredBackup,
  options: FilesSinkOptions,
  signal: AbortSignal,
  seen?: Surveyed,
): Promise<Look> {
  const { include, overwrite, cwd } = options
  const known = seen?.id === backup.id ? seen : undefined
  const filter = include.length === 0 ? undefined : (known?.filter ?? filterMembers(include))
  const asked = { directory: options.directory, cwd, partial: filter !== undefined }
  let refused: ComebackError | undefined
  const place = await findPlace({ ...asked, overwrite }).catch((error: unknown) => {
    if (!(error instanceof ComebackError)) throw error
    refused = error
    return { way: 'new' as const, directory: options.directory, stats: undefined }
  })
  // Held, as what stands there may have longer paths than the system takes at a time.
  const there = <T>(run: (held: string) => Promise<T>) =>
    place.stats?.isDirectory() === true ? holding(place.directory, run) : run(place.directory)
  const survey =
    known?.place.directory === place.directory
      ? known.survey
      : options.fleeting === true && place.way === 'new'
        ? NOTHING_YET
        : await there(held => surveyArchive(archiveBytes(backup, signal), { directory: held, filter }, signal))
  if (filter !== undefined && filter.unmatched().length === include.length) {
    throw new ComebackError('not-found', `The backup ${backup.id} holds no file that matches ${include.join(', ')}.`, {
      hint: 'Patterns start where those of the backup did: uploads/2026, say. A name that begins with a dot must be written with its dot.',
    })
  }
  const none = { count: 0, names: [] }
  const lacking = place.way === 'swap' ? await there(held => existingFiles(held, signal, survey.brings)) : undefined
  if (place.way === 'merge') refused ??= conflictOf(survey, place.directory, overwrite)
  const foreign = lacking === undefined ? none : { count: lacking.files, names: lacking.names }
  return { place, survey, filter, lacking: foreign, refused }
}

async function inspectFolder(look: Look, options: FilesSinkOptions, signal: AbortSignal): Promise<FolderTarget> {
  const { place, survey, filter, lacking } = look
  // Without any name, one is asked for.
  const refused = look.refused ?? (options.confirm === undefined ? undefined : unconfirmed(look, options.confirm))
  const { conflicts, blocked } = survey
  const { directory, way } = place
  const replaced = options.overwrite ? conflicts.count - (way === 'merge' ? blocked.count : 0) : 0
  const names = conflicts.names.filter(name => way !== 'merge' || !blocked.names.includes(name))
  return folderTarget(directory, survey, {
    way,
    kept: way === 'swap' ? `${nameOf(directory)}.before-…, beside it` : `.comeback-before-…, in it`,
    needsConfirmation: lacking.count > 0,
    losses: [
      ...(replaced === 0 ? [] : [{ what: `${count(replaced, 'file')} as now there, replaced`, names }]),
      ...(lacking.count === 0
        ? []
        : [{ what: `${count(lacking.count, 'file')} that the backup lacks`, names: lacking.names }]),
    ],
    problems: [...(await willRepair(options.directory)), ...unmatchedProblems(filter)],
    refused,
    holds: await (place.stats?.isDirectory() === true
      ? holding(directory, held => existingFiles(held, signal))
      : existingFiles(directory, signal)),
  })
}

function unconfirmed(
  { place: { directory }, lacking: { count: number, names } }: Look,
  confirm: string | undefined,
): ComebackError | undefined {
  const name = nameOf(directory)
  if (number === 0 || confirm === name) return undefined
  const more = number > names.length ? ` and ${number - names.length} more` : ''
  const hint = `To have it become exactly what the backup holds, add --confirm ${name}; what it was is kept beside it. To replace single files in it, name them with --include.`
  const message =
    confirm === undefined
      ? `${directory} holds files that the backup lacks: ${names.join(', ')}${more}.`
      : `--confirm names ${JSON.stringify(confirm)}, but the folder that would be replaced is ${name}.`
  return new ComebackError(confirm === undefined ? 'not-empty' : 'usage', message, { hint })
}

function unmatchedProblems(filter: MemberFilter | undefined): readonly Problem[] {
  return (filter?.unmatched() ?? []).map(pattern => ({
    severity: 'warning',
    message: `The pattern ${pattern} names nothing in the backup.`,
    hint: 'Correct it, or drop it.',
  }))
}

function keptLines(kept: string | undefined): readonly string[] {
  if (kept === undefined) return []
  return [
    `What was replaced is kept in ${kept}`,
    `When it is not needed any more: comeback restore files --discard ${kept}`,
  ]
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
