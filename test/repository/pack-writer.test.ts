import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { ComebackError } from '../../src/errors.ts'
import { cipherRange, decryptPack, decryptRange, type PackKey } from '../../src/format/cipher.ts'
import { codecOf } from '../../src/format/compression.ts'
import type { ChunkPlace } from '../../src/repository/chunk-places.ts'
import { PackWriter, type PackWriterOptions } from '../../src/repository/pack-writer.ts'

const KiB = 1024
const key: PackKey = { salt: randomBytes(8), key: randomBytes(32), iv: randomBytes(16) }

function scene(options: Partial<PackWriterOptions> = {}) {
  const packs = new Map<string, Buffer>()
  const files: string[] = []
  const places = new Map<number, ChunkPlace>()
  const stored: number[] = []
  const writer = new PackWriter({
    group: '01-data',
    form: 'sql',
    codec: codecOf('gzip'),
    level: 1,
    key: Promise.resolve(key),
    packSize: 100 * KiB,
    begin: file => files.push(file) - 1,
    put: async (file, body) => {
      packs.set(file, Buffer.concat(body))
    },
    placed: (row, place) => places.set(row, place),
    stored: pack => stored.push(pack),
    ...options,
  })
  return { writer, packs, files, places, stored }
}

test('keeps the order of the chunks, whole or by ranges, over several packs', async () => {
  // Every other one compresses in no time, so that the thread pool finishes them out of order.
  const chunks = Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? randomBytes(30 * KiB) : Buffer.alloc(100, i)))
  const { writer, packs, files, places, stored } = scene()
  for (const [row, chunk] of chunks.entries()) await writer.write(row, chunk)
  await writer.finish()
  expect(files.length).toBeGreaterThan(3)
  expect(files[0]).toBe('01-data-0001.sql.gz.enc')
  expect(stored).toEqual(files.map((_, i) => i))
  for (const [row, chunk] of chunks.entries()) {
    const place = places.get(row)
    const pack = packs.get(files[place?.pack ?? -1] ?? '')
    if (place === undefined || pack === undefined) throw new Error(`row ${row} has no place`)
    const packed = decryptPack(key, pack).subarray(place.offset, place.offset + place.length)
    expect((await codecOf('gzip').decompress(packed, chunk.length)).equals(chunk)).toBe(true)
    const range = cipherRange(place)
    expect(decryptRange(key, pack.subarray(range.offset, range.offset + range.length), place).equals(packed)).toBe(true)
  }
})

test('no two packs begin alike beyond their first block, though key and contents are the same', async () => {
  const { writer, packs } = scene({ packSize: 1 })
  const same = Buffer.alloc(5000, 'x')
  for (let row = 0; row < 3; row++) await writer.write(row, same)
  await writer.finish()
  const bodies = [...packs.values()]
  expect(bodies).toHaveLength(3)
  expect(new Set(bodies.map(body => body.subarray(16, 32).toString('hex'))).size).toBe(1)
  expect(new Set(bodies.map(body => body.subarray(32, 48).toString('hex'))).size).toBe(3)
  expect(new Set(bodies.map(body => body.subarray(-16).toString('hex'))).size).toBe(3)
})

test('a failing store stops the writer, and only packs that arrived count as stored', async () => {
  let puts = 0
  const { writer, stored } = scene({
    put: async () => {
      await sleep(1)
      if (++puts === 2) throw new ComebackError('store-full', 'The disk is full.')
    },
  })
  const writing = async () => {
    for (let row = 0; row < 60; row++) await writer.write(row, randomBytes(30 * KiB))
    await writer.finish()
  }
  await expect(writing()).rejects.toMatchObject({ code: 'store-full' })
  expect(stored).toEqual([0])
})
