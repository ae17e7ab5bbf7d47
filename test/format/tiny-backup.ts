/** A whole backup in a few objects, written with nothing but src/format: three segments in two groups, one of them empty. */
import { createHash, createHmac } from 'node:crypto'
import { type BackupIndex, ChunkTable, encodeIndex } from '../../src/format/backup-index.ts'
import { chunkId } from '../../src/format/chunk-id.ts'
import { Chunker, gearTable } from '../../src/format/chunker.ts'
import { createEncryptor, type PackKey } from '../../src/format/cipher.ts'
import { type Codec, type CodecName, codecOf } from '../../src/format/compression.ts'
import { deriveChainKeys, derivePackKey, keyId } from '../../src/format/keys.ts'
import { type Manifest, sealManifest } from '../../src/format/manifest.ts'

const ID = '20261123T020000Z-7f3a91'
const SALT = Buffer.from('0011223344556677', 'hex')
const ID_SALT = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex')
const STORE_ID = '0f0e0d0c0b0a09080706050403020100'
const PLACE = 's3 s3://bucket/prefix'
const SIZES = { min: 64, average: 256, max: 1024 }

export const SEGMENTS = [
  {
    name: 'before',
    group: '00-schema',
    detail: { section: 'pre-data' },
    text: 'CREATE TABLE users (id int, name text);\n',
  },
  { name: 'users', group: '01-data', detail: null, text: rows() },
  { name: 'nothing', group: '01-data', detail: null, text: '' },
] as const

/** Objects by name, `manifest.json` and the index among them. */
export async function tinyBackup(
  name: CodecName,
  passphrase: string,
  iterations: number,
  purpose?: Manifest['purpose'],
): Promise<Map<string, Buffer>> {
  const codec = codecOf(name)
  const chain = await deriveChainKeys(passphrase, ID_SALT, iterations)
  const key = await derivePackKey(passphrase, SALT, iterations)
  const files = new Map<string, Buffer>()
  const chunks = new ChunkTable()
  const segments: BackupIndex['segments'][number][] = []
  const packs: BackupIndex['packs'][number][] = []
  for (const group of ['00-schema', '01-data'] as const) {
    const file = `${group}-0001.sql.${codec.extension}.enc`
    const members: Buffer[] = []
    let offset = codec.confounder().length
    for (const segment of SEGMENTS.filter(one => one.group === group)) {
      const first = chunks.length
      const chunker = new Chunker(gearTable(chain.gear), SIZES)
      const cut = [chunker.push(Buffer.from(segment.text)), chunker.finish()]
      for (const plain of cut.flatMap(some => Array.from(some, chunk => Buffer.from(chunk)))) {
        const packed = await codec.compress(plain, codec.defaultLevel)
        const id = chunkId(chain.id, plain)
        chunks.push({ id, pack: packs.length, offset, length: packed.length, plain: plain.length })
        members.push(packed)
        offset += packed.length
      }
      const { text, ...head } = segment
      segments.push({ ...head, bytes: Buffer.byteLength(text), first, count: chunks.length - first })
    }
    packs.push({ backup: ID, name: file })
    files.set(file, seal(codec, key, members))
  }
  const objects = [...files].map(([file, bytes]) => ({ name: file, ...measure(bytes) }))
  const index = encodeIndex({ detail: { kind: 'tiny' }, segments, packs, chunks })
  const sealed = seal(codec, key, [await codec.compress(index, codec.defaultLevel)])
  const indexName = `index.${codec.extension}.enc`
  files.set(indexName, sealed)
  const manifest: Omit<Manifest, 'mac'> = {
    format: 2,
    component: 'database',
    id: ID,
    time: '2026-11-23T02:00:00.000Z',
    status: 'complete',
    full: true,
    stock: true,
    base: null,
    chain: ID,
    source: chunkId(chain.source, Buffer.from('tiny')).toString('hex'),
    codec: name,
    cipher: 'aes-256-cbc',
    kdf: { name: 'pbkdf2-hmac-sha256', iterations, salt: SALT.toString('hex') },
    idSalt: ID_SALT.toString('hex'),
    keyId: await keyId(passphrase),
    bytes: { plain: plainSize(), new: plainSize(), stored: objects.reduce((sum, { size }) => sum + size, 0) },
    objects,
    index: { name: indexName, ...measure(sealed), plain: index.length },
    leansOn: [],
    expires: null,
    tools: { comeback: '0.1.0' },
    decrypt: null,
    reason: null,
    ...(purpose === undefined ? {} : { purpose }),
    store: { id: STORE_ID, place: placeIn(chain.source) },
    holds: 'all',
  }
  files.set('manifest.json', sealManifest(manifest, chain.mac))
  return files
}

/** As the specification has it. */
export function placeIn(sourceKey: Uint8Array): string {
  return createHmac('sha256', sourceKey).update(`store\0${PLACE}`).digest().subarray(0, 16).toString('hex')
}

function seal(codec: Codec, key: PackKey, members: readonly Buffer[]): Buffer {
  const { header, update, final } = createEncryptor(key)
  return Buffer.concat([header, update(codec.confounder()), ...members.map(update), final()])
}

function measure(bytes: Buffer): { readonly size: number; readonly sha256: string } {
  return { size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
}

function plainSize(): number {
  return SEGMENTS.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0)
}

function rows(): string {
  const lines = Array.from({ length: 60 }, (_, i) => `${i}\tuser ${(i * 7919) % 1000} Ünï\n`)
  return `COPY users (id, name) FROM stdin;\n${lines.join('')}\\.\n`
}
