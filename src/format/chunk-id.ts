/** Chunk ids: keyed, so that nobody without the key can tell whether a chunk they know is in a backup. */
import { createHmac, type KeyObject } from 'node:crypto'

export const CHUNK_ID_BYTES = 16

/** First 16 bytes of HMAC-SHA256(idKey, plain). */
export function chunkId(idKey: KeyObject | Uint8Array, plain: Uint8Array): Buffer {
  return createHmac('sha256', idKey).update(plain).digest().subarray(0, CHUNK_ID_BYTES)
}
