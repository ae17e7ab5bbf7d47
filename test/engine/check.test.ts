import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { type CheckRequest, check } from '../../src/engine/check.ts'
import type { ProgressEvent } from '../../src/engine/progress.ts'
import { ComebackError } from '../../src/errors.ts'
import { ChunkTable, decodeIndex, encodeIndex } from '../../src/format/backup-index.ts'
import { createEncryptor, decryptPack } from '../../src/format/cipher.ts'
import { codecOf } from '../../src/format/compression.ts'
import { type Manifest, parseManifest, sealManifest } from '../../src/format/manifest.ts'
import { exitCodeOf } from '../../src/report/exit-code.ts'
import { Keyring } from '../../src/repository/keyring.ts'
import type { Store } from '../../src/store/store.ts'
import { createFaultyStore } from '../fakes/faulty-store.ts'
import { createMemoryStore, type MemoryStore } from '../fakes/memory-store.ts'
import { memorySource } from '../fakes/source.ts'
import { fakeClock, goodBackup, keyring, noise, runBackup } from './scene.ts'

const OTHER_KEY = new Keyring('another passphrase of some length')

const tables = (['01-data', '02-data', '03-data'] as const).map(group => ({
  name: group,
  group,
  bytes: noise(group, 600_000),
}))

interface Scene {
  readonly store: MemoryStore
  readonly first: string
  readonly second: string
  /** Names of objects, by parts of them. */
  find(...parts: readonly string[]): string
}

/** A full backup of several packs, and a second one that leans on all of them and adds one. */
async function twoBackups(): Promise<Scene> {
  const store = createMemoryStore({ packSize: 150_000 })
  const clock = fakeClock()
  const first = await goodBackup(store, memorySource(tables), { clock })
  clock.nextDay()
  const more = [...tables, { name: 'd', group: '04-data' as const, bytes: noise('d', 100_000) }]
  const second = await goodBackup(store, memorySource(more), { clock })
  expect(second.leansOn).toBeGreaterThan(2)
  return {
    store,
    first: first.id,
    second: second.id,
    find: (...parts) => [...store.objects.keys()].find(name => parts.every(part => name.includes(part))) ?? '',
  }
}

function runCheck(store: Store, options: Partial<CheckRequest> = {}) {
  return check({
    store,
    components: ['database', 'files', 'config'],
    keyring,
    percent: 100,
    engine: 'comeback test',
    now: () => new Date('2026-11-23T05:00:00Z'),
    progress: () => undefined,
    signal: new AbortController().signal,
    ...options,
  })
}

async function findings(store: Store, options: Partial<CheckRequest> = {}) {
  const report = await runCheck(store, options)
  expect(exitCodeOf(report)).toBe(report.findings.length > 0 ? 3 : 0)
  for (const { message, object, hint } of report.findings) {
    expect(message).toContain(object)
    expect(hint).not.toBe('')
  }
  return report.findings.map(({ code, object, hurts }) => ({ code, object, hurts }))
}

