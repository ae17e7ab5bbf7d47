/** What a folder holds before something is restored into it. */
import { opendir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { ownName } from './own-name.ts'
import { isGone } from './walk.ts'
import { systemCode } from './write-error.ts'

/** The folder may be a whole disk, and beyond this nobody reads the number. */
const LIMIT = 100_000
const NAMED = 5

export interface ExistingFiles {
  readonly files: number
  readonly more: boolean
  /** The first few. */
  readonly names: readonly string[]
}

/** Files, and links whatever they lead to, at any depth; none where there is no folder. Those of `except` don't count. */
export async function existingFiles(
  directory: string,
  signal: AbortSignal,
  except: (path: string) => boolean = () => false,
): Promise<ExistingFiles> {
  const folders = [directory]
  const names: string[] = []
  let files = 0
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    signal.throwIfAborted()
    for await (const entry of await openIfThere(folder)) {
      const path = join(folder, entry.name)
      // What an earlier restore keeps there, or works in, is no content.
      if (folder === directory && ownName(entry.name)?.where === 'inside') continue
      if (entry.isDirectory()) folders.push(path)
      else {
        const name = relative(directory, path)
        if (except(name)) continue
        if (names.length < NAMED) names.push(name)
        if (files++ >= LIMIT) return { files: LIMIT, more: true, names }
      }
    }
  }
  return { files, more: false, names }
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
