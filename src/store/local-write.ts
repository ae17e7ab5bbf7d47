/**
 * Creation of a file, all of it or nothing: written under an unfinished name beside its place, flushed to the disk, and
 * only then given its name, in a way that fails if the name is taken.
 */
import { randomBytes } from 'node:crypto'
import { type FileHandle, open, rename, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { ComebackError } from '../errors.ts'
import { MiB } from '../format/sizes.ts'
import { checkCancelled, systemCode, tolerating } from './local-error.ts'
import { flushFolder, presence, UNFINISHED } from './local-folders.ts'

/** Between two looks at the signal. */
const WRITE_SIZE = 4 * MiB

const FILE_MODE = 0o600

/** What file systems without hard links answer. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']

export type HardLink = (existing: string, created: string) => Promise<void>

/** Durable when it resolves. Throws `already-exists`, or what the system throws, leaving nothing unfinished. */
export async function createFile(
  target: string,
  body: readonly Uint8Array[],
  hardLink: HardLink,
  signal: AbortSignal | undefined,
): Promise<void> {
  const unfinished = join(dirname(target), `${UNFINISHED}${randomBytes(8).toString('hex')}.tmp`)
  const handle = await open(unfinished, 'wx', FILE_MODE)
  try {
    try {
      for (const part of body) await writePart(handle, part, signal)
      await handle.sync()
    } finally {
      await handle.close()
    }
    checkCancelled(signal)
    await publish(unfinished, target, hardLink)
  } finally {
    await tolerating(['ENOENT'], () => unlink(unfinished))
  }
  await flushFolder(dirname(target))
}

async function writePart(handle: FileHandle, part: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
  for (let written = 0; written < part.length; ) {
    checkCancelled(signal)
    const { bytesWritten } = await handle.write(part, written, Math.min(part.length - written, WRITE_SIZE))
    written += bytesWritten
  }
}

async function publish(unfinished: string, target: string, hardLink: HardLink): Promise<void> {
  try {
    await hardLink(unfinished, target)
  } catch (error) {
    const code = systemCode(error) ?? ''
    if (code === 'EEXIST') throw alreadyExists(target, error)
    if (!NO_LINKS.includes(code)) throw error
    await publishGuarded(unfinished, target)
  }
}

/** A rename replaces what stands there, so a file that only one process can make guards the look and the rename. */
async function publishGuarded(unfinished: string, target: string): Promise<void> {
  const guard = join(dirname(target), `${UNFINISHED}${basename(target)}.lock`)
  const mine = await tolerating(['EEXIST'], async () => (await open(guard, 'wx', FILE_MODE)).close())
  if (!mine) {
    throw new ComebackError('store-unavailable', `${target} is being written by another process.`, {
      hint: `If none is running, delete ${guard}.`,
    })
  }
  try {
    if ((await presence(target)) !== undefined) throw alreadyExists(target)
    await rename(unfinished, target)
  } finally {
    await unlink(guard)
  }
}

function alreadyExists(target: string, cause?: unknown): ComebackError {
  return new ComebackError('already-exists', `${target} exists already; a store never replaces an object.`, { cause })
}
