/**
 * What is remembered of a store, as one piece of bytes:
 *
 *     "comeback memory 1\n"
 *     for each file: length of its name (2 bytes), its name, length of its bytes (4 bytes), its bytes
 *
 * Numbers are big-endian. It comes from where others may write, so it can say nothing but names of files in one folder, and
 * bytes: no paths, no links, no modes. Anything else is refused as a whole, before any of it is used.
 */
const MAGIC = Buffer.from('comeback memory 1\n')
const MOST_FILES = 20_000
/** Objects of a store, with `~` for the slash. */
const NAME = /^[A-Za-z0-9_-][A-Za-z0-9._~-]{0,254}$/

export type Remembered = ReadonlyMap<string, Uint8Array>

export function encodeMemory(files: Remembered): Buffer {
  const parts: Uint8Array[] = [MAGIC]
  for (const [name, bytes] of files) {
    const head = Buffer.alloc(2 + name.length + 4)
    head.writeUInt16BE(name.length)
    head.write(name, 2, 'latin1')
    head.writeUInt32BE(bytes.length, 2 + name.length)
    parts.push(head, bytes)
  }
  return Buffer.concat(parts)
}

/** Throws an Error for anything that is not exactly such a piece. */
export function decodeMemory(blob: Uint8Array): Remembered {
  const bytes = Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength)
  const files = new Map<string, Uint8Array>()
  let at = 0
  function take(length: number): Buffer {
    if (length > bytes.length - at) throw new Error('The entry ends in the middle.')
    at += length
    return bytes.subarray(at - length, at)
  }
  if (!take(Math.min(MAGIC.length, bytes.length)).equals(MAGIC)) throw new Error('The entry is not one of Comeback.')
  while (at < bytes.length) {
    const name = take(take(2).readUInt16BE()).toString('latin1')
    if (!NAME.test(name) || files.has(name)) throw new Error('The entry names what is no file of Comeback.')
    if (files.size === MOST_FILES) throw new Error(`The entry holds more than ${MOST_FILES} files.`)
    files.set(name, take(take(4).readUInt32BE()))
  }
  return files
}
