/**
 * What several indexes say of the same packs, each statement once: backups of one chain mostly repeat each other, and a pack is
 * looked at only once for all of them. Two indexes that disagree on a chunk are two statements. About 44 bytes a chunk.
 */
import { type ChunkRef, ChunkTable } from '../format/backup-index.ts'

const FIRST_SLOTS = 1024

export class ChunkRefs {
  readonly #table = new ChunkTable()
  /** Position + 1 in the table, or 0; at least twice as many as positions. */
  #slots = new Uint32Array(FIRST_SLOTS)
  /** For each position, the one + 1 of the same pack that was added before; for each pack, the last + 1. */
  #before = new Uint32Array(FIRST_SLOTS)
  readonly #last = new Map<number, number>()

  /** `ref.pack` is the caller's number for the pack. */
  add(ref: ChunkRef): void {
    if ((this.#table.length + 1) * 2 > this.#slots.length) this.#grow()
    const slot = this.#slotOf(ref)
    if (this.#slots[slot] !== 0) return
    const position = this.#table.push(ref)
    this.#slots[slot] = position + 1
    this.#before[position] = this.#last.get(ref.pack) ?? 0
    this.#last.set(ref.pack, position + 1)
  }

  /** In no particular order. */
  *of(pack: number): Generator<ChunkRef> {
    for (let next = this.#last.get(pack) ?? 0; next > 0; next = this.#before[next - 1] ?? 0) {
      yield this.#table.at(next - 1)
    }
  }

  /** Where the same statement stands, or the free slot for it. */
  #slotOf(ref: ChunkRef): number {
    const mask = this.#slots.length - 1
    // Knuth's multiplicative hash; offsets of one pack lie close together.
    let slot = (Math.imul(ref.offset ^ Math.imul(ref.pack, 0x85eb_ca6b), 0x9e37_79b1) >>> 0) & mask
    for (; ; slot = (slot + 1) & mask) {
      const position = (this.#slots[slot] ?? 0) - 1
      if (position < 0 || isSame(this.#table.at(position), ref)) return slot
    }
  }

  #grow(): void {
    const count = this.#slots.length * 2
    this.#slots = new Uint32Array(count)
    const before = new Uint32Array(count)
    before.set(this.#before)
    this.#before = before
    for (let position = 0; position < this.#table.length; position++) {
      this.#slots[this.#slotOf(this.#table.at(position))] = position + 1
    }
  }
}

function isSame(a: ChunkRef, b: ChunkRef): boolean {
  return a.offset === b.offset && a.pack === b.pack && a.length === b.length && a.plain === b.plain && a.id.equals(b.id)
}
