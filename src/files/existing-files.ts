/** What a folder holds before something is restored into it. */
import { opendir } from 'node:fs/promises'
import { join } from 'node:path'
import { isGone } from './walk.ts'
import { systemCode } from './write-error.ts'

/** The folder may be a whole disk, and beyond this nobody reads the number. */
const LIMIT = 100_000

/** Files, and links whatever they lead to, at any depth; none where there is no folder. */
export async function existingFiles(
  directory: string,
  signal: AbortSignal,
): Promise<{ readonly files: number; readonly more: boolean }> {
  const folders = [directory]
  let files = 0
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    signal.throwIfAborted()
    for await (const entry of await openIfThere(folder)) {
      if (entry.isDirectory()) folders.push(join(folder, entry.name))
      else if (files++ >= LIMIT) return { files: LIMIT, more: true }
    }
  }
  return { files, more: false }
}

async function openIfThere(folder: string) {
  try {
    return await opendir(folder)
  } catch (error) {
    // Where we may not look, nothing of ours could be replaced either.
    if (isGone(error) || systemCode(error) === 'EACCES') return []
    throw error
  }
}
