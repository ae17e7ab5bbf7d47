/** Archives made byte by byte, for what no honest program would write. */
import { Header } from 'tar'
import { collectSegments, storedBackup } from '../fakes/segments.ts'

export type TarType = ConstructorParameters<typeof Header>[0] extends infer Data
  ? Data extends { type?: infer Type }
    ? Exclude<Type, undefined>
    : never
  : never

export interface RawEntry {
  readonly path: string
  readonly type?: TarType
  readonly content?: string | Buffer
  readonly linkpath?: string
  readonly mode?: number
  /** Instead of the content's own. */
  readonly size?: number
}

export function tarHeader({ path, type = 'File', content = '', linkpath, mode = 0o644, size }: RawEntry): Buffer {
  const header = new Header({
    path,
    type,
    mode,
    uid: 0,
    gid: 0,
    size: size ?? Buffer.byteLength(content),
    mtime: new Date('2026-01-01T00:00:00Z'),
    ...(linkpath === undefined ? {} : { linkpath }),
  })
  const block = Buffer.alloc(512)
  header.encode(block)
  return block
}

export function tarEntry(entry: RawEntry): Buffer {
  const content = Buffer.from(entry.content ?? '')
  return Buffer.concat([tarHeader(entry), content, Buffer.alloc((512 - (content.length % 512)) % 512)])
}

/** An extended header of the records as they are given. */
export function paxEntry(records: Readonly<Record<string, string>>): Buffer {
  return tarEntry({ path: 'PaxHeader/x', type: 'ExtendedHeader', content: paxRecords(records) })
}

export function paxRecords(records: Readonly<Record<string, string>>): string {
  return Object.entries(records)
    .map(([key, value]) => {
      const rest = ` ${key}=${value}\n`
      let length = Buffer.byteLength(rest) + 1
      while (String(length).length + Buffer.byteLength(rest) !== length) length++
      return `${length}${rest}`
    })
    .join('')
}

/** A whole archive. */
export function tarOf(...parts: readonly (RawEntry | Buffer)[]): Buffer {
  const bytes = parts.map(part => (Buffer.isBuffer(part) ? part : tarEntry(part)))
  return Buffer.concat([...bytes, Buffer.alloc(1024)])
}

/** As a Sink gets it, in pieces that no boundary of the archive coincides with. */
export async function backupOf(bytes: Buffer, pieceSize = 700) {
  const out = collectSegments()
  async function* once() {
    yield bytes
  }
  await out.segment({ name: 'files', group: '01-data', detail: null }, once())
  return storedBackup(out.segments, { pieceSize })
}
