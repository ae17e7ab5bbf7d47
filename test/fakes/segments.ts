/** The engine's side of the ports, in memory: what a Source writes is kept, and handed to a Sink as a finished backup. */

import type {
  Json,
  Segment,
  SegmentHead,
  SegmentWriter,
  SinkProgress,
  SourceResult,
  StoredBackup,
} from '../../src/engine/ports.ts'
import { chunkId } from '../../src/format/chunk-id.ts'
import { chunksDiffer } from '../../src/format/chunks-differ.ts'

export interface CollectedSegment {
  readonly head: SegmentHead
  readonly bytes: Buffer
}

export interface SegmentCollector extends SegmentWriter {
  /** Finished ones, in the order in which they were finished. */
  readonly segments: readonly CollectedSegment[]
  readonly phases: readonly string[]
  /** Bytes announced by `expect`, in all. */
  readonly expected: number
  /** All segments in stock order, concatenated: what the decrypted packs of a full backup are. */
  stock(): Buffer
}

/** Keeps what is written. A segment whose iteration throws does not exist; a name may be finished once. */
export function collectSegments(): SegmentCollector {
  const segments: CollectedSegment[] = []
  const phases: string[] = []
  const busy = new Set<string>()
  let expected = 0
  return {
    segments,
    phases,
    get expected() {
      return expected
    },
    stock: () => Buffer.concat(inStockOrder(segments).map(segment => segment.bytes)),
    expect(bytes) {
      expected += bytes
    },
    restart() {
      segments.length = 0
    },
    phase(text) {
      phases.push(text)
    },
    async segment(head, bytes) {
      if (busy.has(head.group)) throw new Error(`Two segments of group ${head.group} at once.`)
      if (segments.some(other => other.head.name === head.name)) throw new Error(`Segment ${head.name} exists.`)
      busy.add(head.group)
      try {
        const parts: Buffer[] = []
        // Copied, since a Source may reuse its buffer as soon as the next piece is asked for.
        for await (const part of bytes) parts.push(Buffer.from(part))
        const all = Buffer.concat(parts)
        segments.push({ head, bytes: all })
        return all.length
      } finally {
        busy.delete(head.group)
      }
    },
  }
}

const ANY_KEY = Buffer.alloc(32)

export interface StoredBackupOptions {
  readonly id?: string
  readonly time?: Date
  readonly detail?: Json
  /** Bytes of each piece that `read` yields; as the chunker would, pieces ignore every boundary inside. */
  readonly pieceSize?: number
}

/** Collected segments as a Sink sees them. Pass the `SourceResult`'s detail along. */
export function storedBackup(
  collected: readonly CollectedSegment[],
  options: StoredBackupOptions | SourceResult = {},
): StoredBackup {
  const { id, time, detail, pieceSize }: StoredBackupOptions =
    'problems' in options ? { detail: options.detail } : options
  const contents = new Map(collected.map(({ head, bytes }) => [head.name, bytes]))
  return {
    id: id ?? '20261123T020000Z-7f3a91',
    time: time ?? new Date('2026-11-23T02:00:00Z'),
    detail: detail ?? null,
    segments: inStockOrder(collected).map(({ head, bytes }) => ({ ...head, bytes: bytes.length })),
    read: (segment, signal) => pieces(contents, segment, pieceSize ?? 64 * 1024, signal),
    forget: () => undefined,
    difference(segment, bytes) {
      const all = contents.get(segment.name) ?? Buffer.alloc(0)
      const chunks: { id: Buffer; plain: number }[] = []
      for (let start = 0; start < all.length; start += pieceSize ?? 64 * 1024) {
        const chunk = all.subarray(start, start + (pieceSize ?? 64 * 1024))
        chunks.push({ id: chunkId(ANY_KEY, chunk), plain: chunk.length })
      }
      return chunksDiffer(ANY_KEY, chunks, bytes)
    },
  }
}

export interface CountingProgress extends SinkProgress {
  readonly phases: readonly string[]
  readonly bytes: number
}

export function countProgress(): CountingProgress {
  const phases: string[] = []
  let total = 0
  return {
    phases,
    get bytes() {
      return total
    },
    phase(text) {
      phases.push(text)
    },
    advance(bytes) {
      total += bytes
    },
  }
}

function inStockOrder(segments: readonly CollectedSegment[]): readonly CollectedSegment[] {
  return segments.toSorted((a, b) => (a.head.group < b.head.group ? -1 : a.head.group > b.head.group ? 1 : 0))
}

async function* pieces(
  contents: ReadonlyMap<string, Buffer>,
  segment: Segment,
  size: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const bytes = contents.get(segment.name)
  if (bytes === undefined) throw new Error(`There is no segment ${segment.name}.`)
  for (let offset = 0; offset < bytes.length; offset += size) {
    signal.throwIfAborted()
    yield bytes.subarray(offset, offset + size)
  }
}
