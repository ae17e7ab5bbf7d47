/**
 * A restored folder against the archive that it was restored from: every member's kind, size, SHA-256, mode, time and target,
 * and nothing beside them. The archive's bytes are checked against the backup's chunk ids as they are read, so what is
 * equal to them is what was backed up.
 *
 * Owners are not compared: the archive does not keep them.
 */
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, open, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { ProofFinding } from '../../engine/proof.ts'
import { KiB } from '../../format/sizes.ts'
import { checkMembers, type LeftOut, memberParts, staysInside } from '../member.ts'
import { readTar, type TarEntry } from '../tar-reader.ts'
import { KEPT_MODE } from '../tar-writer.ts'
import { isGone } from '../walk.ts'
import { gatherFileFindings } from './file-findings.ts'
import { type Standing, standingIn } from './standing.ts'

const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
/** Bytes of one read from the disk. */
const READ_SIZE = 256 * KiB

export interface CompareOptions {
  readonly directory: string
  /** As it was unpacked. */
  readonly modes: 'kept' | 'private'
  /** Paths that the restore itself makes. */
  readonly made: readonly string[]
  /** Told of plain bytes that were compared. */
  readonly advance: (bytes: number) => void
  /** Looks at a member that is not on the disk by intention; undefined for all others. */
  readonly elsewhere?: (path: string, content: AsyncIterable<Buffer>) => Promise<readonly ProofFinding[]> | undefined
}

export interface ComparedFolder {
  readonly files: number
  readonly folders: number
  readonly links: number
  /** Of the files. */
  readonly bytes: number
  readonly leftOut: readonly LeftOut[]
  readonly findings: readonly ProofFinding[]
}

/** Takes memory for each name. Throws `damaged` and `unsafe-archive` for the archive, and what the disk refuses. */
export async function compareFolder(
  archive: AsyncIterable<Uint8Array>,
  options: CompareOptions,
  signal: AbortSignal,
): Promise<ComparedFolder> {
  const { directory, made, elsewhere } = options
  const standing = await standingIn(directory, signal)
  const members = checkMembers()
  const found = gatherFileFindings()
  const others: ProofFinding[] = []
  const known = new Set(made)
  const folders = new Map<string, TarEntry>()
  const leftOut: LeftOut[] = []
  const counts = { files: 0, links: 0, bytes: 0 }
  for await (const entry of readTar(archive)) {
    signal.throwIfAborted()
    const parts = members.check(entry)
    const path = parts?.join('/') ?? ''
    if (parts === undefined || path === '') continue
    const looked = elsewhere?.(path, entry.content)
    if (looked !== undefined) {
      others.push(...(await looked))
      continue
    }
    for (let depth = parts.length - 1; depth > 0; depth--) known.add(parts.slice(0, depth).join('/'))
    if (entry.kind === 'link' && !staysInside(parts, entry.target)) {
      leftOut.push({ path, target: entry.target })
      continue
    }
    known.add(path)
    if (entry.kind === 'folder') {
      // One may be named several times; the last time counts.
      folders.set(path, entry)
      continue
    }
    if (entry.kind === 'link') counts.links++
    else {
      counts.files++
      counts.bytes += entry.size
    }
    await compare(path, entry)
  }
  leftOut.push(...members.reserved().map(path => ({ path })))
  for (const [path, entry] of folders) await compare(path, entry)
  for (const [path, { kind }] of standing) {
    if (!known.has(path)) found.add('file-extra', path, `${kindText(kind)} that the backup does not hold.`)
  }
  return { ...counts, folders: folders.size, leftOut, findings: [...found.list(), ...others] }

  async function compare(path: string, entry: TarEntry): Promise<void> {
    const there = standing.get(path)
    const differences = there === undefined ? undefined : await differencesOf(path, entry, there, standing, options)
    if (differences === undefined) found.add('file-missing', path, `${kindText(kindOf(entry))} that did not come back.`)
    else if (differences.length > 0) found.add('file-differs', path, `Not as it was backed up: ${list(differences)}.`)
  }
}

/** Undefined if it has gone in the meantime. */
async function differencesOf(
  path: string,
  entry: TarEntry,
  there: Standing,
  standing: ReadonlyMap<string, Standing>,
  options: CompareOptions,
): Promise<readonly string[] | undefined> {
  const kind = kindOf(entry)
  if (there.kind !== kind)
    return [`it is ${kindText(there.kind).toLowerCase()} and was ${kindText(kind).toLowerCase()}`]
  const absolute = join(options.directory, path)
  try {
    if (entry.kind === 'hard-link') {
      const same = standing.get(memberParts(entry.target).join('/'))?.ino === there.ino
      return same ? [] : [`it is no hard link to ${JSON.stringify(entry.target)}`]
    }
    return [
      ...(kind === 'file' ? await contentDifference(absolute, entry, there, options) : []),
      ...(kind === 'link' && !(await readlink(absolute, 'buffer')).equals(entry.targetBytes) ? ['its target'] : []),
      ...modeDifference(entry, there, options.modes),
      // Archives keep whole seconds.
      ...(Math.floor(there.mtime / 1000) === Math.floor(entry.mtime.getTime() / 1000) ? [] : ['its time']),
    ]
  } catch (error) {
    if (isGone(error)) return undefined
    throw error
  }
}

async function contentDifference(
  absolute: string,
  { size, content }: TarEntry,
  there: Standing,
  { advance }: CompareOptions,
): Promise<readonly string[]> {
  if (there.size !== size) return [`its content (${there.size} bytes, which were ${size})`]
  // Its mode has been noted; now its content must be readable, even if nobody may read it.
  if ((there.mode & 0o400) === 0) await chmod(absolute, 0o600)
  const stored = await sha256(content)
  const handle = await open(absolute, READ)
  const restored = await sha256(handle.createReadStream({ highWaterMark: READ_SIZE }))
  advance(size)
  return stored === restored ? [] : ['its content']
}

function modeDifference({ kind, mode }: TarEntry, there: Standing, modes: CompareOptions['modes']): readonly string[] {
  if (kind === 'link') return []
  const kept = kind === 'folder' ? mode & KEPT_MODE : mode & 0o777
  const wanted = modes === 'kept' ? kept : kind === 'folder' ? 0o700 : 0o600
  return there.mode === wanted ? [] : [`its mode (${octal(there.mode)}, which was ${octal(wanted)})`]
}

async function sha256(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of bytes) hash.update(piece)
  return hash.digest('hex')
}

function kindOf({ kind }: TarEntry): Standing['kind'] {
  return kind === 'folder' || kind === 'link' ? kind : 'file'
}

function kindText(kind: Standing['kind']): string {
  return kind === 'other' ? 'Something other than a file' : `A ${kind}`
}

function octal(mode: number): string {
  return mode.toString(8).padStart(3, '0')
}

function list(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`
}
