/** What a look at a folder found, as the plan of a restore shows it. */
import type { FolderTarget, Problem } from '../engine/ports.ts'
import type { ComebackError } from '../errors.ts'
import type { ArchiveSurvey } from './inspect.ts'
import { leftOutProblems } from './left-out.ts'

interface Found extends Pick<FolderTarget, 'way' | 'losses'> {
  readonly holds: FolderTarget['holds']
  /** Where what is lost to the folder is kept. */
  readonly kept?: string
  readonly needsConfirmation?: boolean
  readonly problems?: readonly Problem[]
  readonly refused: ComebackError | undefined
}

export function folderTarget(
  place: string,
  { files, folders, links, bytes, leftOut, taken }: ArchiveSurvey,
  { way, kept, needsConfirmation = false, losses, holds, problems = [], refused }: Found,
): FolderTarget {
  return {
    kind: 'folder',
    place,
    way,
    brings: { files, folders, links, bytes },
    holds: { files: holds.files, more: holds.more },
    losses,
    needsConfirmation,
    ...(way === 'merge' ? { replaced: taken } : {}),
    ...(losses.length > 0 && kept !== undefined ? { kept } : {}),
    problems: [...leftOutProblems({ leftOut }, true), ...problems],
    ...(refused === undefined ? {} : { refusal: { code: refused.code, message: refused.message, hint: refused.hint } }),
  }
}
