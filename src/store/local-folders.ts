/** Folders of a local store: made durably, read without following links, swept of what killed processes left. */
import { constants, type Stats } from 'node:fs'
import { lstat, mkdir, open, readdir, rmdir, unlink, writeFile } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { ComebackError } from '../errors.ts'
import { makeFolder } from '../make-folder.ts'
import { attempting, tolerating } from './local-error.ts'
import { isObjectName } from './object-name.ts'

/** Begins the names of unfinished files; no object's name begins with a dot. */
export const UNFINISHED = '.comeback-'

const IGNORE = '.gitignore'
/** Why a folder stays: something is in it, or it is gone already. */
const IN_USE = ['ENOTEMPTY', 'EEXIST', 'ENOENT']
const FOLDER_MODE = 0o700

export interface FolderEntry {
  readonly name: string
  readonly isFolder: boolean
}

/**
 * The parts' folders below the root, and the root itself. Each is durable before anything is put into it. Returns the outermost
 * folder that had to be made for the root.
 */
export async function makeFolders(root: string, parts: readonly string[]): Promise<string | undefined> {
  let first: string | undefined
  const made = await tolerating(['EEXIST'], async () => {
    first = await makeFolder(root, FOLDER_MODE)
  })
  if (!made) throw inTheWay(root)
  if (first !== undefined) {
    // Backups belong into no repository, even where the folder of one lies in it.
    await writeFile(join(root, IGNORE), '*\n', { mode: 0o600 })
    for (let folder = root; folder.length >= first.length; folder = dirname(folder)) await flushFolder(dirname(folder))
  }
  for (let depth = 1; depth <= parts.length; depth++) {
    const folder = join(root, ...parts.slice(0, depth))
    if (await tolerating(['EEXIST'], () => mkdir(folder, FOLDER_MODE))) await flushFolder(dirname(folder))
    else if (!(await lstat(folder)).isDirectory()) throw inTheWay(folder)
  }
  return first
}

/** Of the parts' folders, from the innermost on, those that are empty; and if none is left, the root with those `made` for it. */
export async function removeEmpty(root: string, parts: readonly string[], made?: string): Promise<void> {
  const remove = (folder: string) => tolerating(IN_USE, () => rmdir(folder))
  for (let depth = parts.length; depth > 0; depth--) if (!(await remove(join(root, ...parts.slice(0, depth))))) return
  if (made === undefined || (await readdir(root)).some(name => name !== IGNORE)) return
  await unlink(join(root, IGNORE))
  for (let folder = root; folder.length >= made.length; folder = dirname(folder)) if (!(await remove(folder))) return
}

/** A new name in a folder survives a crash only once the folder is flushed; some file systems can't and needn't. */
export async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY)
  try {
    await tolerating(['EINVAL', 'ENOTSUP'], () => handle.sync())
  } finally {
    await handle.close()
  }
}

/** Whether the parts are folders below the root, none of them a link. */
export async function areFolders(root: string, parts: readonly string[]): Promise<boolean> {
  for (let depth = 1; depth <= parts.length; depth++) {
    const stats = await presence(join(root, ...parts.slice(0, depth)))
    if (stats === undefined || !stats.isDirectory()) return false
  }
  return true
}

/** Undefined if nothing is there. Links are not followed. */
export async function presence(path: string): Promise<Stats | undefined> {
  let stats: Stats | undefined
  await tolerating(['ENOENT', 'ENOTDIR'], async () => {
    stats = await lstat(path)
  })
  return stats
}

/** Folders and plain files, sorted; none if the folder is not there. */
export async function folderEntries(folder: string): Promise<readonly FolderEntry[]> {
  const found: FolderEntry[] = []
  await tolerating(['ENOENT'], async () => {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (entry.isDirectory() || entry.isFile()) found.push({ name: entry.name, isFolder: entry.isDirectory() })
    }
  })
  return found.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Removes unfinished files last written before that time (ms), and folders that held nothing else; except where it may not look. */
export async function sweep(root: string, before: number, folder = root): Promise<void> {
  let entries: readonly FolderEntry[] = []
  await tolerating(['EACCES', 'EPERM', 'ENOTDIR'], async () => {
    entries = await folderEntries(folder)
  })
  for (const { name, isFolder } of entries) {
    const path = join(folder, name)
    if (isFolder && isObjectName(name)) await sweep(root, before, path)
    else if (!isFolder && name.startsWith(UNFINISHED)) {
      await attempting(`remove the unfinished ${path}`, async () => {
        const stats = await presence(path)
        if (stats === undefined || stats.mtimeMs >= before) return
        await tolerating(['ENOENT'], () => unlink(path))
        // One that is writing there makes it again.
        await removeEmpty(root, relative(root, folder).split(sep).filter(Boolean))
      })
    }
  }
}

function inTheWay(folder: string): ComebackError {
  return new ComebackError('failed', `${folder} should be a folder of the store, but something else stands there.`, {
    hint: 'Move it out of the way, or use another folder as the store.',
  })
}
