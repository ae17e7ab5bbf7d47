/**
 * Entries of a POSIX (pax) archive: one 512-byte header, preceded by an extended one where a name is long or not ASCII or a
 * size has no room; then the content, padded with zeros to whole blocks. Two blocks of zeros end the archive.
 *
 * Owners are kept by number: a container's have no names where its files are backed up. Files that run as their owner or group
 * (set-user-id, set-group-id) lose that: an archive must not make programs that run as somebody else.
 */
import { isUtf8 } from 'node:buffer'
import { Header, Pax } from 'tar'
import { nameToBytes } from './file-name.ts'

export const BLOCK = 512
export const ARCHIVE_END = Buffer.alloc(2 * BLOCK)

/** Permissions and the sticky bit; of a folder also that what is made in it is its group's. */
export function keptMode(kind: 'file' | 'folder', mode: number): number {
  return mode & (kind === 'folder' ? MOST_MODE : 0o1777)
}

export const MOST_MODE = 0o3777

export interface Owner {
  readonly uid: number
  readonly gid: number
}

export interface TarHead {
  /** Relative, joined by `/`, without a slash at its end; as `file-name.ts` has names. */
  readonly path: string
  readonly kind: 'file' | 'folder' | 'link' | 'hard-link'
  readonly mode: number
  /** Root's if it is nobody's in particular. */
  readonly owner?: Owner
  /** Milliseconds since the epoch, kept in whole seconds. */
  readonly mtime: number
  /** Bytes of a file's content. */
  readonly size?: number
  /** What a link points at, in whatever bytes; of a hard link, a path in the archive. */
  readonly target?: string | Buffer
}

type HeaderData = Exclude<ConstructorParameters<typeof Header>[0], Buffer | undefined>

const TYPES = { file: 'File', folder: 'Directory', link: 'SymbolicLink', 'hard-link': 'Link' } as const

export function encodeTarHead({ path, kind, mode, owner, mtime, size = 0, target }: TarHead): Buffer {
  const data: HeaderData = {
    path: kind === 'folder' ? `${path}/` : path,
    type: TYPES[kind],
    mode: keptMode(kind === 'folder' ? 'folder' : 'file', mode),
    uid: owner?.uid ?? 0,
    gid: owner?.gid ?? 0,
    size,
    mtime: new Date(Math.floor(mtime / 1000) * 1000),
  }
  const pointsAt = typeof target === 'string' ? nameToBytes(target) : target
  if (!path.isWellFormed() || (pointsAt !== undefined && !isUtf8(pointsAt))) return withBinaryNames(data, pointsAt)
  if (pointsAt !== undefined) data.linkpath = pointsAt.toString()
  const header = new Header(data)
  const block = Buffer.alloc(BLOCK)
  if (!header.encode(block)) return block
  return Buffer.concat([new Pax(data).encode(), block])
}

/** In a POSIX archive, text is UTF-8 unless a record says that it is in no encoding (`hdrcharset=BINARY`). */
function withBinaryNames({ path = '', ...data }: HeaderData, target: Buffer | undefined): Buffer {
  const records = Buffer.concat([
    paxRecord('hdrcharset', Buffer.from('BINARY')),
    paxRecord('path', nameToBytes(path)),
    ...(target === undefined ? [] : [paxRecord('linkpath', target)]),
  ])
  const [extension, block] = [Buffer.alloc(BLOCK), Buffer.alloc(BLOCK)]
  new Header({ ...data, path: 'PaxHeader/name', type: 'ExtendedHeader', mode: 0o644, size: records.length }).encode(
    extension,
  )
  new Header({ ...data, path: 'name' }).encode(block)
  return Buffer.concat([extension, records, Buffer.alloc(tarPadding(records.length)), block])
}

/** `LENGTH KEY=VALUE\n`, whose length counts itself. */
function paxRecord(key: string, value: Buffer): Buffer {
  const rest = key.length + value.length + 3
  let length = rest + 1
  while (String(length).length + rest !== length) length++
  return Buffer.concat([Buffer.from(`${length} ${key}=`), value, Buffer.from('\n')])
}

/** Zeros after a content of that size. */
export function tarPadding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK
}
