/** The folders of a restore: each is made here or found to be a folder proper, never a link, before anything goes into it. */
import { chmod, chown, lstat, mkdir, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { onDisk } from './file-name.ts'
import type { Owner } from './tar-writer.ts'
import { systemCode, writing } from './write-error.ts'

/** While the content is being written, whatever the folder's own mode is to be. */
const WORKING_MODE = 0o700

/** What a folder is to have in the end; without an owner it stays whose it is. */
export interface Settled {
  readonly mode: number
  readonly mtime: Date
  readonly owner?: Owner | undefined
}

export interface TargetFolders {
  /** `mode` only for folders that the archive doesn't mention. */
  ensure(parts: readonly string[]): Promise<void>
  /** A folder that the archive mentions. */
  declare(parts: readonly string[], settled: Settled): Promise<void>
  /** Of those that the archive mentions. */
  count(): number
  /** Sets modes and times at the very end, since writing into a folder changes its time and its mode may forbid it. */
  finish(): Promise<number>
}

/** Folders that were there before keep their mode and time. */
export function createTargetFolders(directory: string, impliedMode: number): TargetFolders {
  const seen = new Set<string>()
  const made = new Set<string>()
  const declared = new Map<string, Settled>()

  async function ensure(parts: readonly string[], mode: number): Promise<void> {
    const name = parts.join('/')
    if (parts.length === 0 || seen.has(name)) return
    await ensure(parts.slice(0, -1), impliedMode)
    if (await makeFolder(join(directory, name), mode)) made.add(name)
    seen.add(name)
  }

  return {
    ensure: parts => ensure(parts, impliedMode),

    async declare(parts, settled) {
      await ensure(parts, WORKING_MODE)
      if (parts.length > 0) declared.set(parts.join('/'), settled)
    },

    count: () => declared.size,

    async finish() {
      for (const [name, settled] of [...declared].reverse()) {
        if (made.has(name)) await settleFolder(join(directory, name), settled)
      }
      return declared.size
    },
  }
}

/** True if it was not there. A link in its place, even one to a folder, is an error. */
export async function makeFolder(path: string, mode: number): Promise<boolean> {
  return writing(path, async () => {
    try {
      await mkdir(onDisk(path), mode)
      return true
    } catch (error) {
      if (systemCode(error) !== 'EEXIST' || !(await lstat(onDisk(path))).isDirectory()) throw error
      return false
    }
  })
}

export async function settleFolder(path: string, { mode, mtime, owner }: Settled): Promise<void> {
  await writing(path, async () => {
    // First, as it takes bits of the mode away.
    if (owner !== undefined) await chown(onDisk(path), owner.uid, owner.gid)
    await chmod(onDisk(path), mode)
    await utimes(onDisk(path), mtime, mtime)
  })
}
