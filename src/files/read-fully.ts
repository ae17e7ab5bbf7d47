/** Reading by a plain descriptor: file handles of `node:fs/promises` cost a multiple with small files. */
import { read } from 'node:fs'
import { promisify } from 'node:util'

const readFd = promisify(read)

/** Fills the buffer from the offset on. Returns how many bytes there were: fewer only where the file ends. */
export async function readFully(fd: number, into: Buffer, offset: number): Promise<number> {
  let filled = 0
  while (filled < into.length) {
    const { bytesRead } = await readFd(fd, into, filled, into.length - filled, offset + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return filled
}
