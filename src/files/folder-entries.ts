/** What lies in a folder, its names as `file-name.ts` has them. */
import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { nameFromBytes, onDisk } from './file-name.ts'

export interface FolderEntry {
  readonly name: string
  readonly kind: 'file' | 'folder' | 'link' | 'special'
}

/** Ordered by the bytes of the names. */
export async function folderEntries(folder: string): Promise<readonly FolderEntry[]> {
  const found = await readdir(onDisk(folder), { withFileTypes: true, encoding: 'buffer' })
  return found
    .sort((a, b) => Buffer.compare(a.name, b.name))
    .map(entry => ({ name: nameFromBytes(entry.name), kind: kindOf(entry) }))
}

function kindOf(entry: Dirent<Buffer>): FolderEntry['kind'] {
  if (entry.isFile()) return 'file'
  if (entry.isDirectory()) return 'folder'
  return entry.isSymbolicLink() ? 'link' : 'special'
}
