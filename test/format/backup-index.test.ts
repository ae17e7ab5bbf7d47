import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type BackupIndex, type ChunkRef, ChunkTable, decodeIndex, encodeIndex } from '../../src/format/backup-index.ts'

const damaged = expect.objectContaining({ code: 'damaged' })
const PACKS = [
  { backup: '20261123T020000Z-7f3a91', name: '01-data-0001.sql.gz.enc' },
  { backup: '20261101T020000Z-000002', name: '01-data-0007.sql.gz.enc' },
]
const REFS: ChunkRef[] = [ref(1, 0, 46, 100, 300), ref(2, 1, 4_294_967_295, 50, 200), ref(3, 0, 146, 1, 1)]
const INDEX: BackupIndex = {
  detail: { kind: 'database' },
  segments: [
    { name: 'public.users', group: '01-data', detail: { columns: ['id', 'näme'] }, bytes: 500, first: 0, count: 2 },
    { name: 'empty', group: '99-schema', detail: null, bytes: 0, first: 3, count: 0 },
  ],
  packs: PACKS,
  chunks: table(REFS),
}
const ENCODED = encodeIndex(INDEX)

test('an index comes back as it was', () => {
  const { chunks, ...rest } = decodeIndex(ENCODED)
  const { chunks: _, ...expected } = INDEX
  expect(rest).toEqual(expected)
  expect(list(chunks)).toEqual(REFS)
})

test('an index has the bytes that the specification names', () => {
  const json =
    '{"detail":null,"segments":[],"packs":[{"backup":"20261123T020000Z-7f3a91","name":"01-data-0001.sql.gz.enc"}]}'
  const chunks = table([ref(1, 0, 46, 100, 300), ref(2, 0, 146, 50, 200)])
  const encoded = encodeIndex({ detail: null, segments: [], packs: PACKS.slice(0, 1), chunks })
  expect(encoded.toString('hex')).toBe(
    [
      Buffer.from('COMEBACK').toString('hex'),
      `01000000${Buffer.of(json.length, 0, 0, 0).toString('hex')}02000000`,
      Buffer.from(json).toString('hex'),
      '01'.repeat(16) + '02'.repeat(16),
      '0000000000000000',
      '2e00000092000000',
      '6400000032000000',
      '2c010000c8000000',
    ].join(''),
  )
})

test.each([0, 1, 1023, 1024, 1025, 5000])('a table of %i chunks comes back', length => {
  const refs = Array.from({ length }, (_, i) => ref(i % 251, i % 2, i, i + 1, i + 2))
  const decoded = decodeIndex(encodeIndex({ detail: null, segments: [], packs: PACKS, chunks: table(refs) }))
  expect(list(decoded.chunks)).toEqual(refs)
})

test('a table gives positions, refuses others, and keeps ids that were handed out', () => {
  const chunks = new ChunkTable(0)
  expect(chunks.push(REFS[0] as ChunkRef)).toBe(0)
  const { id } = chunks.at(0)
  for (let i = 1; i < 3000; i++) expect(chunks.push(ref(i & 255, 0, 0, 1, 1))).toBe(i)
  expect(id).toEqual(REFS[0]?.id)
  expect(chunks.plainBytes(0, 3)).toBe(302)
  for (const position of [-1, 3000, 0.5, Number.NaN]) expect(() => chunks.at(position)).toThrow(RangeError)
  expect(() => chunks.push({ ...ref(1, 0, 0, 1, 1), id: Buffer.alloc(15) })).toThrow(RangeError)
  expect(() => chunks.push(ref(1, 0, 2 ** 32, 1, 1))).toThrow(RangeError)
})

test('an index cut anywhere, or longer than it says, is damaged', () => {
  for (let length = 0; length < ENCODED.length; length++) expect(attempt(ENCODED.subarray(0, length))).toEqual(damaged)
  expect(attempt(Buffer.concat([ENCODED, Buffer.alloc(1)]))).toEqual(damaged)
})

