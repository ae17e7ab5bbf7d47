/** From the places of a running backup to the chunk table of its index. */
import { ChunkTable } from '../format/backup-index.ts'
import type { ChunkPlaces } from './chunk-places.ts'
import type { Pack } from './packs.ts'

/** A pack of the running backup has no size before it is durable. */
export type ListedPack = Pack | { readonly backup: string; readonly file: string; readonly size?: undefined }

/** The chunk table of an index, with only those packs that are used, numbered anew. */
export class IndexTable {
  readonly chunks = new ChunkTable()
  readonly used: ListedPack[] = []
  readonly #numbers = new Map<number, number>()
  readonly #places: ChunkPlaces
  readonly #all: readonly ListedPack[]

  constructor(places: ChunkPlaces, all: readonly ListedPack[]) {
    this.#places = places
    this.#all = all
  }

  get packs(): { readonly backup: string; readonly name: string }[] {
    return this.used.map(({ backup, file }) => ({ backup, name: file }))
  }

  add(row: number): void {
    const { id, pack, offset, length, plain } = this.#places.at(row)
    this.chunks.push({ id, pack: this.#number(pack), offset, length, plain })
  }

  #number(position: number): number {
    const known = this.#numbers.get(position)
    if (known !== undefined) return known
    const pack = this.#all[position]
    if (pack === undefined) throw new Error(`no pack ${position}`)
    this.#numbers.set(position, this.used.length)
    return this.used.push(pack) - 1
  }
}

/** Positions in `ChunkPlaces`, four bytes each. */
export class RowList {
  length = 0
  #rows = new Uint32Array(64)

  push(row: number): void {
    if (this.length === this.#rows.length) {
      const larger = new Uint32Array(this.length * 2)
      larger.set(this.#rows)
      this.#rows = larger
    }
    this.#rows[this.length++] = row
  }

  at(position: number): number {
    return this.#rows[position] ?? 0
  }
}
