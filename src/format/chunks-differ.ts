/**
 * Bytes against a list of chunk ids: are they what was backed up? They are cut where the list says, not by their content, so the
 * answer needs no chunker, no store, and no memory. An id is a keyed hash of 16 bytes: bytes with the same ids are the same bytes.
 */
import { createHmac, type Hmac, type KeyObject } from 'node:crypto'
import { CHUNK_ID_BYTES } from './chunk-id.ts'

interface Expected {
  readonly id: Buffer
  /** Plain bytes. */
  readonly plain: number
}

/** Undefined if they are the same, else the offset of the first chunk that differs, is missing, or is too much. */
export async function chunksDiffer(
  idKey: KeyObject | Uint8Array,
  expected: Iterable<Expected>,
  bytes: AsyncIterable<Uint8Array>,
): Promise<number | undefined> {
  const chunks = expected[Symbol.iterator]()
  let offset = 0
  let chunk = chunks.next()
  let hash: Hmac | undefined
  let missing = 0
  for await (const slice of bytes) {
    for (let position = 0; position < slice.length; ) {
      if (chunk.done === true) return offset
      if (hash === undefined) {
        hash = createHmac('sha256', idKey)
        missing = chunk.value.plain
      }
      const end = Math.min(slice.length, position + missing)
      hash.update(slice.subarray(position, end))
      missing -= end - position
      position = end
      if (missing > 0) continue
      if (!isHash(hash, chunk.value.id)) return offset
      offset += chunk.value.plain
      chunk = chunks.next()
      hash = undefined
    }
  }
  return hash === undefined && chunk.done === true ? undefined : offset
}

function isHash(hash: Hmac, id: Buffer): boolean {
  return hash.digest().subarray(0, CHUNK_ID_BYTES).equals(id)
}