describe('a healthy store', () => {
  test('is silent at every depth, with the key and without it', async () => {
    const { store } = await twoBackups()
    for (const percent of [0, 30, 100]) {
      for (const ring of [keyring, undefined]) expect(await findings(store, { percent, keyring: ring })).toEqual([])
    }
  })

  test('is read once, object by object, after one listing and without a stat', async () => {
    const { store } = await twoBackups()
    const counting = createFaultyStore(store, [])
    const report = await runCheck(counting)
    expect(counting.calls).toMatchObject({ list: 1, stat: 0, get: store.objects.size })
    const [database] = report.components
    const objects = store.objects.size - 2
    expect(database).toMatchObject({
      backups: { whole: 2, hurt: 0 },
      authenticated: 2,
      named: { objects },
      present: { objects },
      read: { objects },
      opened: objects,
      orphans: { objects: 0 },
    })
    expect(database?.chunks).toBeGreaterThan(3)
    expect(database?.read.bytes).toBe(database?.named.bytes)
  })

  test('is looked at from outside alone where nothing is to be read', async () => {
    const { store } = await twoBackups()
    const counting = createFaultyStore(store, [])
    const report = await runCheck(counting, { percent: 0 })
    expect(counting.calls).toMatchObject({ list: 1, stat: 0, get: 2 })
    expect(report.components[0]).toMatchObject({ read: { objects: 0 }, opened: 0, chunks: 0 })
  })

  test('without the key: sizes and hashes are checked, and the report claims no more', async () => {
    const { store } = await twoBackups()
    const report = await runCheck(store, { keyring: undefined })
    expect(report).toMatchObject({ key: false, percent: 100 })
    const [database] = report.components
    expect(database).toMatchObject({ authenticated: 0, opened: 0, chunks: 0, backups: { whole: 2 } })
    expect(database?.read).toEqual(database?.named)
  })

  test('read a part a day is read whole in time, and each pack that is read is opened', async () => {
    const { store } = await twoBackups()
    const seen = new Set<string>()
    const watching: Store = {
      ...store,
      get(name, options) {
        seen.add(name)
        return store.get(name, options)
      },
    }
    for (let day = 1; day <= 4; day++) {
      const report = await runCheck(watching, { percent: 25, now: () => new Date(`2026-11-0${day}T05:00:00Z`) })
      expect(report.findings).toEqual([])
      const [database] = report.components
      expect(database?.opened).toBe(database?.read.objects)
    }
    expect(seen.size).toBe(store.objects.size)
  })

  test('tells its progress in bytes, up to all of them', async () => {
    const { store } = await twoBackups()
    const events: ProgressEvent[] = []
    const report = await runCheck(store, { progress: event => events.push(event) })
    const bytes = report.components[0]?.read.bytes
    expect(events).toContainEqual({ type: 'expect', component: 'database', bytes })
    expect(events.findLast(({ type }) => type === 'bytes')).toMatchObject({ done: bytes })
    expect(events.filter(({ type }) => type === 'done')).toHaveLength(3)
  })

  test('may hold placeholders, cut-off runs and strange files', async () => {
    const { store } = await twoBackups()
    const error = new ComebackError('server-error', 'The disk of the server is full.')
    const broken = [
      { name: 'x', bytes: noise('x', 1_200_000) },
      { name: 'y', bytes: noise('y', 900_000), faults: [{ at: 0, error }] },
    ]
    expect((await runBackup(store, memorySource(broken, { component: 'files' }))).status).toBe('failed')
    store.objects.set('database/20261105T020000Z-00000a/01-data-0001.sql.gz.enc', Buffer.alloc(1000))
    store.objects.set('notes.txt', Buffer.from('mine'))
    const report = await runCheck(store)
    expect(report.findings).toEqual([])
    expect(report.foreign).toBe(1)
    expect(report.components).toMatchObject([
      { component: 'database', orphans: { objects: 1, bytes: 1000 } },
      { component: 'files', placeholders: 1, backups: { whole: 0, hurt: 0 }, orphans: { objects: 0 } },
      { component: 'config', placeholders: 0, named: { objects: 0 } },
    ])
    expect(report.components[1]?.opened).toBeGreaterThan(1)
  })
})

