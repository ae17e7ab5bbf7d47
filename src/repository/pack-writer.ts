/**
 * Writes the packs of one group: chunks are compressed on the thread pool, several at a time, then encrypted and appended in
 * their order; a full pack goes to the store while the next one fills. Holds at most two packs and `AHEAD` chunks.
 */
import { createHash } from 'node:crypto'
import { createEncryptor, type PackKey } from '../format/cipher.ts'
import type { Codec } from '../format/compression.ts'
import type { StoredObject } from '../format/manifest.ts'
import type { SegmentGroup } from '../format/segment.ts'
import type { ChunkPlace } from './chunk-places.ts'
import { packFile } from './layout.ts'

/** Chunks of one group that are in compression at a time. */
const AHEAD = 2

export interface PackWriterOptions {
  readonly group: SegmentGroup
  readonly form: 'sql' | 'tar'
  readonly codec: Codec
  readonly level: number
  /** Derived while the first chunks are read. */
  readonly key: Promise<PackKey>
  readonly packSize: number
  /** A pack is begun: returns its position in the backup's list of packs. */
  readonly begin: (file: string) => number
  readonly put: (file: string, body: readonly Uint8Array[]) => Promise<void>
  /** The chunk's place is known; called in the order of the writes. */
  readonly placed: (row: number, place: ChunkPlace) => void
  /** A pack is durable. */
  readonly stored: (pack: number, object: StoredObject) => void
}

interface OpenPack {
  readonly file: string
  readonly position: number
  readonly encryptor: ReturnType<typeof createEncryptor>
  readonly parts: Uint8Array[]
  readonly hash: ReturnType<typeof createHash>
  size: number
  /** Plaintext bytes so far: the offset of the next chunk. */
  offset: number
}

export class PackWriter {
  readonly #options: PackWriterOptions
  readonly #ahead: { readonly row: number; readonly packed: Promise<Buffer> }[] = []
  #open: OpenPack | undefined
  #packs = 0
  #putting: Promise<{ readonly error?: unknown }> = Promise.resolve({})

  constructor(options: PackWriterOptions) {
    this.#options = options
  }

  /** Takes a chunk; resolves when there is room for another. The bytes must not change afterwards. */
  async write(row: number, plain: Uint8Array): Promise<void> {
    const packed = this.#options.codec.compress(plain, this.#options.level)
    // Awaited in order below; a failure there must not count as unhandled before its turn has come.
    packed.catch(() => undefined)
    this.#ahead.push({ row, packed })
    if (this.#ahead.length >= AHEAD) await this.#next()
  }

  /** Every chunk taken so far has its place when this resolves; its pack may still be open. */
  async settle(): Promise<void> {
    while (this.#ahead.length > 0) await this.#next()
  }

  /** Closes the last pack; everything is durable when this resolves. */
  async finish(): Promise<void> {
    await this.settle()
    await this.#seal()
    await this.#stored()
  }

  async #next(): Promise<void> {
    const first = this.#ahead.shift()
    if (first === undefined) return
    const bytes = await first.packed
    const pack = this.#open ?? this.#begin(await this.#options.key)
    this.#options.placed(first.row, { pack: pack.position, offset: pack.offset, length: bytes.length })
    append(pack, pack.encryptor.update(bytes))
    pack.offset += bytes.length
    if (pack.size >= this.#options.packSize) await this.#seal()
  }

  #begin(key: PackKey): OpenPack {
    const { group, form, codec, begin } = this.#options
    const file = packFile(group, ++this.#packs, form, codec.extension)
    const encryptor = createEncryptor(key)
    const confounder = codec.confounder()
    const pack: OpenPack = {
      file,
      position: begin(file),
      encryptor,
      parts: [],
      hash: createHash('sha256'),
      size: 0,
      offset: confounder.length,
    }
    append(pack, encryptor.header)
    append(pack, encryptor.update(confounder))
    this.#open = pack
    return pack
  }

  async #seal(): Promise<void> {
    const pack = this.#open
    if (pack === undefined) return
    append(pack, pack.encryptor.final())
    this.#open = undefined
    await this.#stored()
    const object = { name: pack.file, size: pack.size, sha256: pack.hash.digest('hex') }
    this.#putting = this.#options.put(pack.file, pack.parts).then(
      () => {
        this.#options.stored(pack.position, object)
        return {}
      },
      error => ({ error }),
    )
  }

  /** The pack on its way to the store has arrived. */
  async #stored(): Promise<void> {
    const outcome = await this.#putting
    if ('error' in outcome) throw outcome.error
  }
}

function append(pack: OpenPack, bytes: Uint8Array): void {
  if (bytes.length === 0) return
  pack.parts.push(bytes)
  pack.hash.update(bytes)
  pack.size += bytes.length
}
