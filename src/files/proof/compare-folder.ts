/**
 * A restored folder against the archive that it was restored from: every member's kind, size, SHA-256, mode, time and target,
 * and nothing beside them. The archive's bytes are checked against the backup's chunk ids as they are read, so what is
 * equal to them is what was backed up.
 *
 * Owners are compared where root restored: nobody else can give files away.
 */
import { chmod, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { ProofFinding } from '../../engine/proof.ts'
import { onDisk } from '../file-name.ts'
import { checkMembers, type LeftOut, memberParts, staysInside } from '../member.ts'
import { readTar, type TarEntry } from '../tar-reader.ts'
import { keptMode } from '../tar-writer.ts'
import { isGone } from '../walk.ts'
import { gatherFileFindings } from './file-findings.ts'
import { type OpenFile, openFile, sha256OfStream } from './file-hash.ts'
import { openFolders, type Standing, standingAt, standingOf, walkStanding } from './standing.ts'

/** Members compared side by side: waiting for the disk in turn would take most of the time. */
const IN_FLIGHT = 16

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

/** A member without its content, which is gone when the next one is read. */
interface Member extends Pick<TarEntry, 'kind' | 'mode' | 'owner' | 'mtime' | 'size' | 'target' | 'targetBytes'> {
  /** SHA-256 of a file. */
  readonly content?: string
}

/** Of a member that is not there, undefined. */
type Differences = readonly string[] | undefined

interface Comparison {
  readonly path: string
  readonly kind: Standing['kind']
  readonly differences: Promise<Differences>
}

/** Takes memory for each name, as whoever checks members does. Throws `damaged` and `unsafe-archive` for the archive, and what the disk refuses. */
export async function compareFolder(
  archive: AsyncIterable<Uint8Array>,
  options: CompareOptions,
  signal: AbortSignal,
): Promise<ComparedFolder> {
  const { directory, made, elsewhere } = options
  const opened = await openFolders(directory, signal)
  const members = checkMembers()
  const found = gatherFileFindings()
  const others: ProofFinding[] = []
  const folders = new Map<string, Member>()
  const leftOut: LeftOut[] = []
  /** Members that are not to stand there. */
  const aside = new Set<string>()
  const counts = { files: 0, links: 0, bytes: 0 }
  /** Told in the order of the archive. */
  const waiting: Comparison[] = []
  try {
    for await (const entry of readTar(archive)) {
      signal.throwIfAborted()
      const parts = members.check(entry)
      const path = parts?.join('/') ?? ''
      if (parts === undefined || path === '') continue
      const looked = elsewhere?.(path, entry.content)
      if (looked !== undefined) {
        others.push(...(await looked))
        aside.add(path)
        continue
      }
      if (entry.kind === 'link' && !staysInside(parts, entry.target)) {
        leftOut.push({ path, target: entry.target })
        aside.add(path)
        continue
      }
      const member = await withoutContent(entry)
      if (entry.kind === 'folder') {
        // One may be named several times; the last time counts.
        folders.set(path, member)
        continue
      }
      if (entry.kind === 'link') counts.links++
      else {
        counts.files++
        counts.bytes += entry.size
      }
      waiting.push(compare(path, member))
      if (waiting.length >= IN_FLIGHT) await tell(waiting.shift())
    }
    while (waiting.length > 0) await tell(waiting.shift())
  } finally {
    // Whoever removes the folder afterwards must find nobody at work in it.
    await Promise.allSettled(waiting.map(({ differences }) => differences))
  }
  leftOut.push(...members.reserved().map(path => ({ path })))
  for (const [path, member] of folders) await tell(compare(path, member))
  for await (const { path, kind } of walkStanding(directory, signal)) {
    if (made.includes(path) || (members.knows(path) && !aside.has(path))) continue
    found.add('file-extra', path, `${kindText(kind)} that the backup does not hold.`)
  }
  return { ...counts, folders: folders.size, leftOut, findings: [...found.list(), ...others] }

  function compare(path: string, member: Member): Comparison {
    const differences = differencesOf(path, member, opened, options)
    // Awaited in its turn; until then a failure must not count as unhandled.
    differences.catch(() => undefined)
    return { path, kind: kindOf(member), differences }
  }

  async function tell(comparison: Comparison | undefined): Promise<void> {
    if (comparison === undefined) return
    const { path, kind } = comparison
    const differences = await comparison.differences
    if (differences === undefined) found.add('file-missing', path, `${kindText(kind)} that did not come back.`)
    else if (differences.length > 0) found.add('file-differs', path, `Not as it was backed up: ${list(differences)}.`)
  }
}

async function withoutContent({
  kind,
  mode,
  owner,
  mtime,
  size,
  target,
  targetBytes,
  content,
}: TarEntry): Promise<Member> {
  const member = { kind, mode, owner, mtime, size, target, targetBytes }
  return kind === 'file' ? { ...member, content: await sha256OfStream(content) } : member
}

async function differencesOf(
  path: string,
  member: Member,
  opened: ReadonlyMap<string, number>,
  options: CompareOptions,
): Promise<Differences> {
  const absolute = join(options.directory, path)
  const file = member.kind === 'file' ? await openFile(absolute) : undefined
  try {
    const now = file === undefined ? await standingAt(options.directory, path) : standingOf(file.stats)
    if (now === undefined) return undefined
    const there = { ...now, mode: opened.get(path) ?? now.mode }
    const kind = kindOf(member)
    if (there.kind !== kind)
      return [`it is ${kindText(there.kind).toLowerCase()} and was ${kindText(kind).toLowerCase()}`]
    if (member.kind === 'hard-link') {
      const same = (await standingAt(options.directory, memberParts(member.target).join('/')))?.ino === there.ino
      return same ? [] : [`it is no hard link to ${JSON.stringify(member.target)}`]
    }
    return [
      ...(kind === 'file' ? await contentDifference(absolute, file, member, there, options) : []),
      ...(kind === 'link' && !(await readlink(onDisk(absolute), 'buffer')).equals(member.targetBytes)
        ? ['its target']
        : []),
      ...modeDifference(member, there, options.modes),
      ...ownerDifference(member, there, options.modes),
      // Archives keep whole seconds.
      ...(Math.floor(there.mtime / 1000) === Math.floor(member.mtime.getTime() / 1000) ? [] : ['its time']),
    ]
  } catch (error) {
    if (isGone(error)) return undefined
    throw error
  } finally {
    file?.close()
  }
}

async function contentDifference(
  absolute: string,
  file: OpenFile | undefined,
  { size, content }: Member,
  there: Standing,
  { advance }: CompareOptions,
): Promise<readonly string[]> {
  if (there.size !== size) return [`its content (${there.size} bytes, which were ${size})`]
  const restored = await (file === undefined ? hashClosed(absolute) : file.hash())
  advance(size)
  return content === restored ? [] : ['its content']
}

/** Its mode, which has been noted, may keep its own owner from reading it. */
async function hashClosed(absolute: string): Promise<string> {
  await chmod(onDisk(absolute), 0o600)
  const file = await openFile(absolute)
  if (file === undefined) throw new Error(`EACCES: permission denied, open '${absolute}'`)
  try {
    return await file.hash()
  } finally {
    file.close()
  }
}

function modeDifference({ kind, mode }: Member, there: Standing, modes: CompareOptions['modes']): readonly string[] {
  if (kind === 'link') return []
  const kept = kind === 'folder' ? keptMode('folder', mode) : mode & 0o777
  const wanted = modes === 'kept' ? kept : kind === 'folder' ? 0o700 : 0o600
  return there.mode === wanted ? [] : [`its mode (${octal(there.mode)}, which was ${octal(wanted)})`]
}

function ownerDifference({ owner }: Member, { uid, gid }: Standing, modes: CompareOptions['modes']): readonly string[] {
  if (modes === 'private' || process.geteuid?.() !== 0 || (uid === owner.uid && gid === owner.gid)) return []
  return [`its owner (${uid}:${gid}, which was ${owner.uid}:${owner.gid})`]
}

function kindOf({ kind }: Pick<TarEntry, 'kind'>): Standing['kind'] {
  return kind === 'folder' || kind === 'link' ? kind : 'file'
}

function kindText(kind: Standing['kind']): string {
  return kind === 'special' ? 'Something other than a file' : `A ${kind}`
}

function octal(mode: number): string {
  return mode.toString(8).padStart(3, '0')
}

function list(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`
}