test('whatever bit is flipped, an index is damaged or points nowhere outside', () => {
  fc.assert(
    fc.property(fc.nat(ENCODED.length * 8 - 1), bit => {
      const hostile = Buffer.from(ENCODED)
      hostile[bit >>> 3] = (hostile[bit >>> 3] ?? 0) ^ (1 << (bit & 7))
      const index = attempt(hostile)
      if (index instanceof Error) expect(index).toEqual(damaged)
      else expectSound(index)
    }),
    { numRuns: 2000 },
  )
})

test('counts far beyond what is there are refused before memory is taken', () => {
  for (const offset of [12, 16]) {
    const hostile = Buffer.from(ENCODED)
    hostile.writeUInt32LE(0xffffffff, offset)
    expect(attempt(hostile)).toEqual(damaged)
  }
})

test.each<[string, Partial<BackupIndex>]>([
  ['a chunk in a pack that is not there', { packs: PACKS.slice(0, 1) }],
  ['a segment beyond the chunks', { segments: [segment({ first: 3, count: 1, bytes: 1 })] }],
  ['a segment of another size than its chunks', { segments: [segment({ first: 0, count: 1, bytes: 301 })] }],
  ['a segment of an unknown group', { segments: [segment({ group: '1-data' })] }],
  ['a segment that starts before the first chunk', { segments: [segment({ first: -1, count: 1 })] }],
  ['a path as pack name', { packs: [...PACKS, { backup: '20261101T020000Z-000002', name: '../x' }] }],
  ['a path as backup id', { packs: [...PACKS, { backup: '..', name: 'x' }] }],
  ['an empty chunk', { chunks: table([ref(1, 0, 0, 1, 0)]), segments: [] }],
  ['a chunk without stored bytes', { chunks: table([ref(1, 0, 0, 0, 1)]), segments: [] }],
  ['a chunk that would take all memory', { chunks: table([ref(1, 0, 0, 1, 0xffffffff)]), segments: [] }],
])('%s is damage', (_, change) => {
  expect(attempt(encodeIndex({ ...INDEX, ...change }))).toEqual(damaged)
})

test.each(['', 'null', '{}', '{"detail":1,"segments":[],"packs":[],"more":1}', '\xff', '[['.repeat(50_000)])(
  'the text %j in an index is damage',
  text => {
    const json = Buffer.from(text, 'latin1')
    const header = Buffer.from(ENCODED.subarray(0, 20))
    header.writeUInt32LE(json.length, 12)
    header.writeUInt32LE(0, 16)
    expect(attempt(Buffer.concat([header, json]))).toEqual(damaged)
  },
)

function expectSound({ segments, packs, chunks }: BackupIndex): void {
  for (const { pack, plain } of list(chunks)) {
    expect(pack).toBeLessThan(packs.length)
    expect(plain).toBeLessThanOrEqual(16 * 1024 * 1024)
  }
  for (const { first, count, bytes } of segments) expect(chunks.plainBytes(first, count)).toBe(bytes)
}

function ref(id: number, pack: number, offset: number, length: number, plain: number): ChunkRef {
  return { id: Buffer.alloc(16, id), pack, offset, length, plain }
}

function segment(change: object): BackupIndex['segments'][number] {
  return { name: 's', group: '01-data', detail: null, bytes: 0, first: 0, count: 0, ...change }
}

function table(refs: readonly ChunkRef[]): ChunkTable {
  const chunks = new ChunkTable()
  for (const one of refs) chunks.push(one)
  return chunks
}

function list(chunks: ChunkTable): ChunkRef[] {
  return Array.from({ length: chunks.length }, (_, i) => chunks.at(i))
}

function attempt(bytes: Uint8Array): BackupIndex | Error {
  try {
    return decodeIndex(bytes)
  } catch (error) {
    return error as Error
  }
}
