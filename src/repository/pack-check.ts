/** A whole decrypted pack against what indexes say of its chunks. */
import type { KeyObject } from 'node:crypto'
import { asComebackError } from '../errors.ts'
import type { ChunkRef } from '../format/backup-index.ts'
import { chunkId } from '../format/chunk-id.ts'
import { codecOfFile, notThatChunk } from '../format/compression.ts'

export interface BadChunk {
  /** In the decrypted pack. */
  readonly offset: number
  readonly why: string
}

/** Undefined if it can be decompressed and its id is right. */
export async function badChunk(
  file: string,
  decrypted: Uint8Array,
  ref: ChunkRef,
  idKey: KeyObject,
): Promise<BadChunk | undefined> {
  const { offset, length } = ref
  if (offset + length > decrypted.length) return { offset, why: 'the pack ends before it does.' }
  try {
    const plain = await codecOfFile(file).decompress(decrypted.subarray(offset, offset + length), ref.plain)
    if (chunkId(idKey, plain).equals(ref.id)) return undefined
    throw notThatChunk()
  } catch (error) {
    return { offset, why: asComebackError(error).message }
  }
}
