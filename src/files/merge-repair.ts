/**
 * The end of a merge, whichever it is: settled after the last move, or undone. Both may be done again from wherever they were
 * stopped. A file that was written to since it was moved to its place is no longer the one that the journal knows: undoing
 * leaves it as it is, and what it replaced stays in the kept folder.
 */
import { rename, rmdir, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { onDisk } from './file-name.ts'
import { holdingBelow } from './held-folder.ts'
import { journalState, readJournal } from './merge-journal.ts'
import { isOwnFolder, presence } from './presence.ts'
import type { Owner } from './tar-writer.ts'
import { settleFolder } from './target-folders.ts'
import type { UnpackedMember } from './unpack.ts'
import { type HeldWorkplace, holdingWorkplace, type Leftover, removeWorkplace, stillRunning } from './workplace.ts'
import { systemCode, writing } from './write-error.ts'

/** In the workplace: former versions, until all is done. */
export const FORMER = 'former'

/** After an interrupted restore. Returns what was done, for people. */
export async function repairInside(leftover: Leftover): Promise<string> {
  const { path, target, kept, process } = leftover
  if (process !== undefined) throw stillRunning(leftover)
  return holdingWorkplace(leftover, place => repairHeld(place, { path, target, kept }))
}

async function repairHeld(
  place: HeldWorkplace,
  { path, target, kept }: Pick<Leftover, 'path' | 'target' | 'kept'>,
): Promise<string> {
  switch (await journalState(place.held)) {
    case 'making':
      await removeWorkplace(place)
      return `An earlier restore was interrupted; what it left in ${path} was removed.`
    case 'moving': {
      const left = await undoMerge(place)
      await removeWorkplace(place)
      const rest = left === 0 ? '' : ` ${left} of them were written to since and stay; what stood there is in ${kept}.`
      return `An earlier restore was interrupted as it placed files in ${target}; it was undone.${rest}`
    }
    case 'done': {
      const former = await settleMerge(place)
      const rest = former === undefined ? '' : `; what it replaced is in ${former}`
      return `An earlier restore into ${target} was complete, but not yet cleaned up after${rest}.`
    }
  }
}

/** Modes and times of folders, and the workplace's end. Returns where former versions are kept, if there are any. */
export async function settleMerge(place: HeldWorkplace): Promise<string | undefined> {
  const made = new Set<string>()
  const declared: UnpackedMember[] = []
  let overwrite = false
  for await (const entry of readJournal(place.held, 'done')) {
    if (entry.kind === 'overwrite') overwrite = true
    else if (entry.kind === 'made') made.add(entry.path)
    else if (entry.kind === 'folder') declared.push(entry)
  }
  for (const { path, mode, mtime, uid, gid } of declared.reverse()) {
    await reaching(place, path, async folder => {
      const stats = await stat(folder)
      const may = made.has(path) || (overwrite && (isOwnFolder(stats) || process.geteuid?.() === 0))
      if (may && mode !== undefined)
        await settleFolder(folder, { mode, mtime: new Date(mtime), owner: ownerOf(uid, gid) })
    })
  }
  await keepFormer(place)
  await removeWorkplace(place)
  return (await presence(keptIn(place))) === undefined ? undefined : place.kept
}

function ownerOf(uid: number | undefined, gid: number | undefined): Owner | undefined {
  return uid === undefined || gid === undefined ? undefined : { uid, gid }
}

/** Returns how many files were left as they are, because they are no longer those that were moved there. */
export async function undoMerge(place: HeldWorkplace): Promise<number> {
  const made: string[] = []
  let left = 0
  for await (const entry of readJournal(place.held, 'moving')) {
    if (entry.kind === 'made') made.push(entry.path)
    else if (entry.kind === 'file' || entry.kind === 'link') {
      // Nothing goes through a link that has taken the place of a folder.
      const undone = await reaching(place, parentOf(entry.path), folder => {
        const to = join(folder, basename(entry.path))
        return writing(to, () => undoMove(place, entry, to))
      })
      if (!(undone ?? (await presence(join(place.held, FORMER, entry.path))) === undefined)) left++
    }
  }
  for (const path of made.sort().reverse()) {
    await reaching(place, parentOf(path), folder => removeIfEmpty(join(folder, basename(path))))
  }
  if (left > 0) await keepFormer(place)
  return left
}

/** False if what it replaced could not be put back. */
async function undoMove(place: HeldWorkplace, entry: UnpackedMember, to: string): Promise<boolean> {
  const [from, former] = [join(place.content, entry.path), join(place.held, FORMER, entry.path)]
  const [staged, before] = [await presence(from), await presence(former)]
  const there = await presence(to)
  if (there === undefined) {
    if (before !== undefined) await rename(onDisk(former), onDisk(to))
    return true
  }
  const isMoved =
    staged === undefined
      ? there.ino === entry.ino && there.mtimeMs === entry.mtime && there.size === entry.size
      : there.ino === staged.ino
  if (isMoved) await (before === undefined ? unlink(onDisk(to)) : rename(onDisk(former), onDisk(to)))
  else if (before !== undefined && before.ino === there.ino) await unlink(onDisk(former))
  else return before === undefined
  return true
}

/** Undefined where there is no such folder below the target, or a link on the way to it. */
async function reaching<T>(
  { around }: HeldWorkplace,
  path: string,
  run: (folder: string) => Promise<T>,
): Promise<T | undefined> {
  let reached = false
  try {
    return await holdingBelow(around, path, folder => {
      reached = true
      return run(folder)
    })
  } catch (error) {
    if (reached || !['ENOTDIR', 'ENOENT', 'ELOOP'].includes(systemCode(error) ?? '')) throw error
    return undefined
  }
}

function parentOf(path: string): string {
  const parent = dirname(path)
  return parent === '.' ? '' : parent
}

async function keepFormer(place: HeldWorkplace): Promise<void> {
  const former = join(place.held, FORMER)
  if ((await presence(former)) !== undefined) await writing(place.kept, () => rename(former, keptIn(place)))
}

function keptIn({ around, kept }: HeldWorkplace): string {
  return join(around, basename(kept))
}

async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await rmdir(onDisk(folder))
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) throw error
  }
}
