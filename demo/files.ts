/** Two folders hold the same files if these are equal: SHA-256 by relative path. */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'

export async function hashes(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
  const found = new Map<string, string>()
  for (const file of files.sort()) {
    found.set(
      relative(folder, file),
      createHash('sha256')
        .update(await readFile(file))
        .digest('hex'),
    )
  }
  return found
}

/** Names of the files that are missing, new or different, in words. */
export function fileDifferences(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly string[] {
  const wrong = [...before].filter(([path, hash]) => after.get(path) !== hash)
  const added = [...after.keys()].filter(path => !before.has(path))
  return [
    ...wrong.map(([path]) => `the file ${path} ${after.has(path) ? 'differs' : 'is missing'}`),
    ...added.map(path => `the file ${path} is new`),
  ]
}
