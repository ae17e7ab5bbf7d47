import { randomBytes } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CHUNK_SIZES } from '../../src/format/chunker.ts'
import { codecOf, codecOfFile } from '../../src/format/compression.ts'

const damaged = { code: 'damaged' }
const ROWS = Buffer.from(Array.from({ length: 500 }, (_, i) => `${i}\tuser${i % 7}\t2026-11-23 02:00:00+00\n`).join(''))

describe.each(['gzip', 'zstd'] as const)('%s', name => {
  const codec = codecOf(name)

  test.each([0, 1, 63, 64, 65, CHUNK_SIZES.min, CHUNK_SIZES.average, CHUNK_SIZES.max])(
    '%i bytes come back, whether they compress or not',
    async length => {
      for (const plain of [Buffer.alloc(length, 'a'), randomBytes(length)]) {
        const packed = await codec.compress(plain, codec.defaultLevel)
        expect((await codec.decompress(packed, length)).equals(plain)).toBe(true)
      }
    },
  )

  test('every level can be read', async () => {
    for (let level = codec.levels[0]; level <= codec.levels[1]; level++) {
      expect(await codec.decompress(await codec.compress(ROWS, level), ROWS.length)).toEqual(ROWS)
    }
  })

  test('another length than the one due is damage', async () => {
    const packed = await codec.compress(ROWS, 1)
    for (const length of [0, 1, ROWS.length - 1, ROWS.length + 1, 2 * ROWS.length]) {
      await expect(codec.decompress(packed, length)).rejects.toMatchObject(damaged)
    }
    await expect(codec.decompress(await codec.compress(Buffer.alloc(0), 1), 1)).rejects.toMatchObject(damaged)
  })

  test('a bomb is stopped at the length due', async () => {
    const bomb = await codec.compress(Buffer.alloc(50_000_000), 1)
    await expect(codec.decompress(bomb, 1000)).rejects.toMatchObject(damaged)
  })

  test('anything after the member is damage', async () => {
    const packed = await codec.compress(ROWS, 1)
    const empty = await codec.compress(Buffer.alloc(0), 1)
    for (const tail of [Buffer.alloc(1), Buffer.from('x'), randomBytes(100), empty, codec.confounder()]) {
      const longer = Buffer.concat([packed, tail])
      const plain = await codec.decompress(longer, ROWS.length).catch(error => error)
      // gzip reads several members as one stream, as gunzip does; an empty one adds nothing.
      if (Buffer.isBuffer(plain)) expect(name === 'gzip' && plain.equals(ROWS)).toBe(true)
      else expect(plain).toMatchObject(damaged)
    }
  })

  test('a flipped bit or a cut never gives other bytes', async () => {
    const packed = await codec.compress(ROWS, codec.defaultLevel)
    await fc.assert(
      fc.asyncProperty(fc.nat(packed.length * 8 - 1), fc.boolean(), async (bit, cut) => {
        const hostile = Buffer.from(cut ? packed.subarray(0, bit >>> 3) : packed)
        if (!cut) hostile[bit >>> 3] = (hostile[bit >>> 3] ?? 0) ^ (1 << (bit & 7))
        const outcome = await codec.decompress(hostile, ROWS.length).catch(error => error)
        // Some header bits mean nothing (a file's time).
        if (Buffer.isBuffer(outcome)) expect(outcome.equals(ROWS)).toBe(true)
        else expect(outcome).toMatchObject(damaged)
      }),
      { numRuns: 1000 },
    )
  })

  test('arbitrary bytes are damage', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async bytes => {
        await expect(codec.decompress(bytes, 100)).rejects.toMatchObject(damaged)
      }),
    )
  })

  test('a file name says which codec wrote it', () => {
    expect(codecOfFile(`01-data-0001.sql.${codec.extension}.enc`)).toBe(codec)
  })

  test('confounders have one length, and the second block of each is random', () => {
    const seen = new Set<string>()
    for (let i = 0; i < 100; i++) {
      const confounder = codec.confounder()
      expect(confounder).toHaveLength(name === 'gzip' ? 46 : 32)
      seen.add(confounder.subarray(16, 32).toString('hex'))
    }
    expect(seen.size).toBe(100)
  })
})

test('a gzip confounder is a member with an extra field and no content', () => {
  const confounder = codecOf('gzip').confounder()
  expect(confounder.subarray(0, 16).toString('hex')).toBe('1f8b08040000000000ff180043421400')
  expect(gunzipSync(confounder)).toHaveLength(0)
  expect(gunzipSync(Buffer.concat([confounder, confounder]))).toHaveLength(0)
})

test.each(['', 'manifest.json', 'a.gz', 'a.enc', 'a.gz.enc.bak', 'a.bz2.enc'])('%j names no pack', file => {
  expect(() => codecOfFile(file)).toThrow(expect.objectContaining(damaged))
})

test('whatever is wrong with the bytes of a chunk is told in the same words', async () => {
  const codec = codecOf('gzip')
  const packed = await codec.compress(ROWS, codec.defaultLevel)
  const changed = (at: number) => Buffer.from(packed.map((byte, index) => (index === at ? byte ^ 0x55 : byte)))
  const attempts = [
    ...[0, 3, 10, 40, packed.length - 6, packed.length - 1].map(at => codec.decompress(changed(at), ROWS.length)),
    codec.decompress(packed.subarray(0, -1), ROWS.length),
    codec.decompress(Buffer.concat([packed, Buffer.alloc(3)]), ROWS.length),
    codec.decompress(packed, ROWS.length - 1),
    codec.decompress(packed, ROWS.length + 1),
  ]
  const told = await Promise.all(attempts.map(attempt => attempt.then(String, ({ message }: Error) => message)))
  expect([...new Set(told)]).toEqual(['The chunk is not the one that was written.'])
})
