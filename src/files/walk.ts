/**
 * The files that a selection means, in a fixed order: folder before content, names in a folder by their bytes. So two
 * backups of the same files are the same stream.
 *
 * Symbolic links are kept as links, except those that a pattern spells out: whoever writes `uploads` means the files,
 * even where `uploads` is a link to another disk.
 */
import { isUtf8 } from 'node:buffer'
import type { Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ComebackError } from '../errors.ts'
import type { FileProblems } from './file-problems.ts'
import type { Selection } from './selection.ts'

export interface FoundFile {
  /** Below the selection's base, joined by `/`. */
  readonly path: string
  readonly absolute: string
  readonly kind: 'file' | 'folder' | 'link'
  /** A link that stands for what it points at. */
  readonly followed: boolean
}

interface Frame {
  readonly folder: FoundFile
  readonly entries: readonly Entry[]
  next: number
  /** Everything below is meant. */
  readonly whole: boolean
  /** Whether the folder itself has been yielded, which it must be before anything in it. */
  yielded: boolean
}

interface Entry {
  readonly name: string
  readonly kind: FoundFile['kind'] | 'special'
}

export async function* walkFiles(
  selection: Selection,
  problems: FileProblems,
  signal: AbortSignal,
): AsyncGenerator<FoundFile> {
  const base: FoundFile = { path: '', absolute: selection.base, kind: 'folder', followed: false }
  const frames: Frame[] = [await openBase(base, selection, problems)]
  for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
    signal.throwIfAborted()
    const entry = frame.entries[frame.next++]
    if (entry === undefined) {
      frames.pop()
      continue
    }
    const path = frame.folder.path === '' ? entry.name : `${frame.folder.path}/${entry.name}`
    if (selection.excludes(path)) continue
    const whole = selection.includes(path) || frame.whole
    if (entry.kind === 'special') {
      if (whole) problems.add('special', path)
      continue
    }
    const absolute = join(frame.folder.absolute, entry.name)
    const found = await follow({ path, absolute, kind: entry.kind }, selection, problems)
    if (whole) {
      for (const each of frames) {
        if (!each.yielded) yield each.folder
        each.yielded = true
      }
      yield found
    }
    if (found.kind === 'folder' && (whole || selection.mayHold(path))) {
      const entries = await readFolder(found, problems)
      frames.push({ folder: found, entries, next: 0, whole, yielded: whole })
    }
  }
}

async function openBase(folder: FoundFile, selection: Selection, problems: FileProblems): Promise<Frame> {
  try {
    // The base itself has no entry: it is whatever folder the files are restored into.
    const entries = await readEntries(folder, problems)
    return { folder, entries, next: 0, whole: selection.includes(''), yielded: true }
  } catch (error) {
    const code = isGone(error) ? 'not-found' : 'permission'
    throw new ComebackError(code, `Could not read the folder ${folder.absolute}: ${systemReason(error)}.`, {
      hint: 'Run this where the files are, as a user that may read them.',
      cause: error,
    })
  }
}

async function readFolder(folder: FoundFile, problems: FileProblems): Promise<readonly Entry[]> {
  try {
    return await readEntries(folder, problems)
  } catch (error) {
    problems.add(isGone(error) ? 'vanished' : 'unreadable', folder.path, systemReason(error))
    return []
  }
}

async function readEntries(folder: FoundFile, problems: FileProblems): Promise<readonly Entry[]> {
  const entries: Entry[] = []
  const found = await readdir(folder.absolute, { withFileTypes: true, encoding: 'buffer' })
  for (const entry of found.sort((a, b) => Buffer.compare(a.name, b.name))) {
    const name = entry.name.toString()
    if (isUtf8(entry.name)) entries.push({ name, kind: kindOf(entry) })
    else problems.add('unnameable', folder.path === '' ? name : `${folder.path}/${name}`)
  }
  return entries
}

async function follow(
  found: { readonly path: string; readonly absolute: string; readonly kind: FoundFile['kind'] },
  selection: Selection,
  problems: FileProblems,
): Promise<FoundFile> {
  const { path, absolute, kind } = found
  if (kind !== 'link' || !selection.spells(path)) return { path, absolute, kind, followed: false }
  try {
    const target = await stat(absolute)
    if (target.isDirectory()) return { path, absolute, kind: 'folder', followed: true }
    if (target.isFile()) return { path, absolute, kind: 'file', followed: true }
  } catch (error) {
    problems.add('dangling', path, systemReason(error))
  }
  return { path, absolute, kind, followed: false }
}

function kindOf(entry: Dirent<Buffer>): Entry['kind'] {
  if (entry.isFile()) return 'file'
  if (entry.isDirectory()) return 'folder'
  return entry.isSymbolicLink() ? 'link' : 'special'
}

export function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
}

/** `EACCES: permission denied`, without the call and the path. */
export function systemReason(error: unknown): string {
  return error instanceof Error ? error.message.replace(/, [a-z]+( '.*)?$/s, '') : String(error)
}
