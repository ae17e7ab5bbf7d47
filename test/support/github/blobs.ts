/** Block blobs on disk: blocks arrive in any order, a list makes them a blob. */
import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Refusal } from './refusal.ts'

const MOST_BLOCKS = 50_000
const READ_SIZE = 1024 * 1024

interface Part {
  readonly file: string
  readonly size: number
}

export interface Blob {
  readonly parts: readonly Part[]
  readonly size: number
  readonly type: string
  readonly etag: string
  readonly modified: Date
}

export interface ReceivedBlock extends Part {
  /** Base64. */
  readonly md5: string
}

export interface Blobs {
  /** Writes a body to disk; nothing counts until it is kept as a block or committed. */
  receive(body: AsyncIterable<Uint8Array>): Promise<ReceivedBlock>
  discard(part: Part): Promise<void>
  keepBlock(name: string, blockId: string, part: Part): void
  /** Makes these blocks, in this order, the blob; the others are dropped. */
  commitBlocks(name: string, blockIds: readonly string[], type: string): Promise<Blob>
  commitWhole(name: string, part: Part, type: string): Blob
  find(name: string): Blob | undefined
  /** `end` is inclusive. */
  read(blob: Blob, start: number, end: number): AsyncIterable<Uint8Array>
  remove(name: string): Promise<void>
}

export function createBlobs(folder: string): Blobs {
  const blobs = new Map<string, Blob>()
  const pending = new Map<string, Map<string, Part>>()
  let files = 0

  function commit(name: string, parts: readonly Part[], type: string): Blob {
    const etag = `"0x${randomBytes(7).toString('hex').toUpperCase()}"`
    const size = parts.reduce((sum, part) => sum + part.size, 0)
    const blob = { parts, size, type, etag, modified: new Date() }
    blobs.set(name, blob)
    return blob
  }

  const discard = ({ file }: Part) => rm(file, { force: true })

  return {
    async receive(body) {
      const file = join(folder, `block-${files++}`)
      const md5 = createHash('md5')
      let size = 0
      async function* counted() {
        for await (const chunk of body) {
          md5.update(chunk)
          size += chunk.length
          yield chunk
        }
      }
      try {
        await pipeline(counted, createWriteStream(file))
      } catch (error) {
        await rm(file, { force: true })
        throw error
      }
      return { file, size, md5: md5.digest('base64') }
    },
    discard,
    keepBlock(name, blockId, part) {
      const blocks = pending.get(name) ?? new Map<string, Part>()
      const [other] = blocks.keys()
      if (other !== undefined && other.length !== blockId.length) throw new Refusal(400, 'InvalidBlobOrBlock')
      blocks.set(blockId, part)
      pending.set(name, blocks)
    },
    async commitBlocks(name, blockIds, type) {
      const blocks = pending.get(name) ?? new Map<string, Part>()
      const parts = blockIds.map(id => blocks.get(id)).filter(part => part !== undefined)
      if (parts.length !== blockIds.length || blockIds.length > MOST_BLOCKS) throw new Refusal(400, 'InvalidBlockList')
      pending.delete(name)
      await Promise.all([...blocks.values()].filter(part => !parts.includes(part)).map(discard))
      return commit(name, parts, type)
    },
    commitWhole: (name, part, type) => commit(name, [part], type),
    find: name => blobs.get(name),
    async *read({ parts }, start, end) {
      let offset = 0
      for (const { file, size } of parts) {
        const first = Math.max(start - offset, 0)
        const last = Math.min(end - offset, size - 1)
        if (first <= last) yield* createReadStream(file, { start: first, end: last, highWaterMark: READ_SIZE })
        offset += size
      }
    },
    async remove(name) {
      const blob = blobs.get(name)
      blobs.delete(name)
      await Promise.all((blob?.parts ?? []).map(discard))
    },
  }
}
