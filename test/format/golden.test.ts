/**
 * Backups written once and committed: what each version of the format is, whatever the code becomes. A change of the format adds
 * a folder beside the others and edits none.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { decodeIndex } from '../../src/format/backup-index.ts'
import { chunkId } from '../../src/format/chunk-id.ts'
import { cipherRange, decryptPack, decryptRange } from '../../src/format/cipher.ts'
import { codecOfFile } from '../../src/format/compression.ts'
import { deriveChainKeys, derivePackKey, keyId } from '../../src/format/keys.ts'
import { holdsOf, isAuthentic, parseManifest } from '../../src/format/manifest.ts'
import { isAuthenticProof, openDetails, parseProof, proofFile } from '../../src/format/proof-record.ts'
import { placeIn, SEGMENTS, tinyBackup } from './tiny-backup.ts'

const PASSPHRASE = 'correct horse battery staple'

describe.each([
  { folder: 'format-1/gzip', name: 'gzip', purpose: undefined },
  { folder: 'format-1/zstd', name: 'zstd', purpose: undefined },
  { folder: 'format-1/gzip-safety', name: 'gzip', purpose: 'safety' },
  { folder: 'format-2/gzip', name: 'gzip', purpose: undefined },
] as const)('the backup $folder', ({ folder, name, purpose }) => {
  const read = (file: string) => readFileSync(join(import.meta.dirname, '../fixtures', folder, file))
  const manifest = parseManifest(read('manifest.json'), 'manifest.json')
  const { salt, iterations } = manifest.kdf
  const chain = deriveChainKeys(PASSPHRASE, Buffer.from(manifest.idSalt, 'hex'), iterations)
  const packKey = derivePackKey(PASSPHRASE, Buffer.from(salt, 'hex'), iterations)

  test('is authentic, and its key has the name that it says', async () => {
    expect(isAuthentic(manifest, (await chain).mac)).toBe(true)
    expect(await keyId(PASSPHRASE)).toBe(manifest.keyId)
    expect(manifest.purpose).toBe(purpose)
  })

  test.each(['whole packs', 'ranges'])('gives its segments, read by %s', async how => {
    const { id: idKey } = await chain
    const key = await packKey
    const stored = manifest.index
    if (stored === null) throw new Error('no index')
    const codec = codecOfFile(stored.name)
    const packed = decryptPack(key, read(stored.name)).subarray(codec.confounder().length)
    const index = decodeIndex(await codec.decompress(packed, stored.plain))
    const texts: Record<string, string> = {}
    for (const { name, first, count } of index.segments) {
      const parts: Buffer[] = []
      for (let i = first; i < first + count; i++) {
        const ref = index.chunks.at(i)
        const bytes = read(index.packs[ref.pack]?.name ?? '')
        const needed = cipherRange(ref)
        const member =
          how === 'ranges'
            ? decryptRange(key, bytes.subarray(needed.offset, needed.offset + needed.length), ref)
            : decryptPack(key, bytes).subarray(ref.offset, ref.offset + ref.length)
        const plain = await codec.decompress(member, ref.plain)
        expect(chunkId(idKey, plain)).toEqual(ref.id)
        parts.push(plain)
      }
      texts[name] = Buffer.concat(parts).toString()
    }
    expect(texts).toEqual(Object.fromEntries(SEGMENTS.map(({ name, text }) => [name, text])))
    expect(index.detail).toEqual({ kind: 'tiny' })
  })

  test('has the cuts and ids that are made today', async () => {
    const today = await tinyBackup(name, PASSPHRASE, iterations)
    const index = async (bytes: Buffer) => {
      const codec = codecOfFile(`x.${name === 'gzip' ? 'gz' : 'zst'}.enc`)
      const packed = decryptPack(await packKey, bytes).subarray(codec.confounder().length)
      const { chunks } = decodeIndex(await codec.decompress(packed, manifest.index?.plain ?? 0))
      return Array.from({ length: chunks.length }, (_, i) => ({ id: chunks.at(i).id, plain: chunks.at(i).plain }))
    }
    const file = manifest.index?.name ?? ''
    expect(await index(today.get(file) ?? Buffer.alloc(0))).toEqual(await index(read(file)))
  })
})

test('format 2 says which store a backup was made for, where that was, and what it holds; format 1 only what it holds', async () => {
  const read = (folder: string) =>
    parseManifest(readFileSync(join(import.meta.dirname, '../fixtures', folder, 'manifest.json')), 'manifest.json')
  const { idSalt, kdf, store, ...manifest } = read('format-2/gzip')
  const { source } = await deriveChainKeys(PASSPHRASE, Buffer.from(idSalt, 'hex'), kdf.iterations)
  expect(store).toEqual({ id: '0f0e0d0c0b0a09080706050403020100', place: placeIn(source) })
  expect(manifest.holds).toBe('all')
  const old = read('format-1/gzip')
  expect(old).not.toHaveProperty('store')
  expect(holdsOf(old)).toBe('all')
  const schema = { ...old, objects: old.objects.filter(({ name }) => !name.includes('data')) }
  expect(holdsOf(schema)).toBe('structure')
  expect(holdsOf({ ...schema, status: 'failed' })).toBe('all')
})

test('the record of a proof of format version 1 is authentic, and its details open', async () => {
  const folder = join(import.meta.dirname, '../fixtures/format-1/proof')
  const { idSalt, kdf, id } = parseManifest(readFileSync(join(folder, 'manifest.json')), 'manifest.json')
  const file = proofFile('20261125T042700Z-0c11a5')
  const record = parseProof(readFileSync(join(folder, file)), file)
  const { mac } = await deriveChainKeys(PASSPHRASE, Buffer.from(idSalt, 'hex'), kdf.iterations)
  expect(isAuthenticProof(record, mac)).toBe(true)
  expect(record).toMatchObject({ backup: id, verdict: 'verified', restoreSeconds: 90.5 })
  const pack = await derivePackKey(PASSPHRASE, Buffer.from(kdf.salt, 'hex'), kdf.iterations)
  expect(await openDetails(record, pack)).toEqual({ tables: [{ name: 'public.users', rows: 7, bytes: 70 }] })
})
