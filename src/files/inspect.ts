/**
 * The first of two readings of an archive: is it harmless, and does its place take it? Only when all of it has been seen is
 * anything written, so a refused restore leaves everything as it was.
 */
import type { Stats } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ComebackError } from '../errors.ts'
import { checkMembers, staysInside } from './member.ts'
import { readTar, type TarEntry } from './tar-reader.ts'
import { isGone, systemReason } from './walk.ts'

/** In an error message; the rest is counted. */
const NAMED = 5

/**
 * Throws `unsafe-archive` or `damaged` for the archive, `not-empty` if the folder holds what entries would replace:
 * files and links where `overwrite` is not set, and with it still folders in the place of files, files in the place of
 * folders, and links in the place of folders, since those lead elsewhere.
 */
export async function inspectArchive(
  archive: AsyncIterable<Uint8Array>,
  directory: string,
  overwrite: boolean,
  signal: AbortSignal,
): Promise<void> {
  const members = checkMembers()
  const place = (await isEmpty(directory)) ? undefined : examine(directory, overwrite)
  for await (const entry of readTar(archive)) {
    signal.throwIfAborted()
    const parts = members.check(entry)
    if (entry.kind !== 'link' || staysInside(parts, entry.target)) await place?.check(parts, entry.kind)
  }
  place?.finish()
}

/** True too of a folder that does not exist. Throws `not-empty` if it is no folder. */
export async function isEmpty(directory: string): Promise<boolean> {
  try {
    return (await readdir(directory)).length === 0
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return true
    const code = isGone(error) ? 'not-empty' : 'permission'
    throw new ComebackError(code, `Could not look into ${directory}: ${systemReason(error)}.`, {
      hint: 'Restore into another folder.',
      cause: error,
    })
  }
}

function examine(directory: string, overwrite: boolean) {
  const conflicts: string[] = []
  let count = 0
  let fatal = false
  /** What is known of folders: there, or not, so that nothing below them is there either. */
  const known = new Map<string, 'there' | 'missing' | 'blocked'>()

  function conflict(path: string, replaceable: boolean): void {
    if (replaceable && overwrite) return
    count++
    if (!replaceable) fatal = true
    if (conflicts.length < NAMED) conflicts.push(path)
  }

  async function folder(parts: readonly string[]): Promise<'there' | 'missing' | 'blocked'> {
    if (parts.length === 0) return 'there'
    const path = parts.join('/')
    const before = known.get(path)
    if (before !== undefined) return before
    let state = await folder(parts.slice(0, -1))
    if (state === 'there') {
      const stats = await presence(join(directory, path))
      state = stats === undefined ? 'missing' : stats.isDirectory() ? 'there' : 'blocked'
      if (state === 'blocked') conflict(path, false)
    }
    known.set(path, state)
    return state
  }

  return {
    async check(parts: readonly string[], kind: TarEntry['kind']): Promise<void> {
      if (kind === 'folder') {
        await folder(parts)
        return
      }
      if ((await folder(parts.slice(0, -1))) !== 'there') return
      const stats = await presence(join(directory, ...parts))
      if (stats !== undefined) conflict(parts.join('/'), !stats.isDirectory())
    },

    finish(): void {
      if (count === 0) return
      const more = count > conflicts.length ? ` and ${count - conflicts.length} more` : ''
      throw new ComebackError('not-empty', `${directory} already holds ${conflicts.join(', ')}${more}.`, {
        hint: fatal
          ? 'Folders, and links in the place of folders, are never replaced. Move them away or restore into another folder.'
          : 'Nothing was changed. Restore into another folder, or replace what is there with --overwrite.',
      })
    },
  }
}

async function presence(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path)
  } catch (error) {
    if (isGone(error)) return undefined
    throw error
  }
}
