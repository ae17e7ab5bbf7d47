/**
 * An archive that another program made, as a Source. Its entries are written anew, as Comeback writes them, so that the same files
 * give the same bytes whoever archived them. What a restore would refuse is refused here already.
 */
import type { Json, SegmentWriter, Source, SourceResult } from '../engine/ports.ts'
import { leftOutProblems } from './left-out.ts'
import { checkMembers, type MemberChecks, memberParts } from './member.ts'
import { readTar, type TarEntry } from './tar-reader.ts'
import { ARCHIVE_END, encodeTarHead, type TarHead, tarPadding } from './tar-writer.ts'

export interface StoredArchiveOptions {
  readonly component: Exclude<Source['component'], 'database'>
  /** Names what was archived, for the history of backups. */
  readonly identity: string
  /** About the whole backup, for the Sink. */
  readonly detail: Json
  /** The archive's bytes, from the first; may be read several times. */
  readonly open: (signal: AbortSignal) => AsyncIterable<Uint8Array>
  /** Where an entry goes in the new archive, by where it was. */
  readonly place: (path: string) => string
}

/** Reading throws `damaged` for what is no whole archive, `unsafe-archive` and `unsupported` as a restore would. */
export function createStoredArchiveSource({ component, identity, detail, open, place }: StoredArchiveOptions): Source {
  return { component, identity, read }

  async function read(out: SegmentWriter, signal: AbortSignal): Promise<SourceResult> {
    out.phase('Reading the archive')
    const members = checkMembers()
    const bytes = writtenAnew(open(signal), members, place)
    await out.segment({ name: component, group: '01-data', detail: { kind: 'tar' } }, bytes)
    return { detail, problems: leftOutProblems({ leftOut: members.reserved().map(path => ({ path })) }) }
  }
}

async function* writtenAnew(
  archive: AsyncIterable<Uint8Array>,
  members: MemberChecks,
  place: (path: string) => string,
): AsyncGenerator<Uint8Array> {
  for await (const entry of readTar(archive)) {
    const path = members.check(entry)?.join('/') ?? ''
    // Left out; or the folder that everything lies in: where it lies now is the restore's affair.
    if (path === '') continue
    yield encodeTarHead(headOf(entry, path, place))
    yield* entry.content
    const padding = tarPadding(entry.size)
    if (padding > 0) yield Buffer.alloc(padding)
  }
  yield ARCHIVE_END
}

function headOf(
  { kind, mode, owner, mtime, size, target, targetBytes }: TarEntry,
  path: string,
  place: (path: string) => string,
): TarHead {
  const head = { path: place(path), mode, owner, mtime: mtime.getTime() }
  switch (kind) {
    case 'file':
      return { ...head, kind, size }
    case 'link':
      return { ...head, kind, target: targetBytes }
    case 'hard-link':
      return { ...head, kind, target: place(memberParts(target).join('/')) }
    default:
      // The checks let no device pass.
      return { ...head, kind: 'folder' }
  }
}
