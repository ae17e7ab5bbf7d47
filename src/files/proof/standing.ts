/** What stands on the disk below a folder that a proof has filled: looked at as a whole, before any of it is opened. */
import { chmod, lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { onDisk } from '../file-name.ts'
import { folderEntries } from '../folder-entries.ts'

export interface Standing {
  readonly kind: 'file' | 'folder' | 'link' | 'other'
  readonly mode: number
  /** Milliseconds. */
  readonly mtime: number
  /** Bytes. */
  readonly size: number
  /** Equal of two names for one file. */
  readonly ino: number
  /** Whether the backup has it. */
  known: boolean
}

/** Of a folder, so that it can be looked into whatever mode it came back with. */
const OPEN = 0o700

/** By path below the folder, which must be nobody else's: folders that are closed to their owner are opened. Links are not followed. */
export async function standingIn(directory: string, signal: AbortSignal): Promise<Map<string, Standing>> {
  const found = new Map<string, Standing>()
  const folders = ['']
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    signal.throwIfAborted()
    for (const { name } of await folderEntries(join(directory, folder))) {
      const path = folder === '' ? name : `${folder}/${name}`
      const absolute = onDisk(join(directory, path))
      const stats = await lstat(absolute)
      const kind = stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : stats.isSymbolicLink() ? 'link' : 'other'
      found.set(path, {
        kind,
        mode: stats.mode & 0o7777,
        mtime: stats.mtimeMs,
        size: stats.size,
        ino: stats.ino,
        known: false,
      })
      if (kind !== 'folder') continue
      if ((stats.mode & OPEN) !== OPEN) await chmod(absolute, OPEN)
      folders.push(path)
    }
  }
  return found
}
