/**
 * `mkdir -p`. Node's own never ends where a folder's child is refused with ENOENT though the folder is there, as in /proc and
 * on some network drives: neither a signal nor a time limit gets through to it.
 */
import { mkdirSync, type Stats, statSync } from 'node:fs'
import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/** The outermost folder that had to be made; undefined if all were there. Throws what the system says of the one that it refuses. */
export async function makeFolder(path: string, mode?: number): Promise<string | undefined> {
  const missing: string[] = []
  for (let at = path; !(await stat(at).catch(absent)); at = dirname(at)) missing.unshift(at)
  for (const folder of missing) {
    // Somebody else may have made it just now.
    await mkdir(folder, mode).catch(async error => {
      if (!(await stat(folder).catch(absent))?.isDirectory()) throw error
    })
  }
  if (missing.length === 0 && !(await stat(path)).isDirectory()) await mkdir(path, mode)
  return missing[0]
}

/** As `makeFolder`. */
export function makeFolderSync(path: string, mode?: number): string | undefined {
  const missing: string[] = []
  for (let at = path; !present(at); at = dirname(at)) missing.unshift(at)
  for (const folder of missing) {
    try {
      mkdirSync(folder, mode)
    } catch (error) {
      if (!present(folder)?.isDirectory()) throw error
    }
  }
  if (missing.length === 0 && !statSync(path).isDirectory()) mkdirSync(path, mode)
  return missing[0]
}

function present(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch (error) {
    return absent(error)
  }
}

function absent(error: unknown): undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  // The root is always there.
  if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error
}
