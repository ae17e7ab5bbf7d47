/** Files that come into being without following anything that stands in their place: created exclusively. */
import { close, constants, fchmodSync, fchownSync, fstatSync, futimesSync, open, type Stats, write } from 'node:fs'
import { unlink } from 'node:fs/promises'
import { promisify } from 'node:util'
import { onDisk } from './file-name.ts'
import type { Owner } from './tar-writer.ts'

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
  finish(mode: number, mtime: Date, owner?: Owner): Promise<Stats>
  /** Leaves nothing of it. */
  discard(): Promise<void>
}

export async function createNewFile(path: string): Promise<NewFile> {
  const fd = await openFd(onDisk(path), CREATE, WORKING_MODE)
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
    async finish(mode, mtime, owner) {
      // First, as it takes bits of the mode away.
      if (owner !== undefined) fchownSync(fd, owner.uid, owner.gid)
      fchmodSync(fd, mode)
      futimesSync(fd, mtime, mtime)
      const stats = fstatSync(fd)
      await closeOnce()
      return stats
    },
    async discard() {
      await closeOnce()
      await unlink(onDisk(path))
    },
  }
}
