import { execFileSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { ComebackError } from '../../src/errors.ts'
import { KEY_PLACE } from '../../src/format/stock-recipe.ts'
import { Keyring } from '../../src/repository/keyring.ts'
import { createFaultyStore } from '../fakes/faulty-store.ts'
import { createMemoryStore } from '../fakes/memory-store.ts'
import { memorySink, memorySource } from '../fakes/source.ts'
import { fakeClock, goodBackup, KEY, manifest, noise, runBackup, runRestore } from './scene.ts'

const MiB = 1024 * 1024

function threeTables() {
  return [
    { name: 'schema', group: '00-schema' as const, bytes: Buffer.from('CREATE TABLE t ();\n') },
    { name: 'a', group: '01-data' as const, bytes: noise('a', 3 * MiB) },
    { name: 'b', group: '02-data' as const, bytes: noise('b', 2 * MiB) },
    { name: 'empty', group: '02-data' as const, bytes: Buffer.alloc(0) },
    { name: 'end', group: '99-schema' as const, bytes: Buffer.from('ALTER TABLE t;\n') },
  ]
}

async function expectRestores(
  store: Parameters<typeof runRestore>[0],
  segments: readonly { name: string; bytes: Buffer }[],
  at = 'latest',
) {
  const sink = memorySink()
  await runRestore(store, sink, at)
  expect([...sink.restored.keys()].sort()).toEqual(segments.map(({ name }) => name).sort())
  for (const { name, bytes } of segments) expect(sink.restored.get(name)?.equals(bytes), name).toBe(true)
}

describe('a first backup', () => {
  test.each(['gzip', 'zstd'] as const)('restores to the last byte (%s)', async codec => {
    const store = createMemoryStore()
    const outcome = await goodBackup(store, memorySource(threeTables()), { codec })
    expect(outcome).toMatchObject({ status: 'complete', full: true, stock: true, leansOn: 0, segments: 5 })
    await expectRestores(store, threeTables())
  })

  test('is decrypted by openssl and gunzip alone, its files in name order', async () => {
    const store = createMemoryStore()
    const { id } = await goodBackup(store, memorySource(threeTables()))
    const folder = mkdtempSync(join(tmpdir(), 'comeback-stock-'))
    writeFileSync(join(folder, 'key'), `${KEY}\n`)
    for (const [name, bytes] of store.objects) writeFileSync(join(folder, name.split('/').at(-1) ?? ''), bytes)
    const { decrypt, id: made } = await manifest(store)
    const text = decrypt?.replace(KEY_PLACE, 'key').replace(/psql .*"/, 'cat') ?? ''
    const said = execFileSync('bash', ['-c', text], { cwd: folder, maxBuffer: 16 * MiB })
    const plain = said.subarray(said.indexOf('\n') + 1)
    expect(plain.equals(Buffer.concat(threeTables().map(({ bytes }) => bytes)))).toBe(true)
    expect(said.toString('latin1', 0, 50)).toMatch(/^\\restrict [0-9a-f]{32}\n/)
    expect(id).toBe(made)
  })

  test('writes repeated chunks again, so that its files stay a plain script', async () => {
    const store = createMemoryStore()
    const same = noise('same', MiB)
    const outcome = await goodBackup(
      store,
      memorySource([
        { name: 'x', bytes: same },
        { name: 'y', bytes: same },
      ]),
    )
    expect(outcome.stock).toBe(true)
    expect(outcome.bytes.stored).toBeGreaterThan(2 * MiB)
  })

  test('says nothing in clear about what it holds', async () => {
    const store = createMemoryStore()
    await goodBackup(
      store,
      memorySource([{ name: 'public.secret_table', bytes: noise('x', 1000) }], { identity: 'db.example.com/app' }),
    )
    for (const [name, bytes] of store.objects) {
      expect(name + Buffer.from(bytes).toString('latin1')).not.toMatch(/secret_table|example/)
    }
  })
})

describe('a second backup', () => {
  test('of the same bytes writes nothing but its index and manifest', async () => {
    const store = createMemoryStore()
    const clock = fakeClock()
    const first = await goodBackup(store, memorySource(threeTables()), { clock })
    clock.nextDay()
    const second = await goodBackup(store, memorySource(threeTables()), { clock })
    expect(second).toMatchObject({ full: false, stock: false, base: first.id, bytes: { new: 0 } })
    expect(second.bytes.stored).toBeLessThan(0.01 * first.bytes.stored)
    await expectRestores(store, threeTables())
  })

  test('writes only the chunks around a change', async () => {
    const store = createMemoryStore()
    const clock = fakeClock()
    await goodBackup(store, memorySource(threeTables()), { clock })
    clock.nextDay()
    const changed = threeTables()
    changed[1]?.bytes.write('changed', MiB)
    const second = await goodBackup(store, memorySource(changed), { clock })
    expect(second.bytes.new).toBeGreaterThan(0)
    expect(second.bytes.new).toBeLessThan(2 * 512 * 1024)
    await expectRestores(store, changed)
  })

  test('of another source builds on nothing', async () => {
    const store = createMemoryStore()
    const clock = fakeClock()
    await goodBackup(store, memorySource(threeTables()), { clock })
    clock.nextDay()
    const other = await goodBackup(store, memorySource(threeTables(), { identity: 'another' }), { clock })
    expect(other.full).toBe(true)
  })

  test('with --full, or when it is due, leans on nothing and draws a new salt', async () => {
    const store = createMemoryStore()
    const clock = fakeClock()
    await goodBackup(store, memorySource(threeTables()), { clock })
    const before = await manifest(store)
    clock.nextDay()
    expect(await goodBackup(store, memorySource(threeTables()), { clock, full: true })).toMatchObject({
      full: true,
      stock: true,
    })
    const after = await manifest(store)
    expect(after.kdf.salt).not.toBe(before.kdf.salt)
    expect(after.idSalt).toBe(before.idSalt)
    for (let day = 0; day < 30; day++) clock.nextDay()
    expect(await goodBackup(store, memorySource(threeTables()), { clock })).toMatchObject({ full: true })
  })

  test('writes chunks anew when the base uses less than half of their pack', async () => {
    const store = createMemoryStore({ packSize: 64 * MiB })
    const clock = fakeClock()
    const keep = { name: 'keep', bytes: noise('keep', 2 * MiB) }
    await goodBackup(store, memorySource([keep, { name: 'drop', bytes: noise('drop', 3 * MiB) }]), { clock })
    clock.nextDay()
    const second = await goodBackup(store, memorySource([keep]), { clock })
    expect(second).toMatchObject({ leansOn: 1, bytes: { new: 0 } })
    clock.nextDay()
    const third = await goodBackup(store, memorySource([keep]), { clock })
    expect(third).toMatchObject({ leansOn: 0, bytes: { new: 2 * MiB } })
    await expectRestores(store, [keep])
  })

  test('does not lean on packs that the store drops too early', async () => {
    const clock = fakeClock()
    const store = createMemoryStore({ expiresAt: () => new Date('2026-11-20T00:00:00Z') })
    await goodBackup(store, memorySource(threeTables()), { clock })
    clock.nextDay()
    const early = await goodBackup(store, memorySource(threeTables()), {
      clock,
      keepUntil: new Date('2026-11-19T00:00:00Z'),
    })
    expect(early.leansOn).toBeGreaterThan(0)
    clock.nextDay()
    const late = await goodBackup(store, memorySource(threeTables()), {
      clock,
      keepUntil: new Date('2026-11-21T00:00:00Z'),
    })
    expect(late.leansOn).toBe(0)
  })

  test('makes up for packs that have vanished from the store', async () => {
    const store = createMemoryStore()
    const clock = fakeClock()
    await goodBackup(store, memorySource(threeTables()), { clock })
    const lost = [...store.objects.keys()].find(name => name.includes('01-data-0001'))
    store.objects.delete(lost ?? '')
    clock.nextDay()
    const second = await goodBackup(store, memorySource(threeTables()), { clock })
    expect(second.bytes.new).toBeGreaterThan(MiB / 2)
    await expectRestores(store, threeTables())
  })
})

describe('a backup that fails', () => {
  test('at any call to the store leaves the last good backup and no half one', async () => {
    const clock = fakeClock()
    const before = createMemoryStore({ packSize: MiB })
    await goodBackup(before, memorySource(threeTables()), { clock })
    clock.nextDay()
    const changed = [...threeTables(), { name: 'c', group: '01-data' as const, bytes: noise('c', 3 * MiB) }]
    const kept = new Map(before.objects)
    let failures = 0
    for (let call = 1; ; call++) {
      const store = createMemoryStore({ packSize: MiB, objects: kept })
      const faulty = createFaultyStore(store, [{ method: 'any', call, code: 'store-unavailable' }])
      const outcome = await runBackup(faulty, memorySource(changed), { clock }).catch((error: unknown) => error)
      if (faulty.unmet().length > 0) break
      failures++
      const failed = outcome instanceof ComebackError || (outcome as { status: string }).status === 'failed'
      // What is read after the manifest was written, for the report alone, may fail without harm.
      const stands = [...store.objects.keys()].filter(name => name.endsWith('/manifest.json')).length > 1
      // Nobody calls complete what he could not read back.
      const unread = JSON.stringify(outcome).includes('could not be read back')
      expect(failed, `call ${call}`).toBe(!stands || unread)
      await expectRestores(store, stands ? changed : threeTables())
    }
    expect(failures).toBeGreaterThan(6)
  })

  test('leaves a placeholder, on whose packs the next run builds', async () => {
    const store = createMemoryStore({ packSize: MiB })
    const clock = fakeClock()
    const error = new ComebackError('server-error', 'The disk of the server is full.')
    const broken = memorySource([
      { name: 'a', bytes: noise('a', 4 * MiB) },
      { name: 'b', bytes: noise('b', 2 * MiB), faults: [{ at: MiB, error }] },
    ])
    const failed = await runBackup(store, broken, { clock })
    expect(failed).toMatchObject({ status: 'failed', error: { code: 'server-error' }, placeholder: expect.any(String) })
    await expect(runRestore(store, memorySink())).rejects.toMatchObject({ code: 'no-such-backup' })
    clock.nextDay()
    const good = [
      { name: 'a', bytes: noise('a', 4 * MiB) },
      { name: 'b', bytes: noise('b', 2 * MiB) },
    ]
    const second = await goodBackup(store, memorySource(good), { clock })
    expect(second.bytes.new).toBeLessThan(3 * MiB)
    expect(second).toMatchObject({ full: false, stock: false })
    await expectRestores(store, good)
  })

  test('because the source lost its connection for good is read again from the start', async () => {
    const store = createMemoryStore()
    const error = new ComebackError('connection', 'The connection was lost.')
    const segments = [{ name: 'a', bytes: noise('a', 2 * MiB), faults: [{ at: MiB, error }] }]
    const outcome = await goodBackup(store, memorySource(segments))
    expect(outcome.stock).toBe(false)
    await expectRestores(store, segments)
  })

  test('because its source mixes the bytes of two segments makes no backup of them', async () => {
    const store = createMemoryStore()
    const source = memorySource(threeTables())
    const mixing: typeof source = {
      ...source,
      async read(out, signal) {
        const bytes = async function* () {
          for (const part of [1, 2, 3]) {
            await sleep(1)
            yield noise(`${part}`, MiB)
          }
        }
        const segment = (name: string) => out.segment({ name, group: '01-data', detail: null }, bytes())
        await Promise.allSettled([segment('a'), segment('b')])
        await segment('c')
        return source.read({ ...out, segment: async () => 0 }, signal)
      },
    }
    const outcome = await goodBackup(store, mixing)
    expect(outcome.segments).toBe(2)
    await runRestore(store, memorySink())
  })

  test('because it was cancelled says so, and its placeholder is listed as such', async () => {
    const store = createMemoryStore()
    const controller = new AbortController()
    const cancel = new ComebackError('cancelled', 'The run was cancelled.')
    const source = memorySource(threeTables())
    const stopping = {
      ...source,
      read: (...[out, signal]: Parameters<typeof source.read>) =>
        source.read(
          {
            ...out,
            segment: (head, bytes) => {
              if (head.name === 'b') controller.abort(cancel)
              return out.segment(head, bytes)
            },
          },
          signal,
        ),
    }
    const outcome = await runBackup(store, stopping, { signal: controller.signal })
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'cancelled' } })
    await expect(runRestore(store, memorySink())).rejects.toMatchObject({ code: 'no-such-backup' })
  })
})

