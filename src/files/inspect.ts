/**
 * The first of two readings of an archive: is it harmless, and does its place take it? Only when all of it has been seen is
 * anything written, so a refused restore leaves everything as it was.
 */
import { join } from 'node:path'
import { ComebackError } from '../errors.ts'
import { checkMembers, type LeftOut, staysInside } from './member.ts'
import type { MemberFilter } from './member-filter.ts'
import { presence } from './presence.ts'
import { readTar, type TarEntry } from './tar-reader.ts'

/** In an error message; the rest is counted. */
const NAMED = 5
/** Of what stands in the way: more would make a slow search of patterns. */
const MOST_PATHS = 200

export interface ArchiveSurvey {
  readonly files: number
  readonly folders: number
  readonly links: number
  /** Of the files. */
  readonly bytes: number
  readonly leftOut: readonly LeftOut[]
  /** What stands in the folder where entries go. */
  readonly conflicts: Conflicts
  /** Of these, what is never replaced: folders in the place of files, files and links in the place of folders. */
  readonly blocked: Conflicts
  /** Paths that hold all that stands in the way: its own, or, of many, the folders at the top. */
  readonly taken: readonly string[]
  /** Whether a file or a link of that path is among them. */
  readonly brings: (path: string) => boolean
}

/** Of an archive that is read for the first time as it is written. */
export const NOTHING_YET: ArchiveSurvey = {
  files: 0,
  folders: 0,
  links: 0,
  bytes: 0,
  leftOut: [],
  conflicts: { count: 0, names: [] },
  blocked: { count: 0, names: [] },
  taken: [],
  brings: () => false,
}

export interface SurveyOptions {
  /** What stands there is compared. */
  readonly directory: string
  /** Which members are wanted; all of them without it. */
  readonly filter?: MemberFilter | undefined
}

interface Conflicts {
  readonly count: number
  /** The first few. */
  readonly names: readonly string[]
}

/** What the archive holds, and what is in its way. Throws `unsafe-archive` or `damaged`. */
export async function surveyArchive(
  archive: AsyncIterable<Uint8Array>,
  { directory, filter }: SurveyOptions,
  signal: AbortSignal,
): Promise<ArchiveSurvey> {
  const members = checkMembers()
  const place = examine(directory)
  const brought = new Set<string>()
  const passed: string[] = []
  const leftOut: LeftOut[] = []
  const counts = { files: 0, folders: 0, links: 0, bytes: 0 }
  for await (const entry of readTar(archive)) {
    signal.throwIfAborted()
    const parts = members.check(entry)
    if (parts === undefined) continue
    const { kind, target, size } = entry
    if (filter?.takes(parts, entry) === false) {
      if (kind === 'folder') passed.push(parts.join('/'))
      continue
    }
    if (kind === 'link' && !staysInside(parts, target)) {
      leftOut.push({ path: parts.join('/'), target })
      continue
    }
    if (kind !== 'folder') brought.add(parts.join('/'))
    if (kind === 'folder') counts.folders++
    else if (kind === 'link') counts.links++
    else {
      counts.files++
      counts.bytes += size
    }
    await place.check(parts, kind)
  }
  leftOut.push(...members.reserved().map(path => ({ path })))
  counts.folders += passed.filter(folder => filter?.needs(folder) === true).length
  const { conflicts, blocked } = place
  return { ...counts, leftOut, conflicts, blocked, taken: place.taken(), brings: path => brought.has(path) }
}

/** Why the folder can't take the archive, if so. */
export function conflictOf(
  { conflicts, blocked }: ArchiveSurvey,
  directory: string,
  overwrite: boolean,
): ComebackError | undefined {
  const { count, names } = overwrite ? blocked : conflicts
  if (count === 0) return undefined
  const more = count > names.length ? ` and ${count - names.length} more` : ''
  return new ComebackError('not-empty', `${directory} already holds ${names.join(', ')}${more}.`, {
    hint:
      blocked.count > 0
        ? 'Folders, and links in the place of folders, are never replaced. Move them away or restore into another folder.'
        : 'Nothing was changed. Restore into another folder, or replace what is there with --overwrite.',
  })
}

function examine(directory: string) {
  const conflicts = { count: 0, names: [] as string[] }
  const blocked = { count: 0, names: [] as string[] }
  const taken = new Set<string>()
  const tops = new Set<string>()
  /** What is known of folders: there, or not, so that nothing below them is there either. */
  const known = new Map<string, 'there' | 'missing' | 'blocked'>()

  function conflict(path: string, replaceable: boolean): void {
    if (taken.size <= MOST_PATHS) taken.add(path)
    tops.add(path.split('/', 1).join(''))
    for (const found of replaceable ? [conflicts] : [conflicts, blocked]) {
      found.count++
      if (found.names.length < NAMED) found.names.push(path)
    }
  }

  async function folder(parts: readonly string[]): Promise<'there' | 'missing' | 'blocked'> {
    if (parts.length === 0) return 'there'
    const path = parts.join('/')
    const before = known.get(path)
    if (before !== undefined) return before
    let state = await folder(parts.slice(0, -1))
    if (state === 'there') {
      const stats = await presence(join(directory, path))
      state = stats === undefined ? 'missing' : stats.isDirectory() ? 'there' : 'blocked'
      if (state === 'blocked') conflict(path, false)
    }
    known.set(path, state)
    return state
  }

  return {
    conflicts,
    blocked,
    taken: () => [...(taken.size <= MOST_PATHS ? taken : tops)],
    async check(parts: readonly string[], kind: TarEntry['kind']): Promise<void> {
      if (kind === 'folder') {
        await folder(parts)
        return
      }
      if ((await folder(parts.slice(0, -1))) !== 'there') return
      const stats = await presence(join(directory, ...parts))
      if (stats !== undefined) conflict(parts.join('/'), !stats.isDirectory())
    },
  }
}
