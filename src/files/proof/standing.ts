/** What stands on the disk below a folder that a proof has filled, which must be nobody else's. Links are not followed. */
import type { Stats } from 'node:fs'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { onDisk } from '../file-name.ts'
import { type FolderEntry, folderEntries } from '../folder-entries.ts'
import { presence } from '../presence.ts'

export interface Standing {
  readonly kind: FolderEntry['kind']
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Milliseconds. */
  readonly mtime: number
  /** Bytes. */
  readonly size: number
  /** Equal of two names for one file. */
  readonly ino: number
}

/** Undefined if nothing stands there. */
export async function standingAt(directory: string, path: string): Promise<Standing | undefined> {
  const stats = await presence(join(directory, path))
  return stats === undefined ? undefined : standingOf(stats)
}

export function standingOf(stats: Stats): Standing {
  const { mtimeMs, size, ino, uid, gid } = stats
  const kind = stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : stats.isSymbolicLink() ? 'link' : 'special'
  return { kind, mode: stats.mode & 0o7777, uid, gid, mtime: mtimeMs, size, ino }
}

/** By path below it, without memory for each. */
export async function* walkStanding(
  directory: string,
  signal: AbortSignal,
  enter: (path: string) => Promise<void> = async () => undefined,
): AsyncGenerator<{ readonly path: string; readonly kind: FolderEntry['kind'] }> {
  const folders = ['']
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    signal.throwIfAborted()
    await enter(folder)
    for (const { name, kind } of await folderEntries(join(directory, folder))) {
      const path = folder === '' ? name : `${folder}/${name}`
      if (kind === 'folder') folders.push(path)
      yield { path, kind }
    }
  }
}

/** What a folder needs to be looked into, whatever mode it came back with. */
const OPEN = 0o700

/** Opens folders that are closed to their owner. Returns the modes that they came back with, by path. */
export async function openFolders(directory: string, signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
  const closed = new Map<string, number>()
  const walk = walkStanding(directory, signal, async path => {
    const mode = (await standingAt(directory, path))?.mode ?? OPEN
    if ((mode & OPEN) === OPEN) return
    closed.set(path, mode)
    await chmod(onDisk(join(directory, path)), OPEN)
  })
  for await (const _ of walk);
  return closed
}
