import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CHUNK_SIZES, Chunker, type ChunkSizes, gearTable } from '../../src/format/chunker.ts'

const GEAR = gearTable(Buffer.alloc(32, 7))
const SMALL: ChunkSizes = { min: 64, average: 256, max: 1024 }

test('the gear table is the one that the specification names', () => {
  expect(GEAR).toHaveLength(256)
  expect([...GEAR.subarray(0, 4)]).toEqual([2690328121, 291822662, 2104978710, 907812305])
  const bytes = Buffer.alloc(1024)
  for (const [i, entry] of GEAR.entries()) bytes.writeUInt32LE(entry, 4 * i)
  expect(sha256(bytes)).toBe('a14db64945cbeae493b3426f19e7471f5e8a3082ea42d8c4bb37743f86411c33')
})

test('another seed gives another table', () => {
  expect(gearTable(Buffer.alloc(32, 8))).not.toEqual(GEAR)
})

test('cuts are where a naive reading of the specification puts them', () => {
  fc.assert(
    fc.property(fc.integer(), fc.nat(20_000), (seed, length) => {
      const data = noise(seed, length)
      expect(lengths(cut(data, SMALL))).toEqual(referenceLengths(data, SMALL))
    }),
    { numRuns: 50 },
  )
})

test('cuts do not depend on how the input is sliced', () => {
  const data = noise(1, 30_000)
  const whole = lengths(cut(data, SMALL))
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 1, maxLength: 60 }), sizes => {
      const chunker = new Chunker(GEAR, SMALL)
      const chunks: Uint8Array[] = []
      let offset = 0
      for (const size of sizes) {
        chunks.push(...copies(chunker.push(data.subarray(offset, offset + size))))
        offset += size
      }
      chunks.push(...copies(chunker.push(data.subarray(offset))), ...copies(chunker.finish()))
      expect(lengths(chunks)).toEqual(whole)
      expect(Buffer.concat(chunks).equals(data)).toBe(true)
    }),
  )
})

test('byte by byte gives the same chunks as all at once', () => {
  const data = noise(2, 10_000)
  const chunker = new Chunker(GEAR, SMALL)
  const chunks = [...data].flatMap(byte => copies(chunker.push(Uint8Array.of(byte))))
  chunks.push(...copies(chunker.finish()))
  expect(chunks.map(chunk => Buffer.from(chunk))).toEqual(cut(data, SMALL).map(chunk => Buffer.from(chunk)))
})

test.each([0, 1, 31, 32, 33, 63, 64, 65, 255, 256, 257, 1023, 1024, 1025, 2047, 2048, 2049])(
  '%i equal bytes come back, in chunks of the largest size where no content cuts them',
  length => {
    const data = Buffer.alloc(length, 'a')
    const chunks = cut(data, SMALL)
    expect(Buffer.concat(chunks).equals(data)).toBe(true)
    expect(lengths(chunks)).toEqual(referenceLengths(data, SMALL))
    for (const chunk of chunks) expect(chunk.length).toBeGreaterThan(0)
  },
)

test('every chunk but the last is between min and max long, and about average', () => {
  const chunks = cut(noise(3, 40_000_000), CHUNK_SIZES)
  const inner = lengths(chunks).slice(0, -1)
  expect(Math.min(...inner)).toBeGreaterThanOrEqual(CHUNK_SIZES.min)
  expect(Math.max(...inner)).toBeLessThanOrEqual(CHUNK_SIZES.max)
  const mean = inner.reduce((sum, length) => sum + length, 0) / inner.length
  expect(mean / CHUNK_SIZES.average).toBeGreaterThan(0.8)
  expect(mean / CHUNK_SIZES.average).toBeLessThan(1.6)
})

test('an insertion changes the chunks near it and no others', () => {
  const data = noise(4, 200_000)
  const edited = Buffer.concat([data.subarray(0, 100_000), Buffer.from('inserted'), data.subarray(100_000)])
  const known = new Set(cut(data, SMALL).map(sha256))
  const fresh = cut(edited, SMALL).filter(chunk => !known.has(sha256(chunk)))
  expect(fresh.length).toBeGreaterThan(0)
  expect(fresh.length).toBeLessThan(12)
})

