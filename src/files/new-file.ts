/**
 * Files and links that come into being without following anything that stands in their place: created exclusively, or, where
 * something may be replaced, created beside it and renamed over it, so that a link is replaced and not written through.
 */
import { randomBytes } from 'node:crypto'
import { close, constants, fchmodSync, futimesSync, open, write } from 'node:fs'
import { rename, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { systemCode } from './write-error.ts'

// Plain descriptors, and no thread for what is but a note about an open file: with thousands of small files, that is worth a
// factor of two.
const openFd = promisify(open)
const writeFd = promisify(write)
const closeFd = promisify(close)

const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
/** Until it is finished. */
const WORKING_MODE = 0o600

export interface NewFile {
  write(bytes: Buffer): Promise<void>
  finish(mode: number, mtime: Date): Promise<void>
  /** Leaves nothing of it. */
  discard(): Promise<void>
}

export async function createNewFile(path: string, overwrite: boolean): Promise<NewFile> {
  let fd = -1
  const placed = await placing(path, overwrite, async place => {
    fd = await openFd(place, CREATE, WORKING_MODE)
  })
  let isOpen = true
  async function closeOnce(): Promise<void> {
    if (!isOpen) return
    isOpen = false
    await closeFd(fd)
  }
  return {
    async write(bytes) {
      for (let written = 0; written < bytes.length; ) {
        written += (await writeFd(fd, bytes, written, bytes.length - written)).bytesWritten
      }
    },
    async finish(mode, mtime) {
      fchmodSync(fd, mode)
      futimesSync(fd, mtime, mtime)
      await closeOnce()
      if (placed !== path) await rename(placed, path)
    },
    async discard() {
      await closeOnce()
      await unlink(placed)
    },
  }
}

/** For what is made in one step: a link, or a hard link. */
export async function createNewLink(
  path: string,
  overwrite: boolean,
  make: (place: string) => Promise<void>,
): Promise<void> {
  const placed = await placing(path, overwrite, make)
  if (placed === path) return
  try {
    await rename(placed, path)
  } catch (error) {
    await unlink(placed)
    throw error
  }
}

/** Makes it at the path or, if that is taken and may be replaced, beside it; returns where. */
async function placing(path: string, overwrite: boolean, make: (place: string) => Promise<void>): Promise<string> {
  try {
    await make(path)
    return path
  } catch (error) {
    if (!overwrite || systemCode(error) !== 'EEXIST') throw error
    const beside = join(dirname(path), `.comeback-${randomBytes(8).toString('hex')}.tmp`)
    await make(beside)
    return beside
  }
}
