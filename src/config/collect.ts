/** Configuration as a Source: chosen files and environment variables in one tar stream, the same bytes for the same content. */
import { resolve } from 'node:path'
import type { Problem, SegmentWriter, Source, SourceResult } from '../engine/ports.ts'
import { ComebackError } from '../errors.ts'
import { gatherFileProblems } from '../files/file-problems.ts'
import { packFiles } from '../files/pack.ts'
import { selectPaths } from '../files/selection.ts'
import { ARCHIVE_END, encodeTarHead, tarPadding } from '../files/tar-writer.ts'
import { walkFiles } from '../files/walk.ts'
import { formatEnvironment, type SelectedVariables, selectVariables } from './environment.ts'
import { ENVIRONMENT_FILE, ROOT_FOLDER, SYSTEM_FOLDER } from './layout.ts'

export interface ConfigSourceOptions {
  /** Where relative patterns start, an absolute path. */
  readonly root: string
  /** Paths and globs, absolute ones too. */
  readonly files: readonly string[]
  /** Names and globs of variables. */
  readonly env: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
}

/**
 * Throws `usage` for impossible patterns. Reading throws `not-found` if nothing that was named is there; a pattern among
 * others that names nothing is a problem of the result.
 */
export function createConfigSource(options: ConfigSourceOptions): Source {
  const { root, files, env, environment } = options
  selectFiles(root, files)
  selectVariables(env, environment)
  return {
    component: 'config',
    identity: `config ${root} ${JSON.stringify(files)} ${JSON.stringify(env)}`,
    read: (out, signal) => readConfig(options, out, signal),
  }
}

async function readConfig(
  { root, files, env, environment }: ConfigSourceOptions,
  out: SegmentWriter,
  signal: AbortSignal,
): Promise<SourceResult> {
  const selected = selectVariables(env, environment)
  const selections = selectFiles(root, files)
  const problems = gatherFileProblems()
  out.phase('Reading configuration')
  await out.segment({ name: 'config', group: '01-data', detail: { kind: 'tar' } }, archive())
  return {
    detail: { kind: 'config', env: [...env] },
    problems: [...problems.list(), ...selectionProblems(selected, unmatched(), root)],
  }

  function unmatched(): readonly string[] {
    return selections.flatMap(({ selection }) => selection.unmatched())
  }

  async function* archive(): AsyncGenerator<Uint8Array> {
    if (selected.variables.size > 0) yield environmentEntry(selected)
    for (const { folder, selection } of selections) {
      yield* packFiles(walkFiles(selection, problems, signal), path => `${folder}/${path}`, problems, signal)
    }
    if (selected.variables.size === 0 && unmatched().length === files.length) {
      throw new ComebackError('not-found', `None of ${[...files, ...env].join(', ')} is there to be backed up.`, {
        hint: `Files are looked for in ${root}. In a workflow, variables must be handed to the step under "env:".`,
      })
    }
    yield ARCHIVE_END
  }
}

/** What lies below the root, and what lies elsewhere, each with the folder that it has in the archive. */
function selectFiles(root: string, files: readonly string[]) {
  const isBelow = (pattern: string) => selectPaths(root, [pattern], []).base === resolve(root)
  const places = [
    { folder: ROOT_FOLDER, patterns: files.filter(isBelow) },
    { folder: SYSTEM_FOLDER, patterns: files.filter(pattern => !isBelow(pattern)) },
  ]
  return places
    .filter(({ patterns }) => patterns.length > 0)
    .map(({ folder, patterns }) => ({ folder, selection: selectPaths(root, patterns, []) }))
}

function environmentEntry({ variables }: SelectedVariables): Buffer {
  const content = Buffer.from(formatEnvironment(variables))
  const size = content.length
  const head = encodeTarHead({ path: ENVIRONMENT_FILE, kind: 'file', mode: 0o600, mtime: 0, size })
  return Buffer.concat([head, content, Buffer.alloc(tarPadding(size))])
}

function selectionProblems(
  { unmatched, unnameable }: SelectedVariables,
  files: readonly string[],
  root: string,
): readonly Problem[] {
  const severity = 'warning' as const
  return [
    ...files.map(pattern => ({
      severity,
      message: `The pattern ${pattern} names no file below ${root}.`,
      hint: 'Correct it, or drop it.',
    })),
    ...unmatched.map(pattern => ({
      severity,
      message: `No environment variable named ${pattern} is set.`,
      hint: 'Correct the name, or drop it. In a workflow, variables must be handed to the step under "env:".',
    })),
    ...unnameable.map(name => ({
      severity: 'partial' as const,
      message: `The environment variable ${JSON.stringify(name)} has a name that no shell can set, and is not in the backup.`,
    })),
  ]
}
