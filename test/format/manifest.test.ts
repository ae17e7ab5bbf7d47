import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isAuthentic, MANIFEST_LIMIT, type Manifest, parseManifest, sealManifest } from '../../src/format/manifest.ts'

const KEY = Buffer.alloc(32, 7)
const NAME = 'database/20261123T020000Z-7f3a91/manifest.json'
const UNSEALED: Omit<Manifest, 'mac'> = {
  format: 1,
  component: 'database',
  id: '20261123T020000Z-7f3a91',
  time: '2026-11-23T02:00:00.000Z',
  status: 'complete',
  full: false,
  stock: false,
  base: '20261122T020000Z-000001',
  chain: '20261101T020000Z-000002',
  source: '11'.repeat(16),
  codec: 'gzip',
  cipher: 'aes-256-cbc',
  kdf: { name: 'pbkdf2-hmac-sha256', iterations: 600_000, salt: '22'.repeat(8) },
  idSalt: '33'.repeat(16),
  keyId: '44'.repeat(8),
  bytes: { plain: 9_007_199_254_740_991, new: 1, stored: 80 },
  objects: [{ name: '01-data-0001.sql.gz.enc', size: 80, sha256: '55'.repeat(32) }],
  index: { name: 'index.gz.enc', size: 96, sha256: '66'.repeat(32), plain: 33 },
  leansOn: [
    {
      backup: '20261101T020000Z-000002',
      salt: '22'.repeat(8),
      iterations: 600_000,
      objects: [{ name: '01-data-0001.sql.gz.enc', size: 4096, sha256: '77'.repeat(32) }],
    },
  ],
  expires: null,
  tools: { comeback: '0.1.0', node: '24.21.0', pg_dump: '18.3 (bundled)', naïve: '✓' },
  decrypt: null,
  reason: null,
}
const SEALED = sealManifest(UNSEALED, KEY)
const BOUND = {
  ...UNSEALED,
  format: 2,
  store: { id: '88'.repeat(16), place: '99'.repeat(16) },
  holds: 'structure',
} as const
const damaged = expect.objectContaining({ code: 'damaged', message: expect.stringContaining(NAME) })

test('a sealed manifest comes back as it was, and authentic', () => {
  const manifest = parseManifest(SEALED, NAME)
  const { mac, ...unsealed } = manifest
  expect(unsealed).toEqual(UNSEALED)
  expect(isAuthentic(manifest, KEY)).toBe(true)
  // Computed by other means, over the canonical form.
  expect(mac).toBe('84ff35c8c3ff10b86b577816ce4762389823071dbdc01a69e00b2b212aec9594')
})

test('another key finds it not authentic', () => {
  expect(isAuthentic(parseManifest(SEALED, NAME), Buffer.alloc(32, 8))).toBe(false)
})

test('spaces and the order of fields mean nothing', () => {
  const { mac, ...rest } = JSON.parse(SEALED.toString())
  const reordered = Buffer.from(JSON.stringify({ mac, ...Object.fromEntries(Object.entries(rest).reverse()) }))
  expect(isAuthentic(parseManifest(reordered, NAME), KEY)).toBe(true)
})

test('whatever bit is flipped, the manifest is refused, not authentic, or the same', () => {
  fc.assert(
    fc.property(fc.nat(SEALED.length * 8 - 1), bit => {
      const hostile = Buffer.from(SEALED)
      hostile[bit >>> 3] = (hostile[bit >>> 3] ?? 0) ^ (1 << (bit & 7))
      const manifest = attempt(hostile)
      if (manifest instanceof Error) expect(['damaged', 'unsupported']).toContain(Object(manifest).code)
      else if (isAuthentic(manifest, KEY)) expect(manifest).toEqual({ ...UNSEALED, mac: manifest.mac })
    }),
    { numRuns: 2000 },
  )
})

test.each<readonly [what: string, change: (text: string) => string]>([
  ['a field twice', (text: string) => text.replace('"tools": {', '"tools": {"evil": "1"}, "tools": {')],
  ['a field of a field twice', (text: string) => text.replace('"kdf": {', '"kdf": {"iterations": 600000, ')],
  ...['__proto__', 'constructor', 'prototype'].map(
    name =>
      [`a tool named ${name}`, (text: string) => text.replace('"tools": {', `"tools": {"${name}": "x", `)] as const,
  ),
])('nothing stands beside what the code covers: %s', (_, change) => {
  const hostile = Buffer.from(change(SEALED.toString()))
  expect(hostile.equals(SEALED)).toBe(false)
  expect(attempt(hostile)).toEqual(damaged)
})

test('a manifest cut anywhere is damaged', () => {
  // The line break at the end means nothing.
  for (let length = 0; length < SEALED.length - 1; length++)
    expect(attempt(SEALED.subarray(0, length))).toEqual(damaged)
})