describe('damage', () => {
  async function damaged(change: (bytes: Buffer, name: string) => Uint8Array | undefined, object: RegExp) {
    const store = createMemoryStore()
    await goodBackup(store, memorySource(threeTables()))
    const name = [...store.objects.keys()].find(candidate => object.test(candidate)) ?? ''
    const changed = change(Buffer.from(store.objects.get(name) ?? []), name)
    if (changed === undefined) store.objects.delete(name)
    else store.objects.set(name, changed)
    const sink = memorySink()
    await expect(runRestore(store, sink)).rejects.toMatchObject({ exitCode: 3, hint: expect.any(String) })
  }

  test.each([/01-data/, /index/])('of an object like %s is found whatever it is', async object => {
    await damaged(() => undefined, object)
    await damaged(bytes => bytes.subarray(0, -16), object)
    await damaged(bytes => bytes.subarray(0, 7), object)
    await damaged(bytes => Buffer.concat([bytes, bytes.subarray(-16)]), object)
    await damaged(bytes => {
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1
      return bytes
    }, object)
  })

  test('of the manifest is found: an altered field, another backup in its place', async () => {
    await damaged(bytes => Buffer.from(bytes.toString().replace('"stock": true', '"stock": false')), /manifest/)
    await damaged(bytes => bytes.subarray(0, -20), /manifest/)
    const store = createMemoryStore()
    const clock = fakeClock()
    const first = await goodBackup(store, memorySource(threeTables()), { clock })
    clock.nextDay()
    const second = await goodBackup(store, memorySource(threeTables()), { clock })
    store.objects.set(
      `database/${second.id}/manifest.json`,
      store.objects.get(`database/${first.id}/manifest.json`) ?? new Uint8Array(),
    )
    await expect(runRestore(store, memorySink(), second.id)).rejects.toMatchObject({ code: 'damaged' })
    expect(await runRestore(store, memorySink())).toMatchObject({ id: first.id })
  })

  test('of two packs that were swapped is found', async () => {
    const store = createMemoryStore()
    await goodBackup(store, memorySource(threeTables()))
    const [a = '', b = ''] = [...store.objects.keys()].filter(name => name.includes('-data-'))
    const [first, second] = [store.objects.get(a), store.objects.get(b)]
    if (first === undefined || second === undefined) throw new Error('no packs')
    store.objects.set(a, second).set(b, first)
    await expect(runRestore(store, memorySink())).rejects.toMatchObject({ code: 'damaged' })
  })

  test('of a pack that is read by ranges only is found by the chunk ids', async () => {
    const store = createMemoryStore({ packSize: 64 * MiB })
    const clock = fakeClock()
    const keep = { name: 'keep', bytes: noise('keep', 3 * MiB) }
    await goodBackup(store, memorySource([keep, { name: 'drop', bytes: noise('drop', 4 * MiB) }]), { clock })
    clock.nextDay()
    // Uses less than half of the pack, so that it is read by ranges.
    const { id } = await goodBackup(store, memorySource([keep]), { clock })
    await expectRestores(store, [keep], id)
    const [pack = ''] = [...store.objects.keys()].filter(name => name.includes('01-data'))
    const bytes = Buffer.from(store.objects.get(pack) ?? [])
    bytes[MiB] = (bytes[MiB] ?? 0) ^ 0x80
    store.objects.set(pack, bytes)
    await expect(runRestore(store, memorySink(), id)).rejects.toMatchObject({ code: 'damaged' })
  })
})

