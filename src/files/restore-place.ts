/**
 * How files come into the folder that they are restored into:
 *
 * - `new`: nothing is there, or an empty folder. It is made beside its place and renamed into it: it appears whole or not at all.
 * - `swap`: something is there, and a folder other than the working directory was named with `--overwrite`. It becomes exactly
 *   what the backup holds, by the same rename, and what it was is kept beside it. What the backup lacks would be gone from it,
 *   which needs the folder's name in `--confirm`.
 * - `merge`: the folder keeps what it holds, and files are added or, with `--overwrite`, replaced, all of them or none. Into the
 *   working directory, which is a whole project and must not be swapped away; and with `--include`, which asks for some files
 *   and not for a folder. Also where an empty folder cannot be replaced, as it is the root of a disk or another user's.
 *
 * Anything else would be a guess, and is refused.
 */
import { constants, type Stats } from 'node:fs'
import { access, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, sep } from 'node:path'
import { ComebackError } from '../errors.ts'
import { isOwnFolder, presence } from './presence.ts'
import { isGone, systemReason } from './walk.ts'
import { isEmptyFolder } from './workplace.ts'
import { systemCode } from './write-error.ts'

export interface RestorePlace {
  readonly way: 'new' | 'swap' | 'merge'
  /** Without links. */
  readonly directory: string
  /** What stands there, if anything. */
  readonly stats: Stats | undefined
}

export interface PlaceOptions {
  readonly directory: string
  /** Where the restore runs. */
  readonly cwd: string
  readonly overwrite: boolean
  /** Only some of the members are asked for. */
  readonly partial: boolean
}

/** Throws `not-empty` or `permission` where none of the ways is open. */
export async function findPlace({ directory: asked, cwd, overwrite, partial }: PlaceOptions): Promise<RestorePlace> {
  const directory = await withoutLinks(asked)
  const stats = await presence(directory)
  if (stats === undefined) {
    await mustBeWritable(await nearestFolder(directory), directory)
    return { way: 'new', directory, stats }
  }
  if (!stats.isDirectory()) {
    throw new ComebackError('not-empty', `${directory} is no folder.`, { hint: 'Restore into another folder.' })
  }
  await access(directory, constants.R_OK | constants.X_OK).catch((error: unknown) => {
    throw new ComebackError('permission', `Could not look into ${directory}: ${systemReason(error)}.`, {
      hint: 'Restore into another folder.',
      cause: error,
    })
  })
  const here = await withoutLinks(cwd)
  const holdsHere = here === directory || here.startsWith(directory.endsWith(sep) ? directory : `${directory}${sep}`)
  if (await isEmptyFolder(directory)) {
    const free = !holdsHere && (await isReplaceable(directory, stats))
    return { way: free ? 'new' : 'merge', directory, stats }
  }
  if (partial || holdsHere) return { way: 'merge', directory, stats }
  if (!overwrite) {
    throw new ComebackError('not-empty', `${directory} holds files already.`, {
      hint: 'Nothing was changed. Restore into a new folder. Or add --overwrite: then the folder becomes exactly what the backup holds, and what it was is kept beside it. To add or replace single files in it, name them with --include.',
    })
  }
  await mustBeWritable(dirname(directory), directory)
  if (await isRootOfDisk(directory, stats)) {
    throw new ComebackError(
      'unsupported',
      `${directory} is the root of a disk, which nothing can be switched in for.`,
      {
        hint: `Restore from inside, file by file: cd ${directory}, and leave --into out.`,
      },
    )
  }
  return { way: 'swap', directory, stats }
}

/** What a folder's name in `--confirm` has to be. */
export function nameOf(directory: string): string {
  return basename(directory)
}

async function isReplaceable(directory: string, stats: Stats): Promise<boolean> {
  if (!isOwnFolder(stats) || (await isRootOfDisk(directory, stats))) return false
  return access(dirname(directory), constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  )
}

/** A mount point that is a folder of the same disk does not show here; renaming it is an error then. */
async function isRootOfDisk(directory: string, { dev }: Stats): Promise<boolean> {
  const parent = dirname(directory)
  return parent === directory || (await stat(parent)).dev !== dev
}

async function mustBeWritable(parent: string, directory: string): Promise<void> {
  await access(parent, constants.W_OK | constants.X_OK).catch((error: unknown) => {
    throw new ComebackError(
      'permission',
      `${directory} cannot be made beside its place: ${parent} is not writable (${systemReason(error)}).`,
      {
        hint: `Restore into a folder elsewhere with --into, or let this user write to ${parent}.`,
        cause: error,
      },
    )
  })
}

/** The path that the folder really has, or will have. */
export async function withoutLinks(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    if (!isGone(error)) throw unreachable(path, error)
    if ((await presence(path))?.isSymbolicLink() === true) throw unreachable(path, error)
    return join(await withoutLinks(dirname(path)), basename(path))
  }
}

async function nearestFolder(path: string): Promise<string> {
  const parent = dirname(path)
  const stats = await presence(parent)
  if (stats === undefined) return nearestFolder(parent)
  if (stats.isDirectory()) return parent
  throw new ComebackError('not-empty', `${parent} is no folder.`, { hint: 'Restore into another folder.' })
}

function unreachable(path: string, error: unknown): ComebackError {
  const code = systemCode(error) === 'EACCES' ? 'permission' : 'not-empty'
  return new ComebackError(code, `${path} cannot be restored into: ${systemReason(error)}.`, {
    hint: 'Restore into another folder.',
    cause: error,
  })
}
