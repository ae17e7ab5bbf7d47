/**
 * One chunk = one complete gzip member or zstd frame, so that a chunk can be read alone and `gunzip` or `zstd -d` read a
 * pack as one stream. Each pack starts with a confounder: a member without content that holds random bytes where they fill
 * the second cipher block (README, "Confounder").
 *
 *     gzip   1f 8b 08 04 | mtime 0 | 00 ff | xlen 24 | 'C' 'B' | len 20 | 20 random bytes | 03 00 | crc 0 | size 0
 *              4 bytes       4         2       2          2         2                          46 bytes in all
 *     zstd   50 2a 4d 18 | size 24 | 24 random bytes                                           32 bytes in all
 */
import { randomBytes } from 'node:crypto'
import { constants, gunzip, gzip, zstdCompress, zstdDecompress } from 'node:zlib'
import { ComebackError } from '../errors.ts'

export type CodecName = 'gzip' | 'zstd'

export interface Codec {
  readonly name: CodecName
  readonly extension: 'gz' | 'zst'
  readonly defaultLevel: number
  /** Lowest and highest level. */
  readonly levels: readonly [min: number, max: number]
  /** One chunk as one member, made on the thread pool. */
  compress(plain: Uint8Array, level: number): Promise<Buffer>
  /** One chunk back. `damaged` unless the input is whole and gives exactly `plainLength` bytes. */
  decompress(packed: Uint8Array, plainLength: number): Promise<Buffer>
  /** What a pack begins with: nothing when decompressed, never the same bytes twice. */
  confounder(): Buffer
}

const GZIP: Codec = {
  name: 'gzip',
  extension: 'gz',
  // The fastest whose chunks stay well within 1.1 times the size of `gzip -6` in one stream (README, "Measured").
  defaultLevel: 4,
  levels: [1, 9],
  compress: (plain, level) => run(gzip, plain, { level, memLevel: MEMORY, chunkSize: outputBound(plain.length) }),
  decompress: (packed, plainLength) => exactly(gunzip, packed, plainLength),
  confounder() {
    const head = Buffer.from('1f8b08040000000000ff180043421400', 'hex')
    const emptyBody = Buffer.from('03000000000000000000', 'hex')
    return Buffer.concat([head, randomBytes(20), emptyBody])
  },
}

const ZSTD: Codec = {
  name: 'zstd',
  extension: 'zst',
  defaultLevel: 3,
  levels: [1, 19],
  compress(plain, level) {
    const params = { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 }
    return run(zstdCompress, plain, {
      params,
      chunkSize: outputBound(plain.length),
      pledgedSrcSize: plain.length,
    })
  },
  decompress: (packed, plainLength) => exactly(zstdDecompress, packed, plainLength),
  confounder() {
    return Buffer.concat([Buffer.from('502a4d1818000000', 'hex'), randomBytes(24)])
  },
}

export function codecOf(name: CodecName): Codec {
  return name === 'gzip' ? GZIP : ZSTD
}

/** By the end of an object's name, `.gz.enc` or `.zst.enc`; `damaged` for any other. */
export function codecOfFile(fileName: string): Codec {
  const codec = [GZIP, ZSTD].find(({ extension }) => fileName.endsWith(`.${extension}.enc`))
  if (codec !== undefined) return codec
  throw new ComebackError('damaged', `"${fileName}" is no name of a pack: it ends neither in .gz.enc nor in .zst.enc.`)
}

/** Those of zlib's options that matter here, its two families in one. */
interface Options {
  readonly level?: number
  readonly memLevel?: number
  readonly params?: Record<number, number>
  readonly pledgedSrcSize?: number
  readonly chunkSize?: number
  readonly maxOutputLength?: number
  readonly info?: boolean
}
type Coder = (input: Uint8Array, options: Options, done: (error: Error | null, result: Buffer) => void) => void
/** What `info: true` makes of the result; the type declarations don't know it. */
type WithInfo = { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } }

/** zlib's most, half a megabyte a call: a few per cent faster than its default. */
const MEMORY = 9
/** Bytes. zlib's least. */
const MIN_OUTPUT = 64

/** So large that one trip to the thread pool does it, whatever the chunk. */
function outputBound(plainLength: number): number {
  return plainLength + (plainLength >>> 7) + MIN_OUTPUT
}

function run(coder: Coder, input: Uint8Array, options: Options): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    coder(input, options, (error, result) => (error === null ? resolve(result) : reject(error)))
  })
}

async function exactly(coder: Coder, packed: Uint8Array, plainLength: number): Promise<Buffer> {
  const { buffer, engine } = await expand(coder, packed, plainLength)
  // Node ignores zeros after the last gzip member and anything after the first zstd frame.
  if (engine.bytesWritten !== packed.length || buffer.length !== plainLength) throw notThatChunk()
  return buffer
}

async function expand(coder: Coder, packed: Uint8Array, limit: number): Promise<WithInfo> {
  // maxOutputLength stops a bomb; 0 would mean no limit. One byte of room more than is due saves a second trip.
  const options = { info: true, maxOutputLength: Math.max(1, limit), chunkSize: Math.max(MIN_OUTPUT, limit + 1) }
  try {
    return (await run(coder, packed, options)) as unknown as WithInfo
  } catch {
    // zlib's words say how far the bytes made sense; a range of a pack is decrypted before anything vouches for it, and whoever
    // changes the store and reads what is said of it would learn from them what the bytes decrypt to.
    throw notThatChunk()
  }
}

/** Whatever is wrong with the bytes of a chunk: whoever reads what is said must not learn which. */
export function notThatChunk(): ComebackError {
  return new ComebackError('damaged', 'The chunk is not the one that was written.', {
    hint: 'The object was damaged or exchanged in the store. Use another backup, and run `comeback check`.',
  })
}