test('every field is covered by the authentication code', () => {
  const changes: Partial<Manifest>[] = [
    { component: 'files' },
    { id: '20261123T020000Z-7f3a92' },
    { time: '2026-11-23T02:00:01.000Z' },
    { status: 'partial' },
    { full: true },
    { stock: true },
    { base: null },
    { chain: null },
    { source: '12'.repeat(16) },
    { codec: 'zstd' },
    { kdf: { ...UNSEALED.kdf, iterations: 1 } },
    { kdf: { ...UNSEALED.kdf, salt: '23'.repeat(8) } },
    { idSalt: '34'.repeat(16) },
    { keyId: '45'.repeat(8) },
    { bytes: { ...UNSEALED.bytes, new: 2 } },
    { objects: [] },
    { index: null },
    { leansOn: [] },
    { expires: '2027-01-01T00:00:00Z' },
    { tools: {} },
    { decrypt: 'rm -rf /' },
    { reason: 'timeout' },
    { mac: '00'.repeat(32) },
  ]
  const manifest = parseManifest(SEALED, NAME)
  const covered = new Set(['format', 'cipher', ...changes.flatMap(change => Object.keys(change))])
  expect([...covered].sort()).toEqual(Object.keys(manifest).sort())
  for (const change of changes) expect(isAuthentic({ ...manifest, ...change }, KEY)).toBe(false)
})

test.each<[string, (manifest: Record<string, unknown>) => void]>([
  ['an unknown field', m => Object.assign(m, { extra: 1 })],
  ['an unknown field inside', m => Object.assign(Object(m.kdf), { extra: 1 })],
  ['a missing field', m => delete m.keyId],
  ['another cipher', m => Object.assign(m, { cipher: 'aes-256-ecb' })],
  ['more iterations than anyone needs', m => Object.assign(Object(m.kdf), { iterations: 2_000_001 })],
  ['no iterations', m => Object.assign(Object(m.kdf), { iterations: 0 })],
  ['a negative size', m => Object.assign(Object(m.bytes), { stored: -1 })],
  ['a size beyond exact numbers', m => Object.assign(Object(m.bytes), { stored: 2 ** 53 })],
  ['a path as object name', m => Object.assign(m, { objects: [object('../../etc/passwd')] })],
  ['a hidden object name', m => Object.assign(m, { objects: [object('..')] })],
  ['an empty object name', m => Object.assign(m, { objects: [object('')] })],
  ['a colon in an object name', m => Object.assign(m, { objects: [object('C:x')] })],
  ['an object name with a line break', m => Object.assign(m, { objects: [object('a\n')] })],
  ['an upper-case hash', m => Object.assign(m, { source: 'AA'.repeat(16) })],
  ['a short salt', m => Object.assign(Object(m.kdf), { salt: '22'.repeat(7) })],
  ['a path as id', m => Object.assign(m, { id: '../20261123T020000Z-7f3a91' })],
  ['a time that is none', m => Object.assign(m, { time: '2026-13-23T02:00:00Z' })],
  ['half a character', m => Object.assign(m, { tools: { comeback: '\ud800' } })],
  ['a format version of 0', m => Object.assign(m, { format: 0 })],
  ['a format version in words', m => Object.assign(m, { format: '1' })],
])('%s is damage', (_, change) => {
  const manifest = JSON.parse(SEALED.toString())
  change(manifest)
  expect(attempt(Buffer.from(JSON.stringify(manifest)))).toEqual(damaged)
})

test('what format 2 adds comes back, is under the MAC, and belongs to no other version', () => {
  const manifest = parseManifest(sealManifest(BOUND, KEY), NAME)
  expect(manifest).toMatchObject(BOUND)
  expect(isAuthentic(manifest, KEY)).toBe(true)
  for (const change of [{ store: { ...BOUND.store, id: '00'.repeat(16) } }, { holds: 'all' }] as const)
    expect(isAuthentic({ ...manifest, ...change }, KEY)).toBe(false)
  const text = (changes: object) => Buffer.from(JSON.stringify({ ...manifest, ...changes }))
  for (const changes of [{ format: 1 }, { store: undefined }, { holds: undefined }, { store: { id: 'x', place: 'y' } }])
    expect(attempt(text(changes))).toEqual(damaged)
})

test.each([3, 99])('format version %i is left to a newer program', format => {
  const newer = Buffer.from(JSON.stringify({ format, whatever: 'it has' }))
  expect(attempt(newer)).toMatchObject({ code: 'unsupported', message: expect.stringContaining(NAME) })
})

test.each(['', 'null', '[]', '1', '"x"', '{}', '\ufeff{}', '[['.repeat(50_000)])('the text %j is damage', text => {
  expect(attempt(Buffer.from(text))).toEqual(damaged)
})

test('bytes that are not UTF-8 and manifests beyond the limit are damage', () => {
  expect(attempt(Buffer.from(SEALED.toString().replace('✓', '\x80'), 'latin1'))).toEqual(damaged)
  expect(attempt(Buffer.alloc(MANIFEST_LIMIT + 1, ' '))).toEqual(damaged)
})

test('a prototype in disguise is damage', () => {
  expect(attempt(Buffer.from(SEALED.toString().replace('{', '{"__proto__": {"full": true},')))).toEqual(damaged)
})

test('a manifest that could not be read back is never written', () => {
  expect(() => sealManifest({ ...UNSEALED, id: 'latest' }, KEY)).toThrow()
  const objects = Array.from({ length: 130_000 }, (_, i) => object(`01-data-${i}.sql.gz.enc`))
  expect(() => sealManifest({ ...UNSEALED, objects }, KEY)).toThrow(expect.objectContaining({ code: 'failed' }))
})

function attempt(bytes: Uint8Array): Manifest | Error {
  try {
    return parseManifest(bytes, NAME)
  } catch (error) {
    return error as Error
  }
}

function object(name: string): Manifest['objects'][number] {
  return { name, size: 1, sha256: '00'.repeat(32) }
}
