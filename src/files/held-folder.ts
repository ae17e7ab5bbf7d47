/**
 * Folders held open, so that nobody can put another one, or a link, into their place meanwhile: whoever owns a folder may
 * rename what is in it, and a path is looked up anew by each call. Node.js has no `openat`; on Linux a path through
 * `/proc/self/fd` does the same. Elsewhere, and where that is not mounted, paths are all there is.
 */
import { existsSync } from 'node:fs'
import { constants, type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'

/** Of Linux: the folder is only named by the handle, which takes no right to read it. */
const O_PATH = 0o10000000
const HOLD = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW
const CAN_HOLD = process.platform === 'linux' && existsSync('/proc/self/fd')

/** `run` gets a path to that very folder, good until it ends. Throws `ENOTDIR` where a link stands. */
export async function holding<T>(folder: string, run: (held: string) => Promise<T>): Promise<T> {
  if (!CAN_HOLD) return await run(folder)
  await using handle = await open(folder, HOLD)
  return await run(`/proc/self/fd/${handle.fd}`)
}

/** The same for a folder below one that is held, reached step by step, none of them a link. */
export async function holdingBelow<T>(held: string, path: string, run: (folder: string) => Promise<T>): Promise<T> {
  if (!CAN_HOLD || path === '') return await run(path === '' ? held : join(held, path))
  const handles: FileHandle[] = []
  try {
    let folder = held
    for (const part of path.split('/')) {
      const handle = await open(`${folder}/${part}`, HOLD)
      handles.push(handle)
      folder = `/proc/self/fd/${handle.fd}`
    }
    return await run(folder)
  } finally {
    for (const handle of handles) await handle.close()
  }
}
