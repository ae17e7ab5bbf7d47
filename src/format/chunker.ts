/**
 * Content-defined chunking (FastCDC with normalized chunking). A gear hash rolls over the bytes,
 *
 *     hash = (hash << 1) + gear[byte]     (32 bits, so it knows the last 32 bytes)
 *
 * and a chunk ends after the byte at which the upper bits of the hash are all zero: so a cut depends on the bytes around
 * it alone, and an insertion moves the cuts near it and no others. Nothing is cut before `min` bytes (nor hashed, but for
 * the 32 bytes before), up to `average` a cut needs one bit more than log2(average), after it one bit less, and at `max` it
 * is cut anyway. The gear table is secret, so the cuts tell nobody what was cut.
 */
import { hkdfSync } from 'node:crypto'
import { KiB } from './sizes.ts'

/** Bytes; `average` is a power of two. */
export interface ChunkSizes {
  readonly min: number
  readonly average: number
  readonly max: number
}

export const CHUNK_SIZES: ChunkSizes = { min: 32 * KiB, average: 128 * KiB, max: 512 * KiB }

/** The bytes that a 32-bit gear hash remembers. */
const WINDOW = 32
const NONE = -1
/**
 * Bytes that are scanned by one call. A single call for a whole slice stayed in the interpreter's first tiers for a gigabyte
 * (250 MB/s); at this length V8 is at full speed after a few megabytes.
 */
const STRIDE = 1024
/**
 * Whoever has cut the same bytes before may know where the next chunk ends, and recognise it by its id: then nothing needs to be
 * scanned. The cuts must be ones that the chunker itself had made, which the last of a segment is not; so they stay the same
 * with and without a guess.
 */
export interface Guess {
  /** Length of the chunk that is likely to come next, or 0. */
  next(): number
  /** Whether these bytes are that chunk. */
  confirms(chunk: Uint8Array): boolean
}

const UNASKED = 0
const NO_GUESS = -1

interface RollingHash {
  hash: number
}

const GEAR_INFO = 'comeback/1 gear table'

/** 256 little-endian 32-bit numbers out of HKDF-SHA256(seed, no salt). */
export function gearTable(seed: Uint8Array): Uint32Array {
  const bytes = new DataView(hkdfSync('sha256', seed, '', GEAR_INFO, 256 * 4))
  return Uint32Array.from({ length: 256 }, (_, i) => bytes.getUint32(i * 4, true))
}

/**
 * Cuts one segment after the other. A chunk is a view of memory that is used again: valid until the next one is asked for. So is
 * the input until all its chunks are taken. Where the cuts are doesn't depend on how the input is sliced.
 */
export class Chunker {
  readonly #gear: Int32Array
  readonly #sizes: ChunkSizes
  readonly #hardMask: number
  readonly #easyMask: number
  /** Holds the chunk under way, as far as earlier input had it. */
  readonly #block: Buffer
  #length = 0
  readonly #guess: Guess | undefined
  /** Length of the chunk under way if the guess is right; `UNASKED` before its first byte. */
  #guessed = UNASKED
  readonly #rolling: RollingHash = { hash: 0 }

  constructor(gear: Uint32Array, sizes: ChunkSizes = CHUNK_SIZES, guess?: Guess) {
    const bits = Math.log2(sizes.average)
    if (!Number.isInteger(bits) || sizes.min < WINDOW || sizes.min >= sizes.average || sizes.average >= sizes.max) {
      throw new RangeError(`Impossible chunk sizes: ${JSON.stringify(sizes)}`)
    }
    this.#gear = Int32Array.from(gear)
    this.#sizes = sizes
    this.#guess = guess
    this.#block = Buffer.allocUnsafeSlow(sizes.max)
    this.#hardMask = upperBits(bits + 1)
    this.#easyMask = upperBits(bits - 1)
  }

