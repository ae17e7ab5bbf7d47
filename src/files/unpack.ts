/**
 * The second reading of an archive: its files are written. No entry is written through a link, since every folder on the way
 * is known to be one, and links are made only when everything else stands. So it does not matter whether the file system
 * takes `A` and `a`, or two spellings of `é`, for the same name.
 *
 * Links that could lead out of the target are not made, and no file becomes set-user-id. Root gives files to their owners.
 */
import type { Stats } from 'node:fs'
import { lchown, link, lstat, lutimes, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { KiB } from '../format/sizes.ts'
import { makeFolder } from '../make-folder.ts'
import { onDisk } from './file-name.ts'
import { createFlight } from './flight.ts'
import { checkMembers, type LeftOut, memberParts, staysInside } from './member.ts'
import type { MemberFilter } from './member-filter.ts'
import { createNewFile } from './new-file.ts'
import { readTar, type TarEntry } from './tar-reader.ts'
import { keptMode, type Owner } from './tar-writer.ts'
import { createTargetFolders } from './target-folders.ts'
import { writing } from './write-error.ts'

/** Files up to this size are written beside one another. */
const SMALL = 256 * KiB
/** Of them, at a time. */
const IN_FLIGHT = 16

export interface UnpackOptions {
  /** Made if it is not there. Nothing in it is replaced. */
  readonly directory: string
  /** `private`: for the owner alone, whatever the archive says. */
  readonly modes: 'kept' | 'private'
  /** Told of plain bytes written. */
  readonly advance: (bytes: number) => void
  /** Which members are wanted; all of them without it. */
  readonly filter?: MemberFilter
  /** Told of each member that stands, before any link to it is asked for. Then folders keep the mode that they are worked in. */
  readonly record?: (member: UnpackedMember) => void
}

export interface UnpackedMember {
  readonly path: string
  readonly kind: 'file' | 'link' | 'folder'
  /** Milliseconds, as the file system has them; of a folder, as the archive has them. */
  readonly mtime: number
  /** Only of files and links: what they are known by. */
  readonly ino?: number
  readonly size?: number
  /** Only of folders: what they are to have. */
  readonly mode?: number
  readonly uid?: number | undefined
  readonly gid?: number | undefined
}

export interface Unpacked {
  readonly files: number
  readonly folders: number
  readonly links: number
  readonly bytes: number
  readonly leftOut: readonly LeftOut[]
}

/** The archive must have been inspected. If this fails, finished files remain; half-written ones don't. */
export async function unpackArchive(
  archive: AsyncIterable<Uint8Array>,
  options: UnpackOptions,
  signal: AbortSignal,
): Promise<Unpacked> {
  const { directory, filter, record } = options
  const closed = options.modes === 'private'
  const members = checkMembers()
  const folders = createTargetFolders(directory, closed ? 0o700 : 0o777)
  const flight = createFlight(IN_FLIGHT)
  const links: {
    readonly parts: readonly string[]
    readonly target: Buffer
    readonly mtime: Date
    readonly owner: Owner | undefined
  }[] = []
  const leftOut: LeftOut[] = []
  let files = 0
  let bytes = 0

  await writing(directory, () => makeFolder(directory, closed ? 0o700 : 0o777))
  try {
    for await (const entry of readTar(archive)) {
      signal.throwIfAborted()
      const parts = members.check(entry)
      if (parts === undefined || filter?.takes(parts, entry) === false) continue
      const path = join(directory, ...parts)
      const { kind, target, mtime, size } = entry
      if (kind === 'folder') {
        const mode = closed ? 0o700 : keptMode('folder', entry.mode)
        await folders.declare(parts, { mode, mtime, owner: given(entry.owner, options) })
        const settled = { mode, mtime: mtime.getTime(), ...given(entry.owner, options) }
        if (parts.length > 0) record?.({ path: parts.join('/'), kind, ...settled })
      } else if (kind === 'link') {
        if (staysInside(parts, target))
          links.push({ parts, target: entry.targetBytes, mtime, owner: given(entry.owner, options) })
        else leftOut.push({ path: parts.join('/'), target })
      } else {
        await folders.ensure(parts.slice(0, -1))
        files++
        bytes += size
        if (kind === 'hard-link') {
          // What it leads to may still be under way.
          await flight.settle()
          const existing = join(directory, ...memberParts(target))
          await writing(path, () => link(onDisk(existing), onDisk(path)))
          record?.(known(parts, 'file', await lstat(onDisk(path))))
        } else if (size > SMALL) await writeFile(path, parts, entry, entry.content, options, signal)
        else await flight.add(writeFile(path, parts, entry, await gather(entry.content), options, signal))
      }
    }
    await flight.settle()
  } finally {
    await flight.land()
  }
  for (const { parts, target, mtime, owner } of links) {
    signal.throwIfAborted()
    const path = join(directory, ...parts)
    await folders.ensure(parts.slice(0, -1))
    await writing(path, async () => {
      await symlink(target, onDisk(path))
      if (owner !== undefined) await lchown(onDisk(path), owner.uid, owner.gid)
      await lutimes(onDisk(path), mtime, mtime)
    })
    record?.(known(parts, 'link', await lstat(onDisk(path))))
  }
  leftOut.push(...members.reserved().map(path => ({ path })))
  const made = record === undefined ? await folders.finish() : folders.count()
  return { files, folders: made, links: links.length, bytes, leftOut }
}

/** Only root may give files away. */
function given(owner: Owner, { modes }: UnpackOptions): Owner | undefined {
  return modes === 'kept' && process.geteuid?.() === 0 ? owner : undefined
}

function known(parts: readonly string[], kind: 'file' | 'link', { ino, size, mtimeMs }: Stats): UnpackedMember {
  return { path: parts.join('/'), kind, ino, size, mtime: mtimeMs }
}

async function gather(content: AsyncIterable<Buffer>): Promise<readonly Buffer[]> {
  const parts: Buffer[] = []
  for await (const part of content) parts.push(part)
  return parts
}

async function writeFile(
  path: string,
  parts: readonly string[],
  { mode, mtime, owner }: TarEntry,
  content: AsyncIterable<Buffer> | Iterable<Buffer>,
  options: UnpackOptions,
  signal: AbortSignal,
): Promise<void> {
  const { modes, advance, record } = options
  const file = await writing(path, () => createNewFile(path))
  try {
    // What `content` throws is about the archive, and passes as it is.
    for await (const part of content) {
      signal.throwIfAborted()
      await writing(path, () => file.write(part))
      advance(part.length)
    }
    const stats = await writing(path, () =>
      file.finish(modes === 'private' ? 0o600 : mode & 0o777, mtime, given(owner, options)),
    )
    record?.(known(parts, 'file', stats))
  } catch (error) {
    await file.discard()
    throw error
  }
}
