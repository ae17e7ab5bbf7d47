/**
 * An old file's plain bytes as a stream in bounded memory. They are believed only when the stream has ended well: the padding and
 * gzip's check sums come last, and nothing else authenticates them.
 */
import { createDecipheriv } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { ComebackError } from '../errors.ts'
import { KiB } from '../format/sizes.ts'
import { CIPHER, findCipherKey, HEADER, type KeySearch, openOld } from './find-key.ts'
import type { CipherKey } from './key-derivation.ts'

/** Bytes that are read, and that are handed out, at a time. */
const PIECE = 256 * KiB

/** Throws what `findCipherKey` does, and `damaged` at the latest at its end. */
export async function* readOldFile(search: KeySearch, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const key = await findCipherKey(search)
  yield* gunzip(decrypt(search, key, signal), search.name, signal)
}

async function* decrypt(
  { path, name }: KeySearch,
  { key, iv }: CipherKey,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const decipher = createDecipheriv(CIPHER, key, iv)
  const file = await openOld(path)
  try {
    for (let position = HEADER; ; ) {
      signal.throwIfAborted()
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(PIECE), 0, PIECE, position)
      if (bytesRead === 0) break
      position += bytesRead
      yield decipher.update(buffer.subarray(0, bytesRead))
    }
    yield lastBlock(decipher, name)
  } finally {
    await file.close()
  }
}

function lastBlock(decipher: ReturnType<typeof createDecipheriv>, name: string): Buffer {
  try {
    return decipher.final()
  } catch (cause) {
    throw new ComebackError('damaged', `${name} was cut short, or its end is damaged: its padding is wrong.`, {
      hint: 'The key is right, since the beginning opens. Use another backup.',
      cause,
    })
  }
}

/** All members, one after the other, each with its check sum. */
async function* gunzip(compressed: AsyncGenerator<Buffer>, name: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  const engine = createGunzip({ chunkSize: PIECE })
  let given = 0
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const piece of compressed) {
      given += piece.length
      yield piece
    }
  }
  // What it throws comes out of the engine, too.
  const feeding = pipeline(counted, engine, { signal }).catch(() => undefined)
  try {
    for await (const piece of engine) yield piece
    // zlib takes what does not begin as a member for the end, and forgets it.
    if (engine.bytesWritten !== given) throw garbage(name)
    await feeding
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof Error) || !('code' in error) || !String(error.code).startsWith('Z_')) throw error
    throw new ComebackError('damaged', `${name} decrypts, but its gzip stream is damaged: ${error.message}.`, {
      hint: 'It was altered or cut short. Use another backup.',
      cause: error,
    })
  } finally {
    engine.destroy()
    await compressed.return(undefined)
  }
}

function garbage(name: string): ComebackError {
  return new ComebackError('damaged', `${name} goes on behind the end of its gzip stream.`, {
    hint: 'It was altered after it was made. Use another backup.',
  })
}