test('after finish the chunker starts afresh', () => {
  const chunker = new Chunker(GEAR, SMALL)
  copies(chunker.push(noise(5, 777)))
  copies(chunker.finish())
  const data = noise(6, 5000)
  expect(lengths([...copies(chunker.push(data)), ...copies(chunker.finish())])).toEqual(lengths(cut(data, SMALL)))
  expect(copies(chunker.finish())).toEqual([])
})

test('the input may be used again once its chunks are taken', () => {
  const chunker = new Chunker(GEAR, SMALL)
  const slice = Buffer.alloc(5000)
  const chunks: Uint8Array[] = []
  const expected: Buffer[] = []
  for (let i = 0; i < 20; i++) {
    const data = noise(i, slice.length)
    slice.set(data)
    expected.push(data)
    chunks.push(...copies(chunker.push(slice)))
    slice.fill(0)
  }
  chunks.push(...copies(chunker.finish()))
  expect(Buffer.concat(chunks).equals(Buffer.concat(expected))).toBe(true)
})

test('guesses, right or wrong, change no cut', () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.infiniteStream(fc.integer({ min: 0, max: 1200 })),
      fc.infiniteStream(fc.boolean()),
      (seed, lengths, truths) => {
        const data = noise(seed, 20_000)
        const right = cut(data, SMALL)
        let position = 0
        let [asked, confirmed] = [0, 0]
        const chunker = new Chunker(GEAR, SMALL, {
          next() {
            asked++
            const truth = right[position]?.length ?? 0
            // The last chunk is cut by the end of the data, so that nobody may guess it.
            return truths.next().value && position < right.length - 1 ? truth : lengths.next().value
          },
          confirms(chunk) {
            const expected = right[position]
            const is = position < right.length - 1 && expected !== undefined && Buffer.compare(chunk, expected) === 0
            if (is) confirmed++
            return is
          },
        })
        const chunks: Uint8Array[] = []
        const take = (some: Iterable<Uint8Array>) => {
          for (const chunk of some) {
            chunks.push(Buffer.from(chunk))
            position++
          }
        }
        for (let offset = 0, size = 1; offset < data.length; offset += size, size = 1 + ((size * 7) % 900)) {
          take(chunker.push(data.subarray(offset, offset + size)))
        }
        take(chunker.finish())
        expect(chunks.map(chunk => chunk.length)).toEqual(right.map(chunk => chunk.length))
        expect(Buffer.concat(chunks).equals(data)).toBe(true)
        expect(asked).toBeGreaterThan(confirmed)
      },
    ),
    { numRuns: 200 },
  )
})

test('sizes that make no sense are refused', () => {
  expect(() => new Chunker(GEAR, { min: 64, average: 300, max: 1024 })).toThrow(RangeError)
  expect(() => new Chunker(GEAR, { min: 16, average: 256, max: 1024 })).toThrow(RangeError)
  expect(() => new Chunker(GEAR, { min: 64, average: 256, max: 256 })).toThrow(RangeError)
})

function cut(data: Uint8Array, sizes: ChunkSizes): Uint8Array[] {
  const chunker = new Chunker(GEAR, sizes)
  return [...copies(chunker.push(data)), ...copies(chunker.finish())]
}

/** A chunk is valid only until the next one is asked for. */
function copies(chunks: Iterable<Uint8Array>): Uint8Array[] {
  return Array.from(chunks, chunk => Buffer.from(chunk))
}

/** The rule of src/format/README.md, one byte after the other. */
function referenceLengths(data: Uint8Array, { min, average, max }: ChunkSizes): number[] {
  const found: number[] = []
  const bits = Math.log2(average)
  for (let start = 0; start < data.length; ) {
    let length = 0
    for (; start + length < data.length && length < max; ) {
      length++
      if (length < min) continue
      let hash = 0
      for (const byte of data.subarray(start + length - 32, start + length))
        hash = (2 * hash + (GEAR[byte] ?? 0)) % 2 ** 32
      const zeros = length <= average ? bits + 1 : bits - 1
      if (hash < 2 ** (32 - zeros)) break
    }
    found.push(length)
    start += length
  }
  return found
}

function lengths(chunks: readonly Uint8Array[]): number[] {
  return chunks.map(chunk => chunk.length)
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** The same bytes for the same seed. */
function noise(seed: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  let state = (seed ^ 0x9e3779b9) | 0
  for (let i = 0; i < length; i++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[i] = state >>> 11
  }
  return bytes
}
