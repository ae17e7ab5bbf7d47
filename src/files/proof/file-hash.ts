/** Files that were restored, opened and hashed with as few calls as can be: of a hundred thousand files most are small. */
import { createHash, hash } from 'node:crypto'
import { closeSync, constants, fstatSync, open, type Stats } from 'node:fs'
import { promisify } from 'node:util'
import { KiB } from '../../format/sizes.ts'
import { onDisk } from '../file-name.ts'
import { readFully } from '../read-fully.ts'

// Plain descriptors, no thread for what is but a look at an open file, and no more memory than the file has bytes: a stream
// would take its whole buffer for each.
const openFd = promisify(open)

const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
/** Bytes of one read from the disk. */
const READ_SIZE = 256 * KiB

export interface OpenFile {
  readonly stats: Stats
  /** SHA-256 of as many bytes as `stats` says it has. */
  hash(): Promise<string>
  close(): void
}

/** Undefined for what cannot be opened, for whatever reason, or is no file. */
export async function openFile(path: string): Promise<OpenFile | undefined> {
  const fd = await openFd(onDisk(path), READ).catch(() => undefined)
  if (fd === undefined) return undefined
  const stats = fstatSync(fd)
  if (stats.isFile()) return { stats, hash: () => hashOf(fd, stats.size), close: () => closeSync(fd) }
  closeSync(fd)
  return undefined
}

async function hashOf(fd: number, size: number): Promise<string> {
  const buffer = Buffer.allocUnsafe(Math.min(size, READ_SIZE))
  if (size <= READ_SIZE) return hash('sha256', buffer.subarray(0, await readFully(fd, buffer, 0)))
  const sum = createHash('sha256')
  for (let offset = 0; offset < size; ) {
    const length = await readFully(fd, buffer.subarray(0, Math.min(buffer.length, size - offset)), offset)
    if (length === 0) break
    sum.update(buffer.subarray(0, length))
    offset += length
  }
  return sum.digest('hex')
}

export async function sha256OfStream(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const sum = createHash('sha256')
  for await (const piece of bytes) sum.update(piece)
  return sum.digest('hex')
}
