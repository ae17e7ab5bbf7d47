/**
 * The index: which chunks make up which segment, and where they lie. Stored encrypted like a pack.
 *
 *      0          8         12          16       20
 *     +----------+---------+-----------+--------+-----------+---------+----------+------------+-------------+------------+
 *     | COMEBACK | version | JSON size | chunks | JSON text | ids     | packs    | offsets    | lengths     | plain      |
 *     | 8 bytes  | 1       | J         | n      | J bytes   | n x 16  | n x 4    | n x 4      | n x 4       | n x 4      |
 *     +----------+---------+-----------+--------+-----------+---------+----------+------------+-------------+------------+
 *
 * Numbers are 32 bits, unsigned, little-endian. The columns stand one after the other because that compresses better than
 * records would, and is copied straight into memory: 32 bytes a chunk, here as there.
 */
import * as v from 'valibot'
import { ComebackError } from '../errors.ts'
import { isBackupId } from './backup-id.ts'
import { CHUNK_ID_BYTES } from './chunk-id.ts'
import type { Json, Segment, SegmentGroup } from './segment.ts'
import { MiB } from './sizes.ts'

export interface IndexSegment extends Segment {
  /** Its chunks are those at [first, first + count). */
  readonly first: number
  readonly count: number
}

export interface IndexPack {
  readonly backup: string
  readonly name: string
}

export interface ChunkRef {
  /** 16 bytes. */
  readonly id: Buffer
  /** Position in the index's packs. */
  readonly pack: number
  /** Of the compressed chunk in the decrypted pack. */
  readonly offset: number
  /** Compressed bytes. */
  readonly length: number
  /** Plain bytes. */
  readonly plain: number
}

export interface BackupIndex {
  /** The Source's, about the whole backup. */
  readonly detail: Json
  readonly segments: readonly IndexSegment[]
  readonly packs: readonly IndexPack[]
  readonly chunks: ChunkTable
}

const MAGIC = Buffer.from('COMEBACK', 'latin1')
const VERSION = 1
const HEADER = 20
const RECORD = CHUNK_ID_BYTES + 4 * 4
/** Bytes. A reader takes this much memory for one chunk and no more, whatever an index says. */
const CHUNK_LIMIT = 16 * MiB
const FIRST_CAPACITY = 1024
const IS_LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1

type Columns = readonly [packs: Uint32Array, offsets: Uint32Array, lengths: Uint32Array, plains: Uint32Array]

/** References to chunks in columns: 32 bytes each instead of an object each. Only ever grows. */
export class ChunkTable {
  #length = 0
  #ids: Buffer
  #columns: Columns

  constructor(capacity = FIRST_CAPACITY) {
    this.#ids = Buffer.alloc(capacity * CHUNK_ID_BYTES)
    this.#columns = columns(() => new Uint32Array(capacity))
  }

  get length(): number {
    return this.#length
  }

