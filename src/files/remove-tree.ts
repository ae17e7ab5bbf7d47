/**
 * A folder with all that is in it, even where a folder's own mode forbids that. Links are removed, never followed; each folder is
 * held while it is emptied, so that nobody who owns one above it can have another one emptied in its place.
 */
import { chmod, rmdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { onDisk } from './file-name.ts'
import { createFlight } from './flight.ts'
import { folderEntries } from './folder-entries.ts'
import { holding } from './held-folder.ts'
import { presence } from './presence.ts'
import { isGone } from './walk.ts'
import { systemCode } from './write-error.ts'

/** Files removed side by side: all of them at once would take hundreds of megabytes. */
const IN_FLIGHT = 16

/** What has gone already is as good as removed. */
export async function removeTree(path: string): Promise<void> {
  const stats = await presence(path)
  if (stats !== undefined) await remove(path, stats.isDirectory())
}

async function remove(path: string, isFolder: boolean): Promise<void> {
  try {
    if (isFolder) await holding(path, emptyOpened)
    await (isFolder ? rmdir(onDisk(path)) : unlink(onDisk(path)))
  } catch (error) {
    if (!isGone(error)) throw error
  }
}

async function emptyOpened(folder: string): Promise<void> {
  try {
    await empty(folder)
  } catch (error) {
    if (!['EACCES', 'EPERM'].includes(systemCode(error) ?? '')) throw error
    await chmod(folder, 0o700)
    await empty(folder)
  }
}

async function empty(folder: string): Promise<void> {
  const flight = createFlight(IN_FLIGHT)
  try {
    for (const { name, kind } of await folderEntries(folder)) {
      const path = join(folder, name)
      if (kind === 'folder') await remove(path, true)
      else await flight.add(remove(path, false))
    }
    await flight.settle()
  } finally {
    await flight.land()
  }
}