  /** The chunks that these bytes complete. */
  *push(bytes: Uint8Array): Generator<Uint8Array, void> {
    for (let offset = 0; offset < bytes.length; ) {
      if (this.#guessed === UNASKED) this.#ask()
      const guessing = this.#guessed !== NO_GUESS
      const cut = guessing ? offset + this.#guessed - this.#length : this.#findCut(this.#length, bytes, offset)
      const ends = cut !== NONE && cut <= bytes.length
      const part = bytes.subarray(offset, ends ? cut : bytes.length)
      offset += part.length
      if (!ends || this.#length > 0) {
        this.#block.set(part, this.#length)
        this.#length += part.length
      }
      if (!ends) continue
      const chunk = this.#length > 0 ? this.#block.subarray(0, this.#length) : part
      if (guessing && this.#guess?.confirms(chunk) !== true) yield* this.#scanAgain(chunk)
      else yield this.#done(chunk)
    }
  }

  /** The rest, if there is any; after it the chunker starts afresh. */
  *finish(): Generator<Uint8Array, void> {
    // It may hold whole chunks that were passed over while a longer one was guessed.
    while (this.#length > 0 && this.#guessed > 0) yield* this.#scanAgain(this.#block.subarray(0, this.#length))
    if (this.#length > 0) yield this.#done(this.#block.subarray(0, this.#length))
    this.#guessed = UNASKED
  }

  #ask(): void {
    const length = this.#guess?.next() ?? 0
    this.#guessed = length >= this.#sizes.min && length <= this.#sizes.max ? length : NO_GUESS
  }

  /** The guess was wrong: the bytes that were gathered on its word are looked at as if they had just come. */
  #scanAgain(gathered: Uint8Array): Generator<Uint8Array, void> {
    const bytes = Buffer.from(gathered)
    this.#length = 0
    this.#guessed = NO_GUESS
    return this.push(bytes)
  }

  #done(chunk: Uint8Array): Uint8Array {
    this.#length = 0
    this.#guessed = UNASKED
    this.#rolling.hash = 0
    return chunk
  }

  /** Where in bytes[offset...] the chunk under way, `length` bytes long by now, ends; `NONE` if it goes on after them. */
  #findCut(length: number, bytes: Uint8Array, offset: number): number {
    const { min, average, max } = this.#sizes
    // Where the chunk begins, counted in `bytes`: before them, if some of it came earlier.
    const origin = offset - length
    const within = (position: number) => Math.min(Math.max(offset, origin + position), bytes.length)
    const first = within(min - 1)
    this.#warm(bytes, within(min - WINDOW), first)
    const hard = within(average)
    const early = this.#search(bytes, first, hard, this.#hardMask)
    if (early !== NONE) return early
    const late = this.#search(bytes, hard, within(max), this.#easyMask)
    if (late !== NONE) return late
    return bytes.length - origin >= max ? origin + max : NONE
  }

  /** Bytes before `min` only fill the hash's window. */
  #warm(bytes: Uint8Array, from: number, to: number): void {
    const gear = this.#gear
    let hash = this.#rolling.hash
    for (let i = from; i < to; i++) hash = ((hash << 1) + (gear[bytes[i] as number] as number)) | 0
    this.#rolling.hash = hash
  }

  /** The end of the chunk if it lies in [from, to), else `NONE`. */
  #search(bytes: Uint8Array, from: number, to: number, mask: number): number {
    for (let at = from; at < to; at += STRIDE) {
      const cut = scan(this.#gear, this.#rolling, bytes, at, Math.min(at + STRIDE, to), mask)
      if (cut !== NONE) return cut
    }
    return NONE
  }
}

/** Kept small and called often, so that the compiler optimizes the function, not the one long loop that it happens to be in. */
function scan(
  gear: Int32Array,
  rolling: RollingHash,
  bytes: Uint8Array,
  from: number,
  to: number,
  mask: number,
): number {
  let hash = rolling.hash
  for (let i = from; i < to; i++) {
    hash = ((hash << 1) + (gear[bytes[i] as number] as number)) | 0
    if ((hash & mask) === 0) return i + 1
  }
  rolling.hash = hash
  return NONE
}

function upperBits(count: number): number {
  return -1 << (32 - count)
}