describe('a store that misses something', () => {
  test('a pack: missing, and it hurts every backup that needs it', async () => {
    const { store, find, first, second } = await twoBackups()
    const object = find(first, '01-data-0001')
    store.objects.delete(object)
    const found = [{ code: 'missing', object, hurts: [second, first] }]
    expect(await findings(store, { percent: 0, keyring: undefined })).toEqual(found)
    expect(await findings(store)).toEqual(found)
    expect((await runCheck(store)).components[0]?.backups).toEqual({ whole: 0, hurt: 2 })
  })

  test('an index: missing, and it hurts its own backup alone', async () => {
    const { store, find, first } = await twoBackups()
    const object = find(first, 'index')
    store.objects.delete(object)
    const report = await runCheck(store)
    expect(report.findings).toMatchObject([{ code: 'missing', object, hurts: [first] }])
    expect(report.components[0]?.backups).toEqual({ whole: 1, hurt: 1 })
  })

  test('a pack whose own backup is gone: leans-on-missing', async () => {
    const { store, find, first, second } = await twoBackups()
    const object = find(first, '01-data-0001')
    store.objects.delete(object)
    store.objects.delete(find(first, 'manifest'))
    expect(await findings(store)).toEqual([{ code: 'leans-on-missing', object, hurts: [second] }])
  })

  test('only what a prune took away meanwhile: no finding', async () => {
    const { store, first, second } = await twoBackups()
    for (const late of [false, true]) {
      const copy = createMemoryStore({ packSize: 150_000, objects: store.objects })
      let packs = 0
      const pruning: Store = {
        ...copy,
        async get(name, options) {
          const isPack = name.includes('-data-')
          // Either while the manifests are read, or while the packs are.
          if (late ? isPack && ++packs === 3 : name.endsWith('manifest.json')) {
            for (const other of [...copy.objects.keys()]) if (other.includes(`${second}/`)) copy.objects.delete(other)
          }
          return copy.get(name, options)
        },
      }
      const report = await runCheck(pruning)
      expect(report.findings).toEqual([])
      expect(copy.objects.size).toBeLessThan(store.objects.size)
      expect([...copy.objects.keys()].every(name => name.includes(first))).toBe(true)
    }
  })

  test('what a backup has put there only after the listing began: no finding', async () => {
    const { store, find, first } = await twoBackups()
    const pack = find(first, '02-data-0001')
    let listings = 0
    const behind: Store = {
      ...store,
      async *list(prefix, signal) {
        listings++
        for await (const object of store.list(prefix, signal)) if (listings > 1 || object.name !== pack) yield object
      },
    }
    expect(await findings(behind)).toEqual([])
    expect((await runCheck(store)).components[0]?.backups.whole).toBe(2)
  })

  test('a backup that it was to drop by now: no finding', async () => {
    const store = createMemoryStore({ expiresAt: () => new Date('2026-11-20T00:00:00Z') })
    await goodBackup(store, memorySource(tables))
    store.objects.delete([...store.objects.keys()].find(name => name.includes('01-data')) ?? '')
    expect(await findings(store)).toEqual([])
    expect(await findings(store, { now: () => new Date('2026-11-19T00:00:00Z') })).toMatchObject([{ code: 'missing' }])
  })

  test('a manifest that is listed and not given: missing', async () => {
    const { store, find, second } = await twoBackups()
    const object = find(second, 'manifest')
    const faulty = createFaultyStore(store, [{ method: 'get', call: 1, code: 'not-found', naming: object }])
    expect(await findings(faulty)).toEqual([{ code: 'missing', object, hurts: [second] }])
  })
})

describe('a store whose objects were changed', () => {
  test('in length: wrong-size, seen in the listing', async () => {
    const { store, find, first, second } = await twoBackups()
    const object = find(first, '02-data-0001')
    store.objects.set(object, (store.objects.get(object) ?? new Uint8Array()).subarray(16))
    const found = [{ code: 'wrong-size', object, hurts: [second, first] }]
    expect(await findings(store, { percent: 0 })).toEqual(found)
    expect(await findings(store)).toEqual(found)
  })

  test('in one bit: altered, seen by reading alone, with the key and without it', async () => {
    const { store, find, first, second } = await twoBackups()
    const object = find(first, '02-data-0001')
    flip(store, object)
    expect(await findings(store, { percent: 0 })).toEqual([])
    const found = [{ code: 'altered', object, hurts: [second, first] }]
    expect(await findings(store)).toEqual(found)
    expect(await findings(store, { keyring: undefined })).toEqual(found)
  })

  test('on the way out: an answer that is too short twice is wrong-size, refusal is unreadable', async () => {
    const { store, find, second } = await twoBackups()
    const object = find(second, '04-data-0001')
    const once = { method: 'get', call: 1, damage: 'truncate', naming: object } as const
    expect(await findings(createFaultyStore(store, [once]))).toEqual([])
    const short = createFaultyStore(store, [once, { ...once, call: 2 }])
    expect(await findings(short)).toEqual([{ code: 'wrong-size', object, hurts: [second] }])
    for (const code of ['permission', 'store-unavailable'] as const) {
      const refusing = createFaultyStore(store, [{ method: 'get', call: 1, code, naming: object }])
      expect(await findings(refusing)).toEqual([{ code: 'unreadable', object, hurts: [second] }])
    }
  })

  test('in a manifest: bad-manifest; nothing that it says is believed, and nothing of it called an orphan', async () => {
    const { store, find, second } = await twoBackups()
    const object = find(second, 'manifest')
    const text = Buffer.from(store.objects.get(object) ?? []).toString()
    for (const changed of [text.slice(0, -20), text.replace('"stock": false', '"stock": true')]) {
      store.objects.set(object, Buffer.from(changed))
      const report = await runCheck(store)
      expect(report.findings).toMatchObject([{ code: 'bad-manifest', object, hurts: [second] }])
      expect(report.components[0]).toMatchObject({ backups: { whole: 1, hurt: 1 }, orphans: { objects: 0 } })
    }
    store.objects.set(object, Buffer.from(text.replace('"format": 2', '"format": 3')))
    expect(await findings(store)).toEqual([{ code: 'newer-format', object, hurts: [second] }])
  })
})

