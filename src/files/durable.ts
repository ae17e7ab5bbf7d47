/**
 * What has been written reaches the disk before anything is renamed: otherwise a power failure could leave new names with
 * empty files behind them. Done for all files at the end and not for each as it is written, which takes several times as long.
 */
import { chmod, lstat, open } from 'node:fs/promises'
import { join } from 'node:path'
import { onDisk } from './file-name.ts'
import { createFlight } from './flight.ts'
import { folderEntries } from './folder-entries.ts'
import { systemCode, writing } from './write-error.ts'

/** Files under way at a time. */
const IN_FLIGHT = 16

export async function makeDurable(folder: string, signal: AbortSignal): Promise<void> {
  const flight = createFlight(IN_FLIGHT)
  const folders = [folder]
  try {
    for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
      const folder = next
      for (const entry of await readable(folder, () => folderEntries(folder))) {
        signal.throwIfAborted()
        const path = join(next, entry.name)
        if (entry.kind === 'folder') folders.push(path)
        else if (entry.kind === 'file') await flight.add(flush(path))
      }
      await flight.add(flush(next))
    }
    await flight.settle()
  } finally {
    await flight.land()
  }
}

/** A file's bytes, or a folder's names. */
export async function flush(path: string): Promise<void> {
  await writing(path, async () => {
    const file = await readable(path, () => open(onDisk(path), 'r'))
    try {
      await file.sync()
    } finally {
      await file.close()
    }
  })
}

/** A restored file's mode may keep its own owner from reading it. */
async function readable<T>(path: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (systemCode(error) !== 'EACCES') throw error
    const { mode } = await lstat(onDisk(path))
    await chmod(onDisk(path), 0o700)
    try {
      return await run()
    } finally {
      await chmod(onDisk(path), mode & 0o7777)
    }
  }
}
