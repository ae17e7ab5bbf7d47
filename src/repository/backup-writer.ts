/**
 * Turns segments into chunks, chunks into packs, and what it knows of them into an index. Known chunks are only referred to;
 * a straight (full) backup refers to none, not even its own, so that its packs are the plain bytes in order.
 */
import type { BackupIndex } from '../format/backup-index.ts'
import { chunkId } from '../format/chunk-id.ts'
import { CHUNK_SIZES, Chunker, gearTable } from '../format/chunker.ts'
import type { PackKey } from '../format/cipher.ts'
import type { Codec } from '../format/compression.ts'
import type { ChainKeys } from '../format/keys.ts'
import type { Component, StoredObject } from '../format/manifest.ts'
import type { Json, SegmentGroup, SegmentHead } from '../format/segment.ts'
import type { Store } from '../store/store.ts'
import { ChunkPlaces } from './chunk-places.ts'
import { IndexTable, type ListedPack, RowList } from './index-table.ts'
import { FORMS, objectName } from './layout.ts'
import { PackWriter } from './pack-writer.ts'
import type { Pack } from './packs.ts'

/** Chunks that earlier backups hold, in the packs that may be leaned on. */
export interface KnownChunks {
  readonly places: ChunkPlaces
  readonly packs: readonly Pack[]
  /** Rows of the first chunks, by segment name. */
  readonly starts: ReadonlyMap<string, number>
}

export interface BackupWriterOptions {
  readonly store: Store
  readonly component: Component
  readonly id: string
  readonly codec: Codec
  readonly level: number
  readonly chain: ChainKeys
  readonly key: Promise<PackKey>
  readonly salt: string
  readonly iterations: number
  /** Absent for a straight backup. */
  readonly known: KnownChunks | undefined
  readonly signal: AbortSignal
  readonly advance?: () => void
}

/** Running totals, in bytes, but for `chunks`. */
export interface WrittenTotals {
  read: number
  fresh: number
  stored: number
  chunks: number
}

/** No row of the places. */
const NOTHING = -1

/** One group's way from bytes to packs. */
interface Lane {
  readonly packs: PackWriter
  chunker: Chunker
  /** Row of the chunk that is likely to come next, and of the one that has just proved to be it. */
  expected: number
  confirmed: number
  /** A segment is being written. Two at once would mix their chunks. */
  busy: boolean
}

interface WrittenSegment extends SegmentHead {
  readonly bytes: number
  readonly rows: RowList
}

export class BackupWriter {
  readonly totals: WrittenTotals = { read: 0, fresh: 0, stored: 0, chunks: 0 }
  readonly #options: BackupWriterOptions
  readonly #gear: Uint32Array
  readonly #places: ChunkPlaces
  /** Base packs first, then own ones as they are begun. */
  readonly #packs: ListedPack[]
  readonly #lanes = new Map<SegmentGroup, Lane>()
  readonly #objects: StoredObject[] = []
  #segments: WrittenSegment[] = []
  #straight: boolean

  constructor(options: BackupWriterOptions) {
    this.#options = options
    this.#gear = gearTable(options.chain.gear)
    this.#places = options.known?.places ?? new ChunkPlaces()
    this.#packs = [...(options.known?.packs ?? [])]
    this.#straight = options.known === undefined
  }

  /** True while the packs hold exactly the segments' bytes in order, and nothing else. */
  get straight(): boolean {
    return this.#straight
  }

  /** Own packs that are durable, in stock order. */
  get objects(): StoredObject[] {
    return this.#objects.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** See `SegmentWriter.segment`. */
  async segment(head: SegmentHead, bytes: AsyncIterable<Uint8Array>): Promise<number> {
    const lane = this.#lane(head.group)
    if (lane.busy) throw new Error(`Two segments of group ${head.group} at once.`)
    lane.busy = true
    lane.confirmed = NOTHING
    lane.expected = this.#options.known?.starts.get(head.name) ?? NOTHING
    const rows = new RowList()
    let size = 0
    try {
      for await (const slice of bytes) {
        this.#options.signal.throwIfAborted()
        size += slice.length
        for (const chunk of lane.chunker.push(slice)) await this.#chunk(lane, rows, chunk)
      }
      for (const chunk of lane.chunker.finish()) await this.#chunk(lane, rows, chunk)
    } catch (error) {
      lane.chunker = this.#chunkerFor(lane)
      // What was written of it stays in the pack: harmless for us, but the pack no longer is a script that psql can run.
      if (rows.length > 0) this.#straight = false
      throw error
    } finally {
      lane.busy = false
    }
    this.#segments.push({ ...head, bytes: size, rows })
    return size
  }

  /** The source starts again from nothing: its segments are forgotten, chunks that were written serve as known ones. */
  restart(): void {
    if (this.totals.chunks > 0) this.#straight = false
    this.#segments = []
  }

  /** All packs are durable when this resolves. */
  async finish(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map(({ packs }) => packs.finish()))
  }