describe('the key', () => {
  test('that is another one: wrong-key, once for all backups of a key; sizes and hashes are still checked', async () => {
    const { store, find, first, second } = await twoBackups()
    const object = find(second, 'manifest')
    expect(await findings(store, { keyring: OTHER_KEY })).toEqual([
      { code: 'wrong-key', object, hurts: [second, first] },
    ])
    const pack = find(first, '01-data-0001')
    flip(store, pack)
    const report = await runCheck(store, { keyring: OTHER_KEY })
    expect(report.findings.map(({ code }) => code)).toEqual(['wrong-key', 'altered'])
    expect(report.components[0]).toMatchObject({ authenticated: 0, opened: 0, chunks: 0 })
  })
})

describe('an object that is as it was written, and yet wrong', () => {
  test('a pack that does not decrypt: undecryptable', async () => {
    const { store, find, first, second } = await twoBackups()
    const object = find(first, '03-data-0001')
    const bytes = noise('no pack', (store.objects.get(object) ?? new Uint8Array()).length)
    await rewrite(store, object, bytes, [first, second])
    expect(await findings(store)).toEqual([{ code: 'undecryptable', object, hurts: [second, first] }])
  })

  test('a pack with other bytes in it: bad-chunk', async () => {
    const { store, find, first, second } = await twoBackups()
    const object = find(first, '03-data-0001')
    const key = await packKey(store, first)
    const plain = decryptPack(key, store.objects.get(object) ?? new Uint8Array())
    plain[plain.length >> 1] = (plain[plain.length >> 1] ?? 0) ^ 1
    const encryptor = createEncryptor(key)
    await rewrite(store, object, Buffer.concat([encryptor.header, encryptor.update(plain), encryptor.final()]), [
      first,
      second,
    ])
    expect(await findings(store)).toEqual([{ code: 'bad-chunk', object, hurts: [second, first] }])
  })

  test('an index that is none, or speaks of packs that its manifest does not know: bad-index', async () => {
    const { store, find, second } = await twoBackups()
    const object = find(second, 'index')
    const before = await plainIndex(store, second)
    const strange = { ...decodeIndex(before), packs: [...decodeIndex(before).packs] }
    strange.packs[0] = { backup: second, name: '09-data-0001.sql.gz.enc' }
    for (const plain of [Buffer.from('no index'), encodeIndex(strange)]) {
      await rewriteIndex(store, second, plain)
      expect(await findings(store)).toEqual([{ code: 'bad-index', object, hurts: [second] }])
    }
  })

  test('an index that places a chunk elsewhere: bad-chunk of that pack', async () => {
    const { store, second } = await twoBackups()
    const index = decodeIndex(await plainIndex(store, second))
    const chunks = new ChunkTable()
    for (let i = 0; i < index.chunks.length; i++) {
      const ref = index.chunks.at(i)
      chunks.push(i === 0 ? { ...ref, offset: ref.offset + 2 ** 30 } : ref)
    }
    await rewriteIndex(store, second, encodeIndex({ ...index, chunks }))
    expect((await findings(store)).map(({ code }) => code)).toEqual(['bad-chunk'])
  })
})

