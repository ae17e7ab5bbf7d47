/**
 * Entries of a POSIX (pax) archive: one 512-byte header, preceded by an extended one where a name is long or not ASCII or a
 * size has no room; then the content, padded with zeros to whole blocks. Two blocks of zeros end the archive.
 *
 * Owners are not kept, since they mean nothing on another machine. That is why set-user-id and set-group-id bits are
 * not kept either: unpacked by root, a file would run as root that ran as somebody else.
 */
import { Header, Pax } from 'tar'

export const BLOCK = 512
export const ARCHIVE_END = Buffer.alloc(2 * BLOCK)

/** Permissions and the sticky bit. */
export const KEPT_MODE = 0o1777

export interface TarHead {
  /** Relative, joined by `/`, without a slash at its end. */
  readonly path: string
  readonly kind: 'file' | 'folder' | 'link' | 'hard-link'
  readonly mode: number
  /** Milliseconds since the epoch, kept in whole seconds. */
  readonly mtime: number
  /** Bytes of a file's content. */
  readonly size?: number
  /** What a link points at; of a hard link, a path in the archive. */
  readonly target?: string
}

const TYPES = { file: 'File', folder: 'Directory', link: 'SymbolicLink', 'hard-link': 'Link' } as const

export function encodeTarHead({ path, kind, mode, mtime, size = 0, target }: TarHead): Buffer {
  const data = {
    path: kind === 'folder' ? `${path}/` : path,
    type: TYPES[kind],
    mode: mode & KEPT_MODE,
    uid: 0,
    gid: 0,
    size,
    mtime: new Date(Math.floor(mtime / 1000) * 1000),
    ...(target === undefined ? {} : { linkpath: target }),
  }
  const header = new Header(data)
  const block = Buffer.alloc(BLOCK)
  if (!header.encode(block)) return block
  return Buffer.concat([new Pax(data).encode(), block])
}

/** Zeros after a content of that size. */
export function tarPadding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK
}