describe('keys', () => {
  test('a wrong one is named beside the right one', async () => {
    const store = createMemoryStore()
    await goodBackup(store, memorySource(threeTables()))
    const other = new Keyring('another passphrase of some length')
    const error = await runRestore(store, memorySink(), 'latest', other).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'wrong-key', exitCode: 12 })
    expect(String(error)).toContain(await other.id())
    expect(String(error)).toContain((await manifest(store)).keyId)
  })

  test('a backup with another key than the store was made with is refused, unless it starts anew', async () => {
    const store = createMemoryStore()
    const clock = fakeClock()
    await goodBackup(store, memorySource(threeTables()), { clock })
    clock.nextDay()
    const other = new Keyring('another passphrase of some length')
    const objects = store.objects.size
    await expect(runBackup(store, memorySource(threeTables()), { clock, keyring: other })).rejects.toMatchObject({
      code: 'wrong-key',
    })
    expect(store.objects.size).toBe(objects)
    expect(await goodBackup(store, memorySource(threeTables()), { clock, keyring: other, full: true })).toMatchObject({
      full: true,
    })
    clock.nextDay()
    expect(await goodBackup(store, memorySource(threeTables()), { clock, keyring: other })).toMatchObject({
      full: false,
    })
  })
})

describe('which backup is meant', () => {
  test('latest and days mean complete ones; a missing day names the nearest', async () => {
    const store = createMemoryStore()
    const clock = fakeClock()
    const one = await goodBackup(store, memorySource([{ name: 'a', bytes: Buffer.from('1') }]), { clock })
    clock.nextDay()
    const partial = memorySource([{ name: 'a', bytes: Buffer.from('2') }], {
      problems: [{ severity: 'partial', message: 'changed' }],
    })
    const two = await goodBackup(store, partial, { clock })
    expect(two.status).toBe('partial')
    expect((await manifest(store)).id).toBe(one.id)
    expect((await manifest(store, 'database', two.id)).id).toBe(two.id)
    expect((await manifest(store, 'database', '2026-11-01')).id).toBe(one.id)
    expect((await manifest(store, 'database', '2026-11-04T00:00Z')).id).toBe(one.id)
    const missing = await manifest(store, 'database', '2026-10-01').catch((error: unknown) => error)
    expect(missing).toMatchObject({ code: 'no-such-backup', exitCode: 10, hint: expect.stringContaining(one.id) })
    await expect(manifest(store, 'files')).rejects.toMatchObject({ code: 'no-such-backup' })
  })

  test.each(['yesterday', '2026-02-30', '2026-11-1', '20261101', ''])('"%s" is not understood', async text => {
    await expect(async () => manifest(createMemoryStore(), 'database', text)).rejects.toMatchObject({ code: 'usage' })
  })
})
