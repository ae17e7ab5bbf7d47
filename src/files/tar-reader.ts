/**
 * Reads a tar stream entry by entry: ustar, pax and GNU long names. The `tar` package decodes the header blocks; the stream
 * is taken apart here, because that package keeps extended headers as text and splits them at line breaks, so names with
 * line breaks, or characters that lie across two pieces of the stream, would come out wrong.
 *
 * Every size that the stream declares is checked before memory is taken for it. Whatever is no well-formed archive is
 * `damaged`; whether what it says is harmless is not decided here.
 */
import { Header } from 'tar'
import { ComebackError } from '../errors.ts'
import { MiB } from '../format/sizes.ts'
import { nameFromBytes } from './file-name.ts'
import { BLOCK, type Owner, tarPadding } from './tar-writer.ts'

/** Where a header has an entry's path, and what a link points at. */
const NAME_FIELD = [0, 100] as const
const PREFIX_FIELD = [345, 500] as const
const LINK_FIELD = [157, 257] as const
/** Extended headers and long names. Path names end at 4096 bytes. */
/** The last of 32 bits means nobody in particular. */
const MOST_ID = 2 ** 32 - 1
const EXTENDED_LIMIT = 1 * MiB

export interface TarEntry {
  readonly path: string
  readonly kind: 'file' | 'folder' | 'link' | 'hard-link' | 'device' | 'other'
  readonly mode: number
  readonly owner: Owner
  readonly mtime: Date
  /** Bytes of the content. */
  readonly size: number
  /** What a link or hard link points at; empty otherwise. */
  readonly target: string
  /** The same as it stands there: that of a link may be in no encoding. */
  readonly targetBytes: Buffer
  /** To be read, if at all, before the next entry is asked for. */
  readonly content: AsyncIterable<Buffer>
}

const KINDS: Readonly<Record<string, TarEntry['kind']>> = {
  File: 'file',
  OldFile: 'file',
  ContiguousFile: 'file',
  Directory: 'folder',
  SymbolicLink: 'link',
  Link: 'hard-link',
  CharacterDevice: 'device',
  BlockDevice: 'device',
  FIFO: 'device',
}

interface Overrides {
  path?: string
  target?: Buffer
  size?: number
  mtime?: Date
}

export async function* readTar(stream: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry> {
  const bytes = new ByteReader(stream)
  let overrides: Overrides = {}
  try {
    for (;;) {
      const block = await bytes.take(BLOCK)
      const header = headerOf(block)
      if (isZero(block)) break
      if (!header.cksumValid) throw damaged('a header with a wrong checksum')
      const size = checkedSize(header.size)
      switch (header.type) {
        case 'ExtendedHeader':
        case 'OldExtendedHeader':
          overrides = { ...overrides, ...parseExtended(await extension(bytes, size)) }
          break
        case 'GlobalExtendedHeader':
          // Comments, and defaults of fields that are not taken from an archive anyway.
          await extension(bytes, size)
          break
        case 'NextFileHasLongPath':
        case 'OldGnuLongPath':
          overrides.path = nameFromBytes(upToZero(await extension(bytes, size)))
          break
        case 'NextFileHasLongLinkpath':
          overrides.target = upToZero(await extension(bytes, size))
          break
        default: {
          const left = { bytes: overrides.size ?? size }
          const padding = tarPadding(left.bytes)
          // A copy: whoever keeps it would keep the whole piece of the stream that it lies in.
          const target = Buffer.from(overrides.target ?? upToZero(block.subarray(...LINK_FIELD)))
          const path = overrides.path ?? pathOf(block, header)
          const named = KINDS[header.type ?? ''] ?? 'other'
          const kind = named === 'file' && path.endsWith('/') ? 'folder' : named
          // Programs disagree on whether content follows then, and so on what the next entry is.
          if (left.bytes > 0 && kind !== 'file' && kind !== 'other') throw damaged(`a ${kind} that has a content`)
          yield {
            path,
            kind,
            mode: header.mode ?? 0,
            owner: { uid: checkedId(header.uid), gid: checkedId(header.gid) },
            mtime: overrides.mtime ?? header.mtime ?? new Date(0),
            size: left.bytes,
            target: nameFromBytes(target),
            targetBytes: target,
            content: bytes.upTo(left),
          }
          overrides = {}
          await bytes.skip(left.bytes + padding)
        }
      }
    }
    if (!isZero(await bytes.take(BLOCK))) throw damaged('a block of zeros in its middle')
    // To the end, since whoever supplies the bytes may check them only there.
    await bytes.drain()
  } finally {
    await bytes.close()
  }
}

/** The parser throws errors of its own for numbers that it cannot read. */
function headerOf(block: Buffer): Header {
  try {
    return new Header(block)
  } catch (cause) {
    throw damaged('a header with a field that is no number', cause)
  }
}

/** Takes exact numbers of bytes from pieces of any size. */
class ByteReader {
  readonly #pieces: AsyncIterator<Uint8Array>
  #piece: Buffer = Buffer.alloc(0)

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#pieces = stream[Symbol.asyncIterator]()
  }

  async take(length: number): Promise<Buffer> {
    if (this.#piece.length >= length) return this.#some(length)
    const parts: Buffer[] = []
    for (let left = length; left > 0; ) {
      await this.#fill()
      const part = this.#some(left)
      parts.push(part)
      left -= part.length
    }
    return Buffer.concat(parts, length)
  }

  /** As it comes, counting down what is left, so that the rest can be skipped if the reader stops early. */
  async *upTo(left: { bytes: number }): AsyncGenerator<Buffer> {
    while (left.bytes > 0) {
      await this.#fill()
      const part = this.#some(left.bytes)
      left.bytes -= part.length
      yield part
    }
  }

  async skip(length: number): Promise<void> {
    for (let left = length; left > 0; ) {
      await this.#fill()
      left -= this.#some(left).length
    }
  }

  async drain(): Promise<void> {
    for (let next = await this.#pieces.next(); !next.done; next = await this.#pieces.next());
  }

  async close(): Promise<void> {
    await this.#pieces.return?.()
  }

  #some(most: number): Buffer {
    const part = this.#piece.subarray(0, most)
    this.#piece = this.#piece.subarray(part.length)
    return part
  }

  async #fill(): Promise<void> {
    while (this.#piece.length === 0) {
      const next = await this.#pieces.next()
      if (next.done) throw damaged('no end: it was cut short')
      this.#piece = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.length)
    }
  }
}