describe('a check that cannot run', () => {
  test('for want of backups says so instead of passing', async () => {
    await expect(runCheck(createMemoryStore())).rejects.toMatchObject({ code: 'no-such-backup', exitCode: 10 })
    const { store } = await twoBackups()
    await expect(runCheck(store, { components: ['config'] })).rejects.toMatchObject({ code: 'no-such-backup' })
  })

  test('for want of the store fails, be it halfway', async () => {
    const { store } = await twoBackups()
    for (const call of [1, 2, 6]) {
      const faulty = createFaultyStore(store, [{ method: 'any', call, code: 'store-unavailable', lasting: true }])
      await expect(runCheck(faulty)).rejects.toMatchObject({ code: 'store-unavailable' })
    }
  })

  test('because it was cancelled says so', async () => {
    const { store } = await twoBackups()
    const abort = new AbortController()
    const progress = ({ type }: ProgressEvent) => type === 'bytes' && abort.abort(new ComebackError('timeout', 'late'))
    await expect(runCheck(store, { signal: abort.signal, progress })).rejects.toMatchObject({ code: 'timeout' })
  })
})

function flip(store: MemoryStore, name: string): void {
  const bytes = Buffer.from(store.objects.get(name) ?? [])
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1
  store.objects.set(name, bytes)
}

function manifestOf(store: MemoryStore, id: string): Manifest {
  return parseManifest(store.objects.get(`database/${id}/manifest.json`) ?? new Uint8Array(), id)
}

function packKey(store: MemoryStore, id: string) {
  const { kdf } = manifestOf(store, id)
  return keyring.pack(kdf.salt, kdf.iterations)
}

/** Puts other bytes under the name and lets these manifests say, with the key, that those were written. */
async function rewrite(store: MemoryStore, name: string, bytes: Buffer, ids: readonly string[]): Promise<void> {
  const old = createHash('sha256')
    .update(store.objects.get(name) ?? new Uint8Array())
    .digest('hex')
  const size = store.objects.get(name)?.length
  store.objects.set(name, bytes)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  for (const id of ids) {
    const text = JSON.stringify(manifestOf(store, id)).replaceAll(
      `"size":${size},"sha256":"${old}"`,
      `"size":${bytes.length},"sha256":"${sha256}"`,
    )
    expect(text).toContain(sha256)
    await seal(store, JSON.parse(text))
  }
}

async function seal(store: MemoryStore, { mac: _, ...unsealed }: Manifest): Promise<void> {
  const { mac } = await keyring.chain(unsealed.idSalt, unsealed.kdf.iterations)
  store.objects.set(`database/${unsealed.id}/manifest.json`, sealManifest(unsealed, mac))
}

async function plainIndex(store: MemoryStore, id: string): Promise<Buffer> {
  const { index } = manifestOf(store, id)
  const bytes = store.objects.get(`database/${id}/${index?.name}`) ?? new Uint8Array()
  const codec = codecOf('gzip')
  const packed = decryptPack(await packKey(store, id), bytes).subarray(codec.confounder().length)
  return codec.decompress(packed, index?.plain ?? 0)
}

async function rewriteIndex(store: MemoryStore, id: string, plain: Buffer): Promise<void> {
  const codec = codecOf('gzip')
  const encryptor = createEncryptor(await packKey(store, id))
  const bytes = Buffer.concat([
    encryptor.header,
    encryptor.update(codec.confounder()),
    encryptor.update(await codec.compress(plain, 1)),
    encryptor.final(),
  ])
  const { index } = manifestOf(store, id)
  await rewrite(store, `database/${id}/${index?.name}`, bytes, [id])
  const manifest = manifestOf(store, id)
  if (manifest.index !== null) await seal(store, { ...manifest, index: { ...manifest.index, plain: plain.length } })
}