  /** Returns the position. */
  push(ref: ChunkRef): number {
    if (ref.id.length !== CHUNK_ID_BYTES) throw new RangeError(`A chunk id of ${ref.id.length} bytes`)
    if (ref.offset >>> 0 !== ref.offset) throw new RangeError(`${ref.offset} is too far into a pack`)
    if (this.#length === this.#columns[0].length) this.#grow()
    const position = this.#length++
    this.#ids.set(ref.id, position * CHUNK_ID_BYTES)
    const [packs, offsets, lengths, plains] = this.#columns
    packs[position] = ref.pack
    offsets[position] = ref.offset
    lengths[position] = ref.length
    plains[position] = ref.plain
    return position
  }

  /** The id is a view of the table: not to be changed. */
  at(position: number): ChunkRef {
    const [packs, offsets, lengths, plains] = this.#columns
    const id = this.#ids.subarray(position * CHUNK_ID_BYTES, (position + 1) * CHUNK_ID_BYTES)
    return {
      id,
      pack: this.#number(packs, position),
      offset: this.#number(offsets, position),
      length: this.#number(lengths, position),
      plain: this.#number(plains, position),
    }
  }

  /** Plain bytes of the chunks at [first, first + count). */
  plainBytes(first: number, count: number): number {
    let bytes = 0
    for (let i = first; i < first + count; i++) bytes += this.#number(this.#columns[3], i)
    return bytes
  }

  /** The position of the first chunk that is not as it should be, or -1. */
  findIndex(isWrong: (pack: number, length: number, plain: number) => boolean): number {
    const [packs, , lengths, plains] = this.#columns
    for (let i = 0; i < this.#length; i++) {
      if (isWrong(packs[i] as number, lengths[i] as number, plains[i] as number)) return i
    }
    return -1
  }

  /** The columns as they are stored, one after the other. */
  encode(): Buffer {
    const n = this.#length
    const ids = this.#ids.subarray(0, n * CHUNK_ID_BYTES)
    return Buffer.concat([ids, ...this.#columns.map(column => littleEndian(Buffer.from(bytesOf(column, n))))])
  }

  /** `bytes` is a whole number of records. */
  static decode(bytes: Buffer): ChunkTable {
    const n = bytes.length / RECORD
    const table = new ChunkTable(n)
    table.#length = n
    bytes.copy(table.#ids, 0, 0, n * CHUNK_ID_BYTES)
    for (const [number, column] of table.#columns.entries()) {
      bytes.copy(bytesOf(column, n), 0, n * (CHUNK_ID_BYTES + 4 * number))
      littleEndian(bytesOf(column, n))
    }
    return table
  }

  #number(column: Uint32Array, position: number): number {
    const number = position < this.#length ? column[position] : undefined
    if (number === undefined) throw new RangeError(`No chunk at ${position} of ${this.#length}`)
    return number
  }

  #grow(): void {
    const capacity = Math.max(FIRST_CAPACITY, this.#length * 2)
    const ids = Buffer.alloc(capacity * CHUNK_ID_BYTES)
    ids.set(this.#ids)
    this.#ids = ids
    const old = this.#columns
    this.#columns = columns(number => {
      const larger = new Uint32Array(capacity)
      larger.set(old[number])
      return larger
    })
  }
}

function bytesOf(column: Uint32Array, length: number): Buffer {
  return Buffer.from(column.buffer, column.byteOffset, 4 * length)
}

/** Turns the machine's 32-bit numbers into little-endian ones, or back, in place. */
function littleEndian(bytes: Buffer): Buffer {
  return IS_LITTLE_ENDIAN ? bytes : bytes.swap32()
}

function columns(make: (number: 0 | 1 | 2 | 3) => Uint32Array): Columns {
  return [make(0), make(1), make(2), make(3)]
}

export function encodeIndex(index: BackupIndex): Buffer {
  const { detail, segments, packs, chunks } = index
  const json = Buffer.from(JSON.stringify({ detail, segments, packs }))
  const header = Buffer.alloc(HEADER)
  MAGIC.copy(header)
  header.writeUInt32LE(VERSION, 8)
  header.writeUInt32LE(json.length, 12)
  header.writeUInt32LE(chunks.length, 16)
  return Buffer.concat([header, json, chunks.encode()])
}

const GROUP = /^\d{2,}-(schema|data)$/
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
/** Whatever JSON.parse returned. */
const json = v.custom<Json>(value => value !== undefined)
const body = v.strictObject({
  detail: json,
  segments: v.array(
    v.strictObject({
      name: v.string(),
      group: v.custom<SegmentGroup>(value => typeof value === 'string' && GROUP.test(value)),
      detail: json,
      bytes: count,
      first: count,
      count,
    }),
  ),
  packs: v.array(
    v.strictObject({
      backup: v.pipe(v.string(), v.check(isBackupId, 'no backup id')),
      name: v.pipe(v.string(), v.maxLength(200), v.regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]*$/)),
    }),
  ),
})

/** `damaged` on anything that `encodeIndex` would not have written. */
export function decodeIndex(bytes: Uint8Array): BackupIndex {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (buffer.length < HEADER || !MAGIC.equals(buffer.subarray(0, MAGIC.length))) throw damaged('it is no index')
  const version = buffer.readUInt32LE(8)
  if (version !== VERSION) throw damaged(`its version is ${version}`)
  const jsonLength = buffer.readUInt32LE(12)
  const chunkCount = buffer.readUInt32LE(16)
  const length = HEADER + jsonLength + chunkCount * RECORD
  if (buffer.length !== length) throw damaged(`it has ${buffer.length} bytes where ${length} are due`)

  const { detail, segments, packs } = parseBody(buffer.subarray(HEADER, HEADER + jsonLength))
  const chunks = ChunkTable.decode(buffer.subarray(HEADER + jsonLength))
  const wrong = chunks.findIndex(
    (pack, length, plain) =>
      pack >= packs.length || plain < 1 || plain > CHUNK_LIMIT || length < 1 || length > 2 * CHUNK_LIMIT,
  )
  if (wrong >= 0) throw damaged(`chunk ${wrong} lies nowhere or has an impossible size`)
  for (const segment of segments) checkSegment(segment, chunks)
  return { detail, segments, packs, chunks }
}

function parseBody(bytes: Buffer): v.InferOutput<typeof body> {
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch (cause) {
    throw damaged('its text is not JSON', cause)
  }
  const parsed = v.safeParse(body, json)
  if (parsed.success) return parsed.output
  const [issue] = parsed.issues
  throw damaged(`at "${v.getDotPath(issue) ?? ''}": ${issue.message}`)
}

function checkSegment(segment: IndexSegment, chunks: ChunkTable): void {
  const end = segment.first + segment.count
  if (end > chunks.length) throw damaged(`segment "${segment.name}" ends at chunk ${end} of ${chunks.length}`)
  const bytes = chunks.plainBytes(segment.first, segment.count)
  if (bytes !== segment.bytes) throw damaged(`segment "${segment.name}" has ${bytes} bytes instead of ${segment.bytes}`)
}

function damaged(why: string, cause?: unknown): ComebackError {
  return new ComebackError('damaged', `The index of a backup could not be read: ${why}.`, {
    hint: 'It was damaged or changed in the store. Use another backup, and run `comeback check`.',
    cause,
  })
}
