/**
 * The writing side of a proof: what is read from the restored database goes nowhere, but is compared with the backup's index.
 * Zero new chunks, and nothing that is missing, is the proof.
 */
import type { SegmentHead, SegmentWriter, SinkProgress, StoredBackup } from '../../engine/ports.ts'
import { parseSegmentDetail, type SegmentDetail } from '../detail.ts'

export interface Comparison extends SegmentWriter {
  /** Names of the backup's segments that were read again and are the same, to the last byte. */
  readonly same: ReadonlySet<string>
  /** Those that are not, and those that the backup does not have: what was read. Text only of what is small. */
  readonly different: ReadonlyMap<string, Different>
  /** Names of the backup's segments that were not read at all. */
  missing(): readonly string[]
}

export interface Different {
  readonly detail: SegmentDetail
  readonly known: boolean
  /** Of schemas and sequences. */
  readonly text?: Buffer
}

export function createComparison(backup: StoredBackup, progress: SinkProgress): Comparison {
  const stored = new Map(backup.segments.map(segment => [segment.name, segment]))
  const same = new Set<string>()
  const different = new Map<string, Different>()
  return {
    same,
    different,
    missing: () => [...stored.keys()].filter(name => !same.has(name) && !different.has(name)),
    expect: () => undefined,
    restart() {
      throw new Error('What is compared is read once.')
    },
    phase: text => progress.phase(text),
    async segment(head, bytes) {
      const detail = parseSegmentDetail(head.detail)
      const segment = stored.get(head.name)
      let size = 0
      const kept: Buffer[] = []
      async function* counted(): AsyncGenerator<Uint8Array> {
        for await (const slice of bytes) {
          size += slice.length
          if (isSmall(detail)) kept.push(Buffer.from(slice))
          yield slice
          progress.advance(slice.length)
        }
      }
      const all = counted()
      const differs = segment === undefined || (await backup.difference(segment, unclosing(all))) !== undefined
      // A COPY that is left before its end takes the connection with it.
      while (!(await all.next()).done);
      forget(head, same, different)
      if (!differs) same.add(head.name)
      else {
        const text = isSmall(detail) ? { text: Buffer.concat(kept) } : {}
        different.set(head.name, { detail, known: segment !== undefined, ...text })
      }
      return size
    },
  }
}

/** It is read again after a connection was lost. */
function forget({ name }: SegmentHead, same: Set<string>, different: Map<string, Different>): void {
  same.delete(name)
  different.delete(name)
}

function isSmall(detail: SegmentDetail): boolean {
  return detail.kind === 'schema' || (detail.kind === 'script' && detail.content === 'sequences')
}

/** The same iteration, which goes on after whoever used this has left. */
function unclosing(bytes: AsyncGenerator<Uint8Array>): AsyncIterable<Uint8Array> {
  return { [Symbol.asyncIterator]: () => ({ next: () => bytes.next() }) }
}
