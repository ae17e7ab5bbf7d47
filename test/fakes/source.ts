/** A component that lives in memory: what it holds is backed up, and what comes back can be looked at. */
import type { Json, Problem, SegmentGroup, Sink, Source, SourceResult } from '../../src/engine/ports.ts'
import type { Component } from '../../src/format/manifest.ts'

export interface MemorySegment {
  readonly name: string
  readonly group?: SegmentGroup
  readonly bytes: Uint8Array
  /** Thrown, once each, after this many bytes of the segment were read. */
  readonly faults?: { at: number; error: unknown }[]
}

/** Reads each group's segments in order, the groups side by side; a segment that fails is not tried again. */
export function memorySource(
  segments: readonly MemorySegment[],
  options: {
    readonly component?: Component
    readonly identity?: string
    readonly detail?: Json
    readonly problems?: readonly Problem[]
    readonly holds?: SourceResult['holds']
  } = {},
): Source {
  const component = options.component ?? 'database'
  return {
    component,
    identity: options.identity ?? 'memory',
    async read(out, signal) {
      const groups = Map.groupBy(segments, ({ group }) => group ?? '01-data')
      await Promise.all(
        [...groups].map(async ([group, members]) => {
          for (const segment of members) {
            await out.segment({ name: segment.name, group, detail: { name: segment.name } }, slices(segment, signal))
          }
        }),
      )
      const holds = options.holds === undefined ? {} : { holds: options.holds }
      return { detail: options.detail ?? null, ...holds, problems: options.problems ?? [] }
    },
  }
}

export interface MemorySink extends Sink {
  readonly restored: Map<string, Buffer>
}

export function memorySink(component: Component = 'database'): MemorySink {
  const restored = new Map<string, Buffer>()
  return {
    component,
    restored,
    async inspect() {
      const holds = { files: restored.size, more: false }
      const brings = { files: 0, folders: 0, links: 0, bytes: 0 }
      return {
        kind: 'folder',
        place: 'memory',
        way: 'new',
        needsConfirmation: false,
        brings,
        holds,
        losses: [],
        problems: [],
      }
    },
    async restore(backup, progress, signal) {
      await Promise.all(
        backup.segments.map(async segment => {
          const parts: Uint8Array[] = []
          for await (const part of backup.read(segment, signal)) {
            parts.push(part)
            progress.advance(part.length)
          }
          restored.set(segment.name, Buffer.concat(parts))
        }),
      )
      return { summary: [`${restored.size} segments`], problems: [] }
    },
  }
}

const SLICE = 50_000

async function* slices({ bytes, faults = [] }: MemorySegment, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < bytes.length; offset += SLICE) {
    signal.throwIfAborted()
    const fault = faults[0]
    if (fault !== undefined && fault.at <= offset) {
      faults.shift()
      throw fault.error
    }
    yield bytes.subarray(offset, offset + SLICE)
  }
}
