/**
 * The end of a merge, whichever it is: settled after the last move, or undone. Both may be done again from wherever they were
 * stopped. A file that was written to since it was moved to its place is no longer the one that the journal knows: undoing
 * leaves it as it is, and what it replaced stays in the kept folder.
 */
import { rename, rmdir, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { journalState, readJournal } from './merge-journal.ts'
import { isOwnFolder, presence } from './presence.ts'
import { settleFolder } from './target-folders.ts'
import type { UnpackedMember } from './unpack.ts'
import { type Leftover, removeWorkplace, stillRunning, type Workplace } from './workplace.ts'
import { systemCode, writing } from './write-error.ts'

/** In the workplace: former versions, until all is done. */
export const FORMER = 'former'

/** After an interrupted restore. Returns what was done, for people. */
export async function repairInside(leftover: Leftover): Promise<string> {
  const { path, target, kept, process } = leftover
  if (process !== undefined) throw stillRunning(leftover)
  switch (await journalState(path)) {
    case 'making':
      await removeWorkplace(leftover)
      return `An earlier restore was interrupted; what it left in ${path} was removed.`
    case 'moving': {
      const left = await undoMerge(leftover, target)
      await removeWorkplace(leftover)
      const rest = left === 0 ? '' : ` ${left} of them were written to since and stay; what stood there is in ${kept}.`
      return `An earlier restore was interrupted as it placed files in ${target}; it was undone.${rest}`
    }
    case 'done': {
      const former = await settleMerge(leftover, target)
      const rest = former === undefined ? '' : `; what it replaced is in ${former}`
      return `An earlier restore into ${target} was complete, but not yet cleaned up after${rest}.`
    }
  }
}

/** Modes and times of folders, and the workplace's end. Returns where former versions are kept, if there are any. */
export async function settleMerge(place: Workplace, target: string): Promise<string | undefined> {
  const made = new Set<string>()
  const declared: UnpackedMember[] = []
  let overwrite = false
  for await (const entry of readJournal(place.path, 'done')) {
    if (entry.kind === 'overwrite') overwrite = true
    else if (entry.kind === 'made') made.add(entry.path)
    else if (entry.kind === 'folder') declared.push(entry)
  }
  const isProper = properFolders(target)
  for (const { path, mode, mtime } of declared.reverse()) {
    if (!(await isProper(path))) continue
    const stats = await presence(join(target, path))
    const may = made.has(path) || (overwrite && (isOwnFolder(stats) || process.geteuid?.() === 0))
    if (may && mode !== undefined && stats?.isDirectory() === true) {
      await settleFolder(join(target, path), mode, new Date(mtime))
    }
  }
  await keepFormer(place)
  await removeWorkplace(place)
  return (await presence(place.kept)) === undefined ? undefined : place.kept
}

/** Returns how many files were left as they are, because they are no longer those that were moved there. */
export async function undoMerge(place: Workplace, target: string): Promise<number> {
  const made: string[] = []
  const isProper = properFolders(target)
  let left = 0
  for await (const entry of readJournal(place.path, 'moving')) {
    if (entry.kind === 'made') made.push(entry.path)
    else if (entry.kind === 'file' || entry.kind === 'link') {
      const to = join(target, entry.path)
      // Nothing goes through a link that has taken the place of a folder.
      const proper = await isProper(parentOf(entry.path))
      if (!(await writing(to, () => undoMove(place, entry, to, proper)))) left++
    }
  }
  for (const path of made.sort().reverse()) if (await isProper(path)) await removeIfEmpty(join(target, path))
  if (left > 0) await keepFormer(place)
  return left
}

/** False if what it replaced could not be put back. */
async function undoMove(place: Workplace, entry: UnpackedMember, to: string, proper: boolean): Promise<boolean> {
  const [from, former] = [join(place.content, entry.path), join(place.path, FORMER, entry.path)]
  const [staged, before] = [await presence(from), await presence(former)]
  if (!proper) return before === undefined
  const there = await presence(to)
  if (there === undefined) {
    if (before !== undefined) await rename(former, to)
    return true
  }
  const isMoved =
    staged === undefined
      ? there.ino === entry.ino && there.mtimeMs === entry.mtime && there.size === entry.size
      : there.ino === staged.ino
  if (isMoved) await (before === undefined ? unlink(to) : rename(former, to))
  else if (before !== undefined && before.ino === there.ino) await unlink(former)
  else return before === undefined
  return true
}

/** Whether a path below the target is a folder, and so is every one on the way there. */
function properFolders(target: string): (path: string) => Promise<boolean> {
  const known = new Map<string, boolean>()
  return async function isProper(path): Promise<boolean> {
    if (path === '') return true
    const before = known.get(path)
    if (before !== undefined) return before
    const proper = (await isProper(parentOf(path))) && (await presence(join(target, path)))?.isDirectory() === true
    known.set(path, proper)
    return proper
  }
}

function parentOf(path: string): string {
  const parent = dirname(path)
  return parent === '.' ? '' : parent
}

async function keepFormer({ path, kept }: Workplace): Promise<void> {
  const former = join(path, FORMER)
  if ((await presence(former)) !== undefined) await writing(kept, () => rename(former, kept))
}

async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder)
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) throw error
  }
}
