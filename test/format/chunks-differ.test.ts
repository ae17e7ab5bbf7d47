import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chunkId } from '../../src/format/chunk-id.ts'
import { chunksDiffer } from '../../src/format/chunks-differ.ts'

const KEY = Buffer.alloc(32, 7)

const chunk = fc.uint8Array({ minLength: 1, maxLength: 9 }).map(bytes => Buffer.from(bytes))
const chunks = fc.array(chunk, { maxLength: 8 })

function expected(parts: readonly Buffer[]) {
  return parts.map(part => ({ id: Buffer.from(chunkId(KEY, part)), plain: part.length }))
}

/** Slices of all sizes, the empty one among them. */
async function* slices(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let position = 0
  for (const size of sizes) {
    yield bytes.subarray(position, position + size)
    position += size
  }
  yield bytes.subarray(position)
}

const sizes = fc.array(fc.nat(12), { maxLength: 12 })

test('the same bytes, however they come, do not differ', async () => {
  await fc.assert(
    fc.asyncProperty(chunks, sizes, async (parts, cuts) => {
      const bytes = Buffer.concat(parts)
      expect(await chunksDiffer(KEY, expected(parts), slices(bytes, cuts))).toBeUndefined()
    }),
  )
})

test('the first chunk with a changed byte is named by its offset', async () => {
  await fc.assert(
    fc.asyncProperty(chunks, sizes, fc.nat(), fc.integer({ min: 1, max: 255 }), async (parts, cuts, where, flip) => {
      const bytes = Buffer.concat(parts)
      fc.pre(bytes.length > 0)
      const at = where % bytes.length
      bytes[at] = (bytes[at] ?? 0) ^ flip
      let start = 0
      for (const part of parts) {
        if (start + part.length > at) break
        start += part.length
      }
      expect(await chunksDiffer(KEY, expected(parts), slices(bytes, cuts))).toBe(start)
    }),
  )
})

test('bytes that are missing or too much are a difference', async () => {
  await fc.assert(
    fc.asyncProperty(chunks, sizes, chunk, async (parts, cuts, more) => {
      const bytes = Buffer.concat(parts)
      expect(await chunksDiffer(KEY, expected(parts), slices(Buffer.concat([bytes, more]), cuts))).toBe(bytes.length)
      if (bytes.length === 0) return
      const last = parts.at(-1)?.length ?? 0
      expect(await chunksDiffer(KEY, expected(parts), slices(bytes.subarray(0, -1), cuts))).toBe(bytes.length - last)
    }),
  )
})

test('bytes with the ids of another key differ', async () => {
  const part = Buffer.from('the same bytes')
  const other = [{ id: Buffer.from(chunkId(Buffer.alloc(32, 8), part)), plain: part.length }]
  expect(await chunksDiffer(KEY, other, slices(part, []))).toBe(0)
})
