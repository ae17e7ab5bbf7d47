/**
 * Every chunk that a running backup knows, its base's and its own, and where each lies. Columns of numbers instead of
 * objects, found by open addressing over the id: about 55 bytes a chunk, so that a terabyte's worth still fits.
 */
import { CHUNK_ID_BYTES } from '../format/chunk-id.ts'

export interface ChunkPlace {
  /** Position in the backup's list of packs. */
  readonly pack: number
  readonly offset: number
  readonly length: number
}

const FIRST_CAPACITY = 1024
const COLUMNS = 5

export class ChunkPlaces {
  #length = 0
  #ids = Buffer.alloc(FIRST_CAPACITY * CHUNK_ID_BYTES)
  /** pack + 1 (0 while it is not written yet), offset, length, plain length, row + 1 of the chunk that followed it in the base. */
  #columns = new Uint32Array(FIRST_CAPACITY * COLUMNS)
  /** Row + 1, or 0; twice as many as rows at least. Ids are uniform, so their first bytes are the hash. */
  #slots = new Uint32Array(FIRST_CAPACITY * 2)

  get length(): number {
    return this.#length
  }

  /** The row of the first chunk added with this id, or -1. */
  find(id: Buffer): number {
    const mask = this.#slots.length - 1
    for (let slot = id.readUInt32LE(0) & mask; ; slot = (slot + 1) & mask) {
      const row = (this.#slots[slot] ?? 0) - 1
      if (row < 0) return -1
      const start = row * CHUNK_ID_BYTES
      if (id.compare(this.#ids, start, start + CHUNK_ID_BYTES) === 0) return row
    }
  }

  /** A new row, whether or not the id is known; the first one of an id is the one that is found. */
  add(id: Buffer, plain: number): number {
    if ((this.#length + 1) * 2 > this.#slots.length) this.#grow()
    const row = this.#length++
    id.copy(this.#ids, row * CHUNK_ID_BYTES)
    this.#columns[row * COLUMNS + 3] = plain
    this.#link(row)
    return row
  }

  /** Says where the chunk was written. */
  place(row: number, place: ChunkPlace): void {
    this.#columns[row * COLUMNS] = place.pack + 1
    this.#columns[row * COLUMNS + 1] = place.offset
    this.#columns[row * COLUMNS + 2] = place.length
  }

  /** In the base this chunk was followed by that one. */
  follow(row: number, next: number): void {
    this.#columns[row * COLUMNS + 4] = next + 1
  }

  /** The row of the chunk that followed in the base, or -1. */
  after(row: number): number {
    return (this.#columns[row * COLUMNS + 4] ?? 0) - 1
  }

  plain(row: number): number {
    return this.#columns[row * COLUMNS + 3] ?? 0
  }

  at(row: number): ChunkPlace & { readonly id: Buffer; readonly plain: number; readonly placed: boolean } {
    const column = (index: number) => this.#columns[row * COLUMNS + index] ?? 0
    return {
      id: this.#ids.subarray(row * CHUNK_ID_BYTES, (row + 1) * CHUNK_ID_BYTES),
      placed: column(0) > 0,
      pack: column(0) - 1,
      offset: column(1),
      length: column(2),
      plain: column(3),
    }
  }

  #link(row: number): void {
    const mask = this.#slots.length - 1
    const start = row * CHUNK_ID_BYTES
    let slot = this.#ids.readUInt32LE(start) & mask
    for (; ; slot = (slot + 1) & mask) {
      const other = (this.#slots[slot] ?? 0) - 1
      if (other < 0) break
      const otherStart = other * CHUNK_ID_BYTES
      if (this.#ids.compare(this.#ids, otherStart, otherStart + CHUNK_ID_BYTES, start, start + CHUNK_ID_BYTES) === 0)
        return
    }
    this.#slots[slot] = row + 1
  }

  #grow(): void {
    const capacity = this.#length * 2
    const ids = Buffer.alloc(capacity * CHUNK_ID_BYTES)
    this.#ids.copy(ids)
    this.#ids = ids
    const columns = new Uint32Array(capacity * COLUMNS)
    columns.set(this.#columns)
    this.#columns = columns
    this.#slots = new Uint32Array(capacity * 2)
    for (let row = 0; row < this.#length; row++) this.#link(row)
  }
}
