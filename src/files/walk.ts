/**
 * The files that a selection means, in a fixed order: folder before content, names in a folder by their bytes. So two
 * backups of the same files are the same stream.
 *
 * Symbolic links are kept as links, except those that a pattern spells out: whoever writes `uploads` means the files,
 * even where `uploads` is a link to another disk.
 */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ComebackError } from '../errors.ts'
import { nameToBytes, onDisk } from './file-name.ts'
import type { FileProblems } from './file-problems.ts'
import { type FolderEntry, folderEntries } from './folder-entries.ts'
import { type SharedFolder, shareFolder } from './held-folder.ts'
import type { Selection } from './selection.ts'

/**
 * Bytes of a path. The system takes 4,096 at a time, and a restore writes below a folder of its own; as each folder is held while
 * it is read, longer ones would be found.
 */
const LONGEST = 4000

export interface FoundFile {
  /** Below the selection's base, joined by `/`. */
  readonly path: string
  /** To be asked for before the next one is; then it holds its folder for as long as `run` takes. */
  at<T>(run: (absolute: string) => Promise<T>): Promise<T>
  readonly kind: 'file' | 'folder' | 'link'
  /** A link that stands for what it points at. */
  readonly followed: boolean
}

interface Frame {
  readonly folder: FoundFile
  readonly held: SharedFolder | undefined
  readonly entries: readonly FolderEntry[]
  next: number
  /** Everything below is meant. */
  readonly whole: boolean
  /** Whether the folder itself has been yielded, which it must be before anything in it. */
  yielded: boolean
}

export async function* walkFiles(
  selection: Selection,
  problems: FileProblems,
  signal: AbortSignal,
): AsyncGenerator<FoundFile> {
  const frames: Frame[] = [await openBase(selection)]
  try {
    for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
      signal.throwIfAborted()
      const entry = frame.entries[frame.next++]
      if (entry === undefined) {
        frames.pop()
        await frame.held?.release()
        continue
      }
      const path = frame.folder.path === '' ? entry.name : `${frame.folder.path}/${entry.name}`
      if (selection.excludes(path)) continue
      const whole = selection.includes(path) || frame.whole
      if (entry.kind === 'special') {
        if (whole) problems.add('special', path)
        continue
      }
      // No character has more than three bytes for each of its units.
      if (3 * path.length > LONGEST && nameToBytes(path).length > LONGEST) {
        if (whole) problems.add('unreachable', path)
        continue
      }
      const found = await follow({ ...entry, kind: entry.kind, path }, frame.held, selection, problems)
      if (whole) {
        for (const each of frames) {
          if (!each.yielded) yield each.folder
          each.yielded = true
        }
        yield found
      }
      if (found.kind === 'folder' && (whole || selection.mayHold(path))) {
        frames.push({ folder: found, ...(await readFolder(found, problems)), next: 0, whole, yielded: whole })
      }
    }
  } finally {
    for (const { held } of frames) await held?.release()
  }
}

async function openBase(selection: Selection): Promise<Frame> {
  // The base itself has no entry: it is whatever folder the files are restored into.
  const folder: FoundFile = { path: '', kind: 'folder', followed: true, at: run => run(selection.base) }
  try {
    return { folder, ...(await openFolder(folder)), next: 0, whole: selection.includes(''), yielded: true }
  } catch (error) {
    const code = isGone(error) ? 'not-found' : 'permission'
    throw new ComebackError(code, `Could not read the folder ${selection.base}: ${systemReason(error)}.`, {
      hint: 'Run this where the files are, as a user that may read them.',
      cause: error,
    })
  }
}

async function readFolder(folder: FoundFile, problems: FileProblems): Promise<Pick<Frame, 'held' | 'entries'>> {
  try {
    return await openFolder(folder)
  } catch (error) {
    problems.add(isGone(error) ? 'vanished' : 'unreadable', folder.path, systemReason(error))
    return { held: undefined, entries: [] }
  }
}

/** Whoever owns a folder may put a link in its place at any moment, so each is entered from the one above, and held. */
async function openFolder({ at, followed }: FoundFile): Promise<Pick<Frame, 'held' | 'entries'>> {
  const held = await at(absolute => shareFolder(absolute, followed))
  try {
    return { held, entries: await folderEntries(held.path) }
  } catch (error) {
    await held.release()
    throw error
  }
}

async function follow(
  { name, path, kind }: { readonly name: string; readonly path: string; readonly kind: FoundFile['kind'] },
  held: SharedFolder | undefined,
  selection: Selection,
  problems: FileProblems,
): Promise<FoundFile> {
  const absolute = join(held?.path ?? selection.base, name)
  const at: FoundFile['at'] = run => (held === undefined ? run(absolute) : held.use(() => run(absolute)))
  if (kind !== 'link' || !selection.spells(path)) return { path, at, kind, followed: false }
  try {
    const target = await stat(onDisk(absolute))
    if (target.isDirectory()) return { path, at, kind: 'folder', followed: true }
    if (target.isFile()) return { path, at, kind: 'file', followed: true }
  } catch (error) {
    problems.add('dangling', path, systemReason(error))
  }
  return { path, at, kind, followed: false }
}

export function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
}

/** `EACCES: permission denied`, without the call and the path. */
export function systemReason(error: unknown): string {
  return error instanceof Error ? error.message.replace(/, [a-z]+( '.*)?$/s, '') : String(error)
}
