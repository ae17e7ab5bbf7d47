/**
 * Names of files are bytes. Here they are text: UTF-8, and each byte that is none as a lone surrogate, U+DC80 for 0x80 and
 * so on, as Python has them (PEP 383). Nothing else becomes one, so the same bytes come out again.
 */
import { isUtf8 } from 'node:buffer'

const ESCAPED = 0xdc00
const LONGEST = 4

export function nameFromBytes(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString()
  let name = ''
  for (let at = 0; at < bytes.length; ) {
    const length = characterAt(bytes, at)
    name += length === 0 ? String.fromCharCode(ESCAPED + (bytes[at] ?? 0)) : bytes.toString('utf8', at, at + length)
    at += Math.max(1, length)
  }
  return name
}

export function nameToBytes(name: string): Buffer {
  if (name.isWellFormed()) return Buffer.from(name)
  const parts = [...name].map(character => {
    const code = character.charCodeAt(0)
    return character.length === 1 && code >= ESCAPED + 0x80 && code <= ESCAPED + 0xff
      ? Buffer.of(code - ESCAPED)
      : Buffer.from(character)
  })
  return Buffer.concat(parts)
}

/** A path as Node.js takes it: it would write another one for text that is not well-formed. */
export function onDisk(path: string): string | Buffer {
  return path.isWellFormed() ? path : nameToBytes(path)
}

/** Bytes of the character that begins there; 0 if none does. */
function characterAt(bytes: Buffer, at: number): number {
  for (let length = 1; length <= LONGEST && at + length <= bytes.length; length++) {
    if (isUtf8(bytes.subarray(at, at + length))) return length
  }
  return 0
}
