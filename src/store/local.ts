/**
 * A folder as a store: `file:DIR`. Folders are made as needed, for their owner alone. Whatever an object's name could
 * name counts as one; files whose names begin with a dot do not.
 *
 * The folder itself may be a symbolic link (to a bigger disk, say); links inside it are neither followed nor listed.
 */
import { close, constants, fstatSync, open, read, readlinkSync } from 'node:fs'
import { link, realpath, unlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { ComebackError } from '../errors.ts'
import { MiB } from '../format/sizes.ts'
import { attempting, checkCancelled, systemCode, tolerating } from './local-error.ts'
import { areFolders, folderEntries, makeFolders, presence, removeEmpty, sweep } from './local-folders.ts'
import { createFile, type HardLink } from './local-write.ts'
import { checkObjectName, isObjectName } from './object-name.ts'
import type { ByteRange, ObjectInfo, Store } from './store.ts'

// Plain descriptors, and no thread for what is but a look at an open file: of ten thousand manifests most of the cost is this.
const openFd = promisify(open)
const readFd = promisify(read)
const closeFd = promisify(close)

/** Each lane holds two. */
const PACK_SIZE = 8 * MiB
/** Between two looks at the signal. */
const READ_SIZE = 4 * MiB

/** Folders that a list reads before their turn. */
const FOLDERS_AHEAD = 16

/** An unfinished file this old (ms) was left by a process that was killed: a put takes seconds. */
const STALE = 24 * 60 * 60 * 1000

/** Another process's delete may remove a folder that has become empty just before this one uses it. */
const FOLDER_ATTEMPTS = 5

export interface LocalStoreOptions {
  readonly packSize?: number
  /** Milliseconds since the epoch. */
  readonly now?: () => number
  /** Makes hard links, which some file systems (exFAT, some network shares) refuse. */
  readonly link?: HardLink
}

/** The store's folder, and where that is without links, once it was asked for. */
interface RealRoot {
  readonly given: string
  real: string | undefined
}

/** Reading from a folder that doesn't exist finds nothing; the first put makes it. */
export function openLocalStore(directory: string, options: LocalStoreOptions = {}): Store {
  const root = resolve(directory)
  const { packSize = PACK_SIZE, now = Date.now, link: hardLink = link } = options
  const place: RealRoot = { given: root, real: undefined }
  let swept = false

  return {
    location: `file:${directory}`,
    place: `${hostname()} ${root}`,
    packSize,

    async *list(prefix, signal) {
      const parts = prefix.split('/').slice(0, -1)
      if (parts.length > 0 && !isObjectName(parts.join('/'))) return
      const exists = await attempting(`list ${root}`, () => areFolders(root, parts))
      if (exists) yield* walk(root, parts, prefix, signal)
    },

    async put(name, body, signal) {
      checkObjectName(name)
      checkCancelled(signal)
      await attempting(`write ${join(root, name)}`, async () => {
        if (!swept) await sweep(root, now() - STALE)
        swept = true
        const parts = name.split('/').slice(0, -1)
        let made: string | undefined
        try {
          for (let attempt = 1; ; attempt++) {
            made = (await makeFolders(root, parts)) ?? made
            const codes = attempt < FOLDER_ATTEMPTS ? ['ENOENT'] : []
            if (await tolerating(codes, () => createFile(join(root, name), body, hardLink, signal))) return
          }
        } catch (error) {
          await removeEmpty(root, parts, made)
          throw error
        }
      })
    },

    async get(name, { range, limit, signal } = {}) {
      checkObjectName(name)
      checkCancelled(signal)
      return await attempting(`read ${join(root, name)}`, async () => {
        const { fd, size } = await openObject(place, name)
        try {
          if (limit !== undefined && size > limit) {
            throw damaged(root, name, `is ${size} bytes long, though it can't have more than ${limit}`)
          }
          return await readRange(fd, range ?? { offset: 0, length: size }, size, signal, problem =>
            damaged(root, name, problem),
          )
        } finally {
          await closeFd(fd)
        }
      })
    },

    async stat(name, signal) {
      checkObjectName(name)
      checkCancelled(signal)
      return await attempting(`look at ${join(root, name)}`, async () => {
        const inFolders = await areFolders(root, name.split('/').slice(0, -1))
        const stats = inFolders ? await presence(join(root, name)) : undefined
        if (stats === undefined || !stats.isFile()) throw notFound(root, name)
        return { name, size: stats.size, writtenAt: stats.mtime }
      })
    },

    async delete(name, signal) {
      checkObjectName(name)
      checkCancelled(signal)
      await attempting(`delete ${join(root, name)}`, async () => {
        const parts = name.split('/').slice(0, -1)
        if (!(await areFolders(root, parts))) return
        await tolerating(['ENOENT'], () => unlink(join(root, name)))
        await removeEmpty(root, parts)
      })
    },

    async tidy(signal) {
      checkCancelled(signal)
      await attempting(`tidy ${root}`, () => sweep(root, now() - STALE))
    },
  }
}

/** In the order of names. The next folders are read ahead: of ten thousand each has few files, and each look takes a way of its own. */
async function* walk(
  root: string,
  parts: readonly string[],
  prefix: string,
  signal: AbortSignal | undefined,
  listed = contents(root, parts, prefix, signal),
): AsyncGenerator<ObjectInfo> {
  const found = await listed
  const folders = found.filter(({ file }) => file === undefined)
  const ahead = new Map<string, ReturnType<typeof contents>>()
  let next = 0
  try {
    for (const { name, file } of found) {
      checkCancelled(signal)
      if (file !== undefined) {
        yield file
        continue
      }
      for (; ahead.size < FOLDERS_AHEAD && next < folders.length; next++) {
        const folder = folders[next]?.name ?? ''
        const reading = contents(root, folder.split('/'), prefix, signal)
        // Awaited in its turn; until then a failure must not count as unhandled.
        reading.catch(() => undefined)
        ahead.set(folder, reading)
      }
      const own = ahead.get(name)
      yield* walk(root, name.split('/'), prefix, signal, own)
      ahead.delete(name)
    }
  } finally {
    await Promise.allSettled(ahead.values())
  }
}

/** What lies in one folder, in order, as far as names can begin with the prefix. */
async function contents(
  root: string,
  parts: readonly string[],
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<readonly { readonly name: string; readonly file?: ObjectInfo }[]> {
  checkCancelled(signal)
  const folder = join(root, ...parts)
  const entries = await attempting(`list ${folder}`, () => folderEntries(folder))
  const found = await Promise.all(
    entries.map(async ({ name: last, isFolder }) => {
      const name = [...parts, last].join('/')
      if (!isObjectName(name) || !(isFolder ? `${name}/` : name).startsWith(prefix)) return []
      if (isFolder) return [{ name }]
      const stats = await attempting(`look at ${join(root, name)}`, () => presence(join(root, name)))
      return stats?.isFile() ? [{ name, file: { name, size: stats.size, writtenAt: stats.mtime } }] : []
    }),
  )
  return found.flat()
}

async function openObject(root: RealRoot, name: string): Promise<{ readonly fd: number; readonly size: number }> {
  const path = join(root.given, name)
  try {
    // Without O_NONBLOCK, opening a pipe that lies there would wait for ever.
    const fd = await openFd(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const stats = fstatSync(fd)
    if (stats.isFile() && (await isWithoutLinks(root, name, fd))) return { fd, size: stats.size }
    await closeFd(fd)
  } catch (error) {
    if (!['ENOENT', 'ELOOP', 'ENXIO'].includes(systemCode(error) ?? '')) throw error
  }
  throw notFound(root.given, name)
}

/** No folder on the way may be a link. The system knows where an open file lies, which saves a look at each of them. */
async function isWithoutLinks(root: RealRoot, name: string, fd: number): Promise<boolean> {
  if (process.platform === 'linux') {
    root.real ??= await realpath(root.given)
    if (placeOf(fd) === join(root.real, name)) return true
  }
  return areFolders(root.given, name.split('/').slice(0, -1))
}

function placeOf(fd: number): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    // Not every system has it mounted.
    return undefined
  }
}

async function readRange(
  fd: number,
  { offset, length }: ByteRange,
  size: number,
  signal: AbortSignal | undefined,
  damage: (problem: string) => ComebackError,
): Promise<Uint8Array> {
  // Checked before the buffer is made, since the range may come from a damaged index.
  if (offset + length > size) throw damage(`ends after ${size} bytes, though ${offset + length} should be there`)
  const bytes = Buffer.allocUnsafeSlow(length)
  for (let filled = 0; filled < length; ) {
    checkCancelled(signal)
    const { bytesRead } = await readFd(fd, bytes, filled, Math.min(length - filled, READ_SIZE), offset + filled)
    if (bytesRead === 0) throw damage(`ended after ${offset + filled} bytes while it was being read`)
    filled += bytesRead
  }
  return bytes
}

function notFound(root: string, name: string): ComebackError {
  return new ComebackError('not-found', `There is no ${join(root, name)}.`)
}

function damaged(root: string, name: string, problem: string): ComebackError {
  return new ComebackError('damaged', `${join(root, name)} ${problem}.`, {
    hint: 'It was cut short, replaced or overwritten. Restore an older backup, or take the file from another copy of the store.',
  })
}