  /** The index of the finished backup, and the older packs that it leans on. */
  index(detail: Json): { readonly index: BackupIndex; readonly leansOn: readonly Pack[] } {
    // By group, then as written: stock order, in which everything later reads them.
    const segments = [...this.#segments].sort((a, b) => (a.group < b.group ? -1 : a.group > b.group ? 1 : 0))
    const table = new IndexTable(this.#places, this.#packs)
    const listed = segments.map(({ rows, ...segment }) => {
      const first = table.chunks.length
      for (let i = 0; i < rows.length; i++) table.add(rows.at(i))
      // A reader refuses it otherwise, and that would be the day of the restore.
      if (table.chunks.plainBytes(first, rows.length) !== segment.bytes) {
        throw new Error(`The chunks of ${segment.name} are not the ${segment.bytes} bytes that were read.`)
      }
      return { ...segment, first, count: rows.length }
    })
    return {
      index: { detail, segments: listed, packs: table.packs, chunks: table.chunks },
      leansOn: table.used.filter((pack): pack is Pack => pack.size !== undefined && pack.backup !== this.#options.id),
    }
  }

  /** The index of a failed backup: no segments, but every own chunk that is durable, for the next run to build on. */
  salvage(): BackupIndex {
    const table = new IndexTable(this.#places, this.#packs)
    for (let row = 0; row < this.#places.length; row++) {
      const place = this.#places.at(row)
      const pack = this.#packs[place.pack]
      if (place.placed && pack?.backup === this.#options.id && pack.size !== undefined) table.add(row)
    }
    return { detail: null, segments: [], packs: table.packs, chunks: table.chunks }
  }

  async #chunk(lane: Lane, rows: RowList, chunk: Uint8Array): Promise<void> {
    let row = lane.confirmed
    let isFresh = false
    lane.confirmed = NOTHING
    if (row === NOTHING) {
      const id = chunkId(this.#options.chain.id, chunk)
      row = this.#straight ? NOTHING : this.#places.find(id)
      isFresh = row === NOTHING
      if (isFresh) row = this.#places.add(id, chunk.length)
    }
    rows.push(row)
    lane.expected = this.#places.after(row)
    this.totals.chunks++
    this.totals.read += chunk.length
    if (isFresh) {
      this.totals.fresh += chunk.length
      // The chunker uses the memory again while this one is being compressed.
      await lane.packs.write(row, Buffer.from(chunk))
    }
    this.#options.advance?.()
  }

  /** Guesses that what followed a chunk in the base follows it again. */
  #chunkerFor(lane: Pick<Lane, 'expected' | 'confirmed'>): Chunker {
    return new Chunker(this.#gear, CHUNK_SIZES, {
      next: () => (lane.expected === NOTHING ? 0 : this.#places.plain(lane.expected)),
      confirms: chunk => {
        if (this.#places.find(chunkId(this.#options.chain.id, chunk)) !== lane.expected) return false
        lane.confirmed = lane.expected
        return true
      },
    })
  }

  #lane(group: SegmentGroup): Lane {
    const existing = this.#lanes.get(group)
    if (existing !== undefined) return existing
    const { store, component, id, signal, salt, iterations, ...options } = this.#options
    const packs = new PackWriter({
      group,
      form: FORMS[component],
      codec: options.codec,
      level: options.level,
      key: options.key,
      packSize: store.packSize,
      begin: file => this.#packs.push({ backup: id, file }) - 1,
      put: (file, body) => store.put(objectName({ component, id, file }), body, signal),
      placed: (row, place) => this.#places.place(row, place),
      stored: (position, object) => {
        this.#packs[position] = {
          backup: id,
          file: object.name,
          size: object.size,
          sha256: object.sha256,
          salt,
          iterations,
        }
        this.#objects.push(object)
        this.totals.stored += object.size
      },
    })
    const position = { expected: NOTHING, confirmed: NOTHING, busy: false }
    const lane: Lane = Object.assign(position, { packs, chunker: this.#chunkerFor(position) })
    this.#lanes.set(group, lane)
    return lane
  }
}