async function extension(bytes: ByteReader, size: number): Promise<Buffer> {
  if (size > EXTENDED_LIMIT) throw damaged(`an extended header of ${size} bytes`)
  const content = await bytes.take(size)
  await bytes.skip(tarPadding(size))
  return content
}

/** Records of `LENGTH KEY=VALUE\n`; the length counts the whole record, in bytes. */
function parseExtended(content: Buffer): Overrides {
  const found: Overrides = {}
  for (let offset = 0; offset < content.length; ) {
    const blank = content.indexOf(' ', offset)
    const length = blank < 0 ? Number.NaN : Number(content.toString('latin1', offset, blank))
    const end = offset + length
    const equals = content.indexOf('=', blank)
    const wellFormed = Number.isSafeInteger(length) && end <= content.length && content[end - 1] === 0x0a
    if (!wellFormed || equals < 0 || equals >= end) throw damaged('an extended header that is no list of records')
    const key = content.toString('utf8', blank + 1, equals)
    const value = content.toString('utf8', equals + 1, end - 1)
    if (key === 'path') found.path = nameFromBytes(content.subarray(equals + 1, end - 1))
    else if (key === 'linkpath') found.target = content.subarray(equals + 1, end - 1)
    else if (key === 'size') found.size = checkedSize(/^\d+$/.test(value) ? Number(value) : undefined)
    else if (key === 'mtime') found.mtime = time(value)
    else if (key.startsWith('GNU.sparse.')) throw unsupported()
    offset = end
  }
  return found
}

/** That package takes text for UTF-8 and loses what is none. */
function pathOf(block: Buffer, { path = '' }: Header): string {
  if (!path.includes('\ufffd')) return path
  const [name, prefix] = [NAME_FIELD, PREFIX_FIELD].map(field => upToZero(block.subarray(...field)))
  const isUstar = block.toString('latin1', 257, 265) === 'ustar\u000000'
  return nameFromBytes(
    isUstar && prefix !== undefined && prefix.length > 0
      ? Buffer.concat([prefix, Buffer.from('/'), name ?? prefix])
      : (name ?? block),
  )
}

/** Root's where it says nothing that a system could have. */
function checkedId(id: number | undefined): number {
  return id !== undefined && Number.isSafeInteger(id) && id >= 0 && id < MOST_ID ? id : 0
}

function checkedSize(size: number | undefined): number {
  if (size !== undefined && Number.isSafeInteger(size) && size >= 0) return size
  throw damaged('an entry of impossible size')
}

function time(value: string): Date {
  const date = new Date(Number(value) * 1000)
  if (Number.isNaN(date.getTime())) throw damaged(`an impossible time, ${value}`)
  return date
}

/** GNU's long names end with a zero byte; fields of a header are filled up with them. */
function upToZero(field: Buffer): Buffer {
  const end = field.indexOf(0)
  return end < 0 ? field : field.subarray(0, end)
}

function isZero(block: Buffer): boolean {
  return block.every(byte => byte === 0)
}

function damaged(what: string, cause?: unknown): ComebackError {
  return new ComebackError('damaged', `The archive has ${what}.`, { hint: 'Restore another backup.', cause })
}

function unsupported(): ComebackError {
  return new ComebackError('unsupported', 'The archive has files with holes in a form of GNU tar.', {
    hint: 'Unpack it with GNU tar.',
  })
}
