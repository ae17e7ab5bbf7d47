/** Files as a Source: one tar stream, the same bytes for the same files. */

import type { SegmentWriter, Source, SourceResult } from '../engine/ports.ts'
import { ComebackError } from '../errors.ts'
import { gatherFileProblems } from './file-problems.ts'
import { packFiles } from './pack.ts'
import { selectPaths } from './selection.ts'
import { ARCHIVE_END } from './tar-writer.ts'
import { walkFiles } from './walk.ts'

export interface FilesSourceOptions {
  /** Where relative patterns start, an absolute path. */
  readonly root: string
  readonly include: readonly string[]
  readonly exclude: readonly string[]
}

/**
 * Throws `usage` for impossible patterns. Reading throws `not-found` if no pattern names anything; a pattern among others
 * that names nothing, and files that can't be read whole, are problems of the result.
 */
export function createFilesSource({ root, include, exclude }: FilesSourceOptions): Source {
  selectPaths(root, include, exclude)
  return {
    component: 'files',
    identity: `files ${root} ${JSON.stringify(include)}`,
    read: (out, signal) => readFiles(root, include, exclude, out, signal),
  }
}

async function readFiles(
  root: string,
  include: readonly string[],
  exclude: readonly string[],
  out: SegmentWriter,
  signal: AbortSignal,
): Promise<SourceResult> {
  const selection = selectPaths(root, include, exclude)
  const problems = gatherFileProblems()
  out.phase('Reading files')
  await out.segment({ name: 'files', group: '01-data', detail: { kind: 'tar' } }, archive())
  const unmatched = selection.unmatched().map(pattern => ({
    severity: 'warning' as const,
    message: `The pattern ${pattern} names nothing below ${root}.`,
    hint: 'Correct it, or drop it.',
  }))
  return {
    // Whether the paths in the archive start at the root, or at `/` because a pattern led out of it.
    detail: { kind: 'files', base: selection.base === '/' ? 'filesystem' : 'root' },
    problems: [...problems.list(), ...unmatched],
  }

  async function* archive(): AsyncGenerator<Uint8Array> {
    yield* packFiles(walkFiles(selection, problems, signal), path => path, problems, signal)
    if (selection.unmatched().length === include.length) {
      throw new ComebackError('not-found', `No file below ${root} matches ${include.join(', ')}.`, {
        hint: 'Patterns start at that folder. A name that begins with a dot must be written with its dot.',
      })
    }
    yield ARCHIVE_END
  }
}
