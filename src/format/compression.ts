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
  /** A whole run of members, the confounder among them (an index, say). `damaged` beyond `limit` bytes of plaintext. */
  decompressRun(packed: Uint8Array, limit: number): Promise<Buffer>
  /** What a pack begins with: nothing when decompressed, never the same bytes twice. */
  confounder(): Buffer
}

const GZIP: Codec = {
  name: 'gzip',
  extension: 'gz',
  defaultLevel: 1,
  levels: [1, 9],
  compress: (plain, level) => run(gzip, plain, { level, chunkSize: outputBound(plain.length) }),
  decompress: (packed, plainLength) => exactly(gunzip, packed, plainLength),
  decompressRun: (packed, limit) => atMost(gunzip, packed, limit),
  confounder() {
    const head = Buffer.from('1f8b08040000000000ff180043421400', 'hex')
    const emptyBody = Buffer.from('03000000000000000000', 'hex')
    return Buffer.concat([head, randomBytes(20), emptyBody])
  },
}

const ZSTD: Codec = {
  name: 'zstd',
  extension: 'zst',
  defaultLevel: 1,
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
  decompressRun: (packed, limit) => atMost(zstdDecompress, packed, limit),
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
  readonly params?: Record<number, number>
  readonly pledgedSrcSize?: number
  readonly chunkSize?: number
  readonly maxOutputLength?: number
  readonly info?: boolean
}
type Coder = (input: Uint8Array, options: Options, done: (error: Error | null, result: Buffer) => void) => void
/** What `info: true` makes of the result; the type declarations don't know it. */
type WithInfo = { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } }

/** Bytes. zlib's least. */
const MIN_OUTPUT = 64
/** Runs come in pieces of this many bytes. */
const RUN_PIECE = 1024 * 1024

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
  const { plain, used } = await expand(coder, packed, plainLength, Math.max(MIN_OUTPUT, plainLength + 1))
  if (used !== packed.length) throw damaged(`Only ${used} of its ${packed.length} bytes are one compressed chunk.`)
  if (plain.length !== plainLength) throw damaged(`It holds ${plain.length} bytes instead of ${plainLength}.`)
  return plain
}

/** Node reads all members of a gzip stream in one go, but one zstd frame at a time. */
async function atMost(coder: Coder, packed: Uint8Array, limit: number): Promise<Buffer> {
  const parts: Buffer[] = []
  let length = 0
  for (let offset = 0; offset < packed.length; ) {
    const { plain, used } = await expand(coder, packed.subarray(offset), limit - length, RUN_PIECE)
    if (used === 0) throw damaged(`What stands at byte ${offset} is no compressed data.`)
    parts.push(plain)
    length += plain.length
    offset += used
  }
  return Buffer.concat(parts, length)
}

/** Node ignores some kinds of garbage after the last member, so the caller must look at how much was `used`. */
async function expand(
  coder: Coder,
  packed: Uint8Array,
  limit: number,
  chunkSize: number,
): Promise<{ readonly plain: Buffer; readonly used: number }> {
  try {
    // A limit of 0 is none to zlib.
    const options = { info: true, maxOutputLength: Math.max(1, limit), chunkSize }
    const { buffer, engine } = (await run(coder, packed, options)) as unknown as WithInfo
    if (buffer.length > limit) throw new RangeError(`more than ${limit} bytes`)
    return { plain: buffer, used: engine.bytesWritten }
  } catch (cause) {
    throw damaged(cause instanceof Error ? `${cause.message}.` : '', cause)
  }
}

function damaged(what: string, cause?: unknown): ComebackError {
  return new ComebackError('damaged', `Compressed bytes could not be read. ${what}`, {
    hint: 'The object was damaged or exchanged in the store. Use another backup, and run `comeback check`.',
    cause,
  })
}
