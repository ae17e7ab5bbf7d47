/** What a folder holds before something is restored into it. */
import { join } from 'node:path'
import { type FolderEntry, folderEntries } from './folder-entries.ts'
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
  const folders = ['']
  const names: string[] = []
  let files = 0
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    signal.throwIfAborted()
    for (const { name, kind } of await entriesIfThere(join(directory, folder))) {
      // What an earlier restore keeps there, or works in, is no content.
      if (folder === '' && ownName(name)?.where === 'inside') continue
      const path = folder === '' ? name : `${folder}/${name}`
      if (kind === 'folder') folders.push(path)
      else {
        if (except(path)) continue
        if (names.length < NAMED) names.push(path)
        if (files++ >= LIMIT) return { files: LIMIT, more: true, names }
      }
    }
  }
  return { files, more: false, names }
}

async function entriesIfThere(folder: string): Promise<readonly FolderEntry[]> {
  try {
    return await folderEntries(folder)
  } catch (error) {
    // Where we may not look, nothing of ours could be replaced either.
    if (isGone(error) || ['EACCES', 'ENAMETOOLONG'].includes(systemCode(error) ?? '')) return []
    throw error
  }
}
