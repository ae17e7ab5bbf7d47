/**
 * Files as a tar stream. Small files are opened and read some way ahead, since waiting for each in turn would take most of
 * the time; big ones are streamed. A file has the size that it had when it was opened: what grows meanwhile is cut off,
 * what is missing is filled with zeros, so the stream stays valid, and the file is reported.
 */
import { closeSync, constants, fstatSync, open, type Stats } from 'node:fs'
import { lstat, readlink, stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import { KiB } from '../format/sizes.ts'
import { onDisk } from './file-name.ts'
import type { FileProblemKind, FileProblems } from './file-problems.ts'
import { staysInside } from './member.ts'
import { readFully } from './read-fully.ts'
import { encodeTarHead, tarPadding } from './tar-writer.ts'
import { type FoundFile, isGone, systemReason } from './walk.ts'

/** Files up to this size are read ahead, whole. */
const SMALL = 256 * KiB
/** Files in flight. */
const AHEAD = 16
/** Bytes that make a piece of the stream. */
const PIECE = 256 * KiB
/** A read of a big file. */
const READ_SIZE = 1024 * KiB

// Opening and reading may wait for a disk, so they leave the thread; what only looks at an open file does not, which is worth
// a factor of three with small files. The file handles of `node:fs/promises` cost as much again.
const openFd = promisify(open)

/** Set-user-id and set-group-id. */
const SET_ID = 0o6000

const READ = constants.O_RDONLY | constants.O_NONBLOCK

type Opened =
  | {
      readonly kind: 'entry'
      readonly found: FoundFile
      readonly bytes: readonly Buffer[]
      readonly noted: readonly FileProblemKind[]
      /** Of a file with several names: what they have in common. */
      readonly inode?: string
    }
  | { readonly kind: 'stream'; readonly found: FoundFile; readonly fd: number; readonly inode?: string }
  | { readonly kind: 'problem'; readonly found: FoundFile; readonly problem: FileProblemKind; readonly reason: string }

/** `place` gives an entry its path in the archive. */
export async function* packFiles(
  files: AsyncIterable<FoundFile>,
  place: (path: string) => string,
  problems: FileProblems,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  let parts: Buffer[] = []
  let length = 0
  const named = new Set<string>()
  for await (const opened of ahead(files, found => openFound(found, place))) {
    if (opened.kind !== 'problem' && opened.inode !== undefined) {
      if (named.has(opened.inode)) problems.add('linked', opened.found.path)
      named.add(opened.inode)
    }
    if (opened.kind === 'problem') {
      problems.add(opened.problem, opened.found.path, opened.reason)
    } else if (opened.kind === 'entry') {
      for (const kind of opened.noted) problems.add(kind, opened.found.path)
      for (const part of opened.bytes) {
        parts.push(part)
        length += part.length
      }
    } else {
      if (length > 0) yield Buffer.concat(parts, length)
      parts = []
      length = 0
      yield* streamFile(opened, place, problems, signal)
    }
    if (length < PIECE) continue
    signal.throwIfAborted()
    yield Buffer.concat(parts, length)
    parts = []
    length = 0
  }
  if (length > 0) yield Buffer.concat(parts, length)
}

/** Calls the file's folder at once, which is held no longer than until the next one is asked for. */
async function openFound(found: FoundFile, place: (path: string) => string): Promise<Opened> {
  try {
    return await found.at(path => openAt(onDisk(path), found, place))
  } catch (error) {
    const problem = isGone(error) ? 'vanished' : 'unreadable'
    return { kind: 'problem', found, problem, reason: systemReason(error) }
  }
}

async function openAt(absolute: string | Buffer, found: FoundFile, place: (path: string) => string): Promise<Opened> {
  if (found.kind === 'file') return await openFile(absolute, found, place)
  const { mode, mtimeMs, uid, gid } = await (found.followed ? stat : lstat)(absolute)
  const target = found.kind === 'link' ? { target: await readlink(absolute, 'buffer') } : {}
  const path = place(found.path)
  const head = encodeTarHead({ path, kind: found.kind, mode, owner: { uid, gid }, mtime: mtimeMs, ...target })
  const leadsOut = target.target !== undefined && !staysInside(path.split('/'), target.target.toString())
  return { kind: 'entry', found, bytes: [head], noted: leadsOut ? ['outside'] : [] }
}

async function openFile(absolute: string | Buffer, found: FoundFile, place: (path: string) => string): Promise<Opened> {
  const fd = await openFd(absolute, found.followed ? READ : READ | constants.O_NOFOLLOW)
  let streamed = false
  try {
    const before = fstatSync(fd)
    if (!before.isFile()) {
      return { kind: 'problem', found, problem: 'vanished', reason: 'something else has taken its place' }
    }
    if (before.size > SMALL) {
      streamed = true
      return { kind: 'stream', found, fd, ...inodeOf(before) }
    }
    const { size } = before
    // Padded already; and one byte longer than the file, to see whether it has grown.
    const content = Buffer.alloc(size + Math.max(1, tarPadding(size)))
    const read = await readFully(fd, content.subarray(0, size + 1), 0)
    content[size] = 0
    const changed = read !== size || hasChanged(fd, before)
    return {
      kind: 'entry',
      found,
      bytes: [headOf(found, place, before), content.subarray(0, size + tarPadding(size))],
      noted: [...(changed ? (['changed'] as const) : []), ...setIdOf(before)],
      ...inodeOf(before),
    }
  } finally {
    if (!streamed) closeSync(fd)
  }
}

async function* streamFile(
  { found, fd }: Extract<Opened, { kind: 'stream' }>,
  place: (path: string) => string,
  problems: FileProblems,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  let pending: Promise<Buffer | Error> | undefined
  try {
    // It may have waited long for its turn since it was opened.
    const before = fstatSync(fd)
    const { size } = before
    yield headOf(found, place, before)
    let failed: Error | undefined
    pending = readPiece(fd, 0, size)
    for (let offset = 0; offset < size; ) {
      signal.throwIfAborted()
      const piece = await pending
      if (piece instanceof Error) {
        failed = piece
        yield* zeros(size - offset, signal)
        break
      }
      offset += piece.length
      // Read while the piece before is being worked on.
      pending = readPiece(fd, offset, size)
      yield piece
    }
    await pending
    yield Buffer.alloc(tarPadding(size))
    for (const kind of setIdOf(before)) problems.add(kind, found.path)
    if (failed !== undefined) problems.add('unreadable', found.path, systemReason(failed))
    else if (hasChanged(fd, before)) problems.add('changed', found.path)
  } finally {
    await pending
    closeSync(fd)
  }
}

/** Never rejects, since nobody may be waiting when it fails. Zeros stand in for what is missing at the end. */
async function readPiece(fd: number, offset: number, size: number): Promise<Buffer | Error> {
  const piece = Buffer.allocUnsafe(Math.min(READ_SIZE, size - offset))
  try {
    const read = await readFully(fd, piece, offset)
    return piece.fill(0, read)
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

function hasChanged(fd: number, before: Stats): boolean {
  const after = fstatSync(fd)
  return after.size !== before.size || after.mtimeMs !== before.mtimeMs
}

function inodeOf({ nlink, dev, ino }: Stats): { readonly inode?: string } {
  return nlink > 1 ? { inode: `${dev}:${ino}` } : {}
}

function setIdOf({ mode }: Stats): readonly FileProblemKind[] {
  return (mode & SET_ID) === 0 ? [] : ['setid']
}

function headOf(found: FoundFile, place: (path: string) => string, { mode, mtimeMs, size, uid, gid }: Stats): Buffer {
  return encodeTarHead({ path: place(found.path), kind: 'file', mode, owner: { uid, gid }, mtime: mtimeMs, size })
}

async function* zeros(length: number, signal: AbortSignal): AsyncGenerator<Buffer> {
  for (let left = length; left > 0; left -= READ_SIZE) {
    signal.throwIfAborted()
    yield Buffer.alloc(Math.min(left, READ_SIZE))
  }
}

/** Opens some files ahead of the one whose turn it is; closes those whose turn never comes. */
async function* ahead(
  files: AsyncIterable<FoundFile>,
  openOne: (found: FoundFile) => Promise<Opened>,
): AsyncGenerator<Opened> {
  const window: Promise<Opened>[] = []
  try {
    for await (const found of files) {
      window.push(openOne(found))
      if (window.length < AHEAD) continue
      const first = window.shift()
      if (first !== undefined) yield await first
    }
    for (let first = window.shift(); first !== undefined; first = window.shift()) yield await first
  } finally {
    for (const opened of await Promise.all(window)) {
      if (opened.kind === 'stream') closeSync(opened.fd)
    }
  }
}
