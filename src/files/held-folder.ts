/**
 * Folders held open, so that nobody can put another one, or a link, into their place meanwhile: whoever owns a folder may
 * rename what is in it, and a path is looked up anew by each call. Node.js has no `openat`; on Linux a path through
 * `/proc/self/fd` does the same. Elsewhere, and where that is not mounted, paths are all there is.
 */
import { existsSync, readlinkSync } from 'node:fs'
import { constants, type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { onDisk } from './file-name.ts'

/** Of Linux: the folder is only named by the handle, which takes no right to read it. */
const O_PATH = 0o10000000
const HOLD = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW
const CAN_HOLD = process.platform === 'linux' && existsSync('/proc/self/fd')

/** `run` gets a path to that very folder, good until it ends. Throws `ENOTDIR` where a link stands. */
export async function holding<T>(folder: string, run: (held: string) => Promise<T>): Promise<T> {
  if (!CAN_HOLD) return await run(folder)
  await using handle = await open(onDisk(folder), HOLD)
  return await run(`/proc/self/fd/${handle.fd}`)
}

/** The same for a folder below one that is held, reached step by step, none of them a link. */
export async function holdingBelow<T>(held: string, path: string, run: (folder: string) => Promise<T>): Promise<T> {
  if (!CAN_HOLD || path === '') return await run(path === '' ? held : join(held, path))
  const handles: FileHandle[] = []
  try {
    let folder = held
    for (const part of path.split('/')) {
      const handle = await open(onDisk(`${folder}/${part}`), HOLD)
      handles.push(handle)
      folder = `/proc/self/fd/${handle.fd}`
    }
    return await run(folder)
  } finally {
    for (const handle of handles) await handle.close()
  }
}

/** A folder that is held for several at a time. */
export interface SharedFolder {
  /** To that very folder. */
  readonly path: string
  /** It is held until this ends, even if it is released meanwhile. */
  use<T>(run: () => Promise<T>): Promise<T>
  release(): Promise<void>
}

/** `follow`: a link may stand there. Throws `ENOTDIR` for what is no folder. */
export async function shareFolder(folder: string, follow: boolean): Promise<SharedFolder> {
  if (!CAN_HOLD) return { path: folder, use: run => run(), release: async () => undefined }
  const handle = await open(onDisk(folder), follow ? HOLD & ~constants.O_NOFOLLOW : HOLD)
  let users = 1
  const release = async () => {
    users--
    if (users === 0) await handle.close()
  }
  return {
    path: `/proc/self/fd/${handle.fd}`,
    async use(run) {
      users++
      try {
        return await run()
      } finally {
        await release()
      }
    },
    release,
  }
}

/** For people: the path that a held folder has now. */
export function shownPath(path: string): string {
  const held = /^\/proc\/self\/fd\/\d+/.exec(path)?.[0]
  if (held === undefined) return path.toWellFormed()
  try {
    return (readlinkSync(held) + path.slice(held.length)).toWellFormed()
  } catch {
    // It was let go of; then the number says as much as anything.
    return path.toWellFormed()
  }
}
