/**
 * Single files restored into a folder that keeps the rest of what it holds. All of them are made first, in a workplace inside of
 * that folder, then moved to their places one by one. What they replace is kept: a second name is given to it (a hard link), and
 * the new file is renamed over the first one, so that no name is ever without a file.
 *
 * That is many steps, so a journal says what they are. Whatever stops them, an error or the death of the process, they are
 * undone, by the same run or by the next.
 */
import { constants } from 'node:fs'
import { access, link, mkdir, rename, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { ComebackError } from '../errors.ts'
import { flush, makeDurable } from './durable.ts'
import { onDisk } from './file-name.ts'
import { createFlight } from './flight.ts'
import { holdingBelow, shownPath } from './held-folder.ts'
import { advanceJournal, journalState, readJournal, writeJournal } from './merge-journal.ts'
import { FORMER, settleMerge, undoMerge } from './merge-repair.ts'
import { presence } from './presence.ts'
import { makeFolder } from './target-folders.ts'
import type { UnpackedMember } from './unpack.ts'
import { type HeldWorkplace, inNewWorkplace, removeWorkplace } from './workplace.ts'
import { systemCode, writing } from './write-error.ts'

/** Files moved side by side. */
const IN_FLIGHT = 16

export interface MergeOptions {
  readonly target: string
  /** Whether files there may be replaced, and folders get the modes and times of the backup. */
  readonly overwrite: boolean
}

/**
 * `make` fills the folder whose path it gets and tells of each member. If anything fails, the target is as it was. Returns
 * where former versions are kept, if there are any.
 */
export async function mergeInto<Result>(
  { target, overwrite }: MergeOptions,
  make: (content: string, record: (member: UnpackedMember) => void) => Promise<Result>,
  signal: AbortSignal,
): Promise<{ readonly result: Result; readonly kept: string | undefined }> {
  return inNewWorkplace(target, 'inside', undefined, place => mergeWithin(place, { target, overwrite }, make, signal))
}

async function mergeWithin<Result>(
  place: HeldWorkplace,
  { target, overwrite }: MergeOptions,
  make: (content: string, record: (member: UnpackedMember) => void) => Promise<Result>,
  signal: AbortSignal,
): Promise<{ readonly result: Result; readonly kept: string | undefined }> {
  try {
    await writing(place.content, () => mkdir(place.content, 0o700))
    const journal = writeJournal(place.held)
    const folders = neededFolders()
    let result: Result
    let missing: readonly string[]
    try {
      if (overwrite) journal.add({ kind: 'overwrite' })
      result = await make(place.content, member => {
        journal.add(member)
        folders.add(member)
      })
      missing = await missingFolders(place.around, folders)
      for (const path of missing) journal.add({ kind: 'made', path })
    } finally {
      await journal.close()
    }
    await makeDurable(place.content, signal)
    signal.throwIfAborted()
    await advanceJournal(place.held, 'making', 'moving')
    for (const path of missing) {
      const mode = folders.declared.has(path) ? 0o700 : 0o777
      await inParent(place, target, path, to => makeFolder(to, mode))
    }
    await moveAll(place, { target, overwrite }, signal)
    for (const path of folders.all) await holdingBelow(place.around, path, folder => flush(folder))
    await advanceJournal(place.held, 'moving', 'done')
    return { result, kept: await settleMerge(place) }
  } catch (error) {
    await giveUp(place, target, error)
    throw error
  }
}

/** Nothing may be removed with the workplace that the target still lacks. */
async function giveUp(place: HeldWorkplace, target: string, error: unknown): Promise<void> {
  const state = await journalState(place.held)
  if (state === 'done') return
  try {
    if (state === 'moving') await undoMerge(place)
    await removeWorkplace(place)
  } catch (undoing) {
    const reason = undoing instanceof Error ? undoing.message : String(undoing)
    throw new ComebackError('failed', `The restore failed, and could not be undone in ${target}: ${reason}`, {
      hint: `Remove the cause and restore again: that undoes it first. What was replaced so far is in ${place.path}/${FORMER}.`,
      cause: error,
    })
  }
}

function neededFolders() {
  const all = new Set<string>()
  const declared = new Set<string>()
  /** Those that something other than a folder goes into. */
  const filled = new Set<string>()
  return {
    all,
    declared,
    filled,
    add({ path, kind }: UnpackedMember): void {
      const parent = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : ''
      if (kind === 'folder') declared.add(path)
      else filled.add(parent)
      for (let next = kind === 'folder' ? path : parent; next !== '' && !all.has(next); ) {
        all.add(next)
        next = next.includes('/') ? next.slice(0, next.lastIndexOf('/')) : ''
      }
    },
  }
}

/** From the top down. Throws for what would stop the moves halfway, as far as that shows. */
async function missingFolders(target: string, { all, filled }: ReturnType<typeof neededFolders>) {
  const device = (await stat(target)).dev
  const missing: string[] = []
  for (const path of [...all].sort()) {
    const folder = join(target, path)
    const stats = await presence(folder)
    if (stats === undefined) missing.push(path)
    else if (!stats.isDirectory()) throw inTheWay(shownPath(folder))
    else if (stats.dev !== device) {
      throw new ComebackError('unsupported', `${shownPath(folder)} is on another disk than ${shownPath(target)}.`, {
        hint: 'Files are moved into place in one step, which needs one disk. Restore into a new folder and copy from there.',
      })
    } else if (filled.has(path)) await writing(folder, () => access(onDisk(folder), constants.W_OK | constants.X_OK))
  }
  return missing
}

async function moveAll(place: HeldWorkplace, options: MergeOptions, signal: AbortSignal): Promise<void> {
  const flight = createFlight(IN_FLIGHT)
  try {
    for await (const entry of readJournal(place.held, 'moving')) {
      signal.throwIfAborted()
      if (entry.kind === 'file' || entry.kind === 'link') await flight.add(move(place, entry, options))
    }
    await flight.settle()
  } finally {
    await flight.land()
  }
}

async function move(
  place: HeldWorkplace,
  { path }: UnpackedMember,
  { target, overwrite }: MergeOptions,
): Promise<void> {
  const from = join(place.content, path)
  const shown = join(target, path)
  await inParent(place, target, path, async to => {
    const there = await presence(to)
    if (there === undefined) return await moveToNothing(from, to)
    if (there.isDirectory() || !overwrite) throw inTheWay(shown)
    const former = join(place.held, FORMER, path)
    await mkdir(onDisk(dirname(former)), { recursive: true, mode: 0o700 })
    if (!there.isFile() || !(await linked(to, former))) await rename(onDisk(to), onDisk(former))
    await rename(onDisk(from), onDisk(to))
  })
}

/** `run` gets a path in the very folder that stands there now. What stands in a folder's place, a link too, is in the way. */
async function inParent<T>(
  place: HeldWorkplace,
  target: string,
  path: string,
  run: (to: string) => Promise<T>,
): Promise<T> {
  const [parent, name] = [dirname(path), basename(path)]
  const above = parent === '.' ? '' : parent
  let reached = false
  try {
    return await holdingBelow(place.around, above, folder => {
      reached = true
      return writing(join(target, path), () => run(join(folder, name)))
    })
  } catch (error) {
    if (reached || !['ENOTDIR', 'ENOENT', 'ELOOP'].includes(systemCode(error) ?? '')) throw error
    throw inTheWay(join(target, above))
  }
}

/** A rename would go over what somebody has put there in the meantime; a hard link does not. */
async function moveToNothing(from: string, to: string): Promise<void> {
  if (await linked(from, to)) await unlink(onDisk(from))
  else await rename(onDisk(from), onDisk(to))
}

/** False where the file system, or a rule about others' files, has no hard links. */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(onDisk(from), onDisk(to))
    return true
  } catch (error) {
    if (['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(systemCode(error) ?? '')) return false
    throw error
  }
}

function inTheWay(path: string): ComebackError {
  return new ComebackError('not-empty', `${path} has come into the way of the restore.`, {
    hint: 'The target is as it was. Restore when nothing else writes there.',
  })
}
