/** SHA-256 of bytes and of files, as cheaply as they can be had: of a hundred thousand files most are small. */
import { createHash, hash } from 'node:crypto'
import { close, constants, open, read } from 'node:fs'
import { chmod } from 'node:fs/promises'
import { promisify } from 'node:util'
import { KiB } from '../../format/sizes.ts'
import { onDisk } from '../file-name.ts'

// Plain descriptors, and no more memory than the file has bytes: a stream would take its whole buffer for each.
const openFd = promisify(open)
const readFd = promisify(read)
const closeFd = promisify(close)

const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
/** Bytes of one read from the disk. */
const READ_SIZE = 256 * KiB

/** Of a file of this size, which its owner may not be able to read yet. What comes behind that size is not looked at. */
export async function sha256OfFile(path: string, { mode, size }: { readonly mode: number; readonly size: number }) {
  if ((mode & 0o400) === 0) await chmod(onDisk(path), 0o600)
  const fd = await openFd(onDisk(path), READ)
  try {
    const buffer = Buffer.allocUnsafe(Math.min(size, READ_SIZE))
    if (size <= READ_SIZE) return hash('sha256', buffer.subarray(0, await fill(fd, buffer, 0)))
    const sum = createHash('sha256')
    for (let offset = 0; offset < size; ) {
      const length = await fill(fd, buffer.subarray(0, Math.min(buffer.length, size - offset)), offset)
      if (length === 0) break
      sum.update(buffer.subarray(0, length))
      offset += length
    }
    return sum.digest('hex')
  } finally {
    await closeFd(fd)
  }
}

export async function sha256OfStream(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const sum = createHash('sha256')
  for await (const piece of bytes) sum.update(piece)
  return sum.digest('hex')
}

async function fill(fd: number, into: Buffer, offset: number): Promise<number> {
  let filled = 0
  while (filled < into.length) {
    const { bytesRead } = await readFd(fd, into, filled, into.length - filled, offset + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return filled
}
