import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { afterEach, describe, expect, it } from 'vitest'
import { MiB } from '../../src/format/sizes.ts'
import type { Store } from '../../src/store/store.ts'
import { CREDENTIALS, REGION, startFakeS3 } from '../support/s3/fake-s3.ts'
import { s3Scene, virtualHosts } from '../support/s3/store.ts'
import { codeOf, list, objects, storeContract } from './contract.ts'

const NAME = 'database/b1/pack'
const KEY = `some/prefix/${NAME}`
const BODY = [Buffer.from('some bytes')]

storeContract('S3', async () => {
  const scene = await s3Scene()
  return { store: scene.store, close: () => scene.server.close() }
})

storeContract('S3 (a whole bucket, each bucket a host of its own, pages of two)', async () => {
  const scene = await s3Scene({ pageSize: 2 })
  const store = scene.open({ ...virtualHosts(scene.server), prefix: '' })
  return { store, close: () => scene.server.close() }
})

storeContract('S3 (with a session token)', async () => {
  const credentials = { ...CREDENTIALS, sessionToken: 'a token' }
  const scene = await s3Scene({ credentials: [credentials] }, { credentials })
  return { store: scene.store, close: () => scene.server.close() }
})

describe('as at Amazon, with its checksums', () => {
  // Only without an endpoint of our own the defaults of Amazon hold; the SDK itself has a variable for it.
  async function atAmazon() {
    const scene = await s3Scene()
    process.env.AWS_ENDPOINT_URL_S3 = scene.server.endpoint
    return { scene, store: scene.open({ endpoint: undefined }) }
  }
  afterEach(() => {
    delete process.env.AWS_ENDPOINT_URL_S3
  })

  storeContract('S3', async () => {
    const { scene, store } = await atAmazon()
    return { store, close: () => scene.server.close() }
  })

  it('objects carry a CRC, which is checked when they are read', async () => {
    const { scene, store } = await atAmazon()
    await store.put(NAME, BODY)
    const object = scene.server.objects.get(KEY)
    expect(object?.checksums).toEqual({ 'x-amz-checksum-crc32': expect.any(String) })
    if (object !== undefined) scene.server.objects.set(KEY, { ...object, bytes: Buffer.from('some bytez') })
    expect(await codeOf(store.get(NAME))).toBe('store-unavailable')
    await scene.server.close()
  })

  it('bodies in parts carry one for each part', async () => {
    const { scene } = await atAmazon()
    const bytes = randomBytes(17 * MiB)
    await scene.open({ endpoint: undefined, partsAbove: 10 * MiB }).put(NAME, [bytes])
    expect(scene.server.objects.get(KEY)?.bytes.equals(bytes)).toBe(true)
    const parts = scene.server.log.filter(({ operation }) => operation === 'UploadPart')
    expect(parts.map(({ request }) => request.headers['x-amz-checksum-crc32'] !== undefined)).toEqual([
      true,
      true,
      true,
    ])
    await scene.server.close()
  })

  it('no region is a matter of usage, told without a request', async () => {
    await using scene = await s3Scene()
    const { AWS_REGION, AWS_CONFIG_FILE } = process.env
    delete process.env.AWS_REGION
    process.env.AWS_CONFIG_FILE = '/dev/null'
    const store = scene.open({ endpoint: undefined, region: undefined })
    await expect(store.stat(NAME)).rejects.toMatchObject({
      code: 'usage',
      hint: expect.stringContaining('--s3-region'),
    })
    delete process.env.AWS_CONFIG_FILE
    Object.assign(process.env, { ...(AWS_REGION && { AWS_REGION }), ...(AWS_CONFIG_FILE && { AWS_CONFIG_FILE }) })
    expect(scene.server.log).toEqual([])
  })
})

describe.each([501, 400] as const)('a server that answers %d to conditional writes', status => {
  storeContract('S3', async () => {
    const scene = await s3Scene({ conditions: status })
    return { store: oneAtATime(scene.store), close: () => scene.server.close() }
  })

  it('is written to after a look, and is warned of once', async () => {
    await using scene = await s3Scene({ conditions: status })
    await scene.store.put(NAME, BODY)
    await scene.store.put('database/b1/other', BODY)
    expect(await codeOf(scene.store.put(NAME, [Buffer.from('other')]))).toBe('already-exists')
    expect(scene.server.objects.get(KEY)?.bytes.toString()).toBe('some bytes')
    expect(scene.warnings).toEqual([expect.stringContaining('If-None-Match')])
    expect(scene.server.log.map(({ operation }) => operation)).toEqual([
      ...['PutObject', 'HeadObject', 'PutObject'],
      ...['HeadObject', 'PutObject'],
      'HeadObject',
    ])
  })
})

it('takes no 400 for a refusal of the condition when the write is refused without it, too', async () => {
  const faults = [
    { operation: 'PutObject', call: 1, lasting: true, how: { status: 400, code: 'InvalidRequest' } },
  ] as const
  await using scene = await s3Scene({ faults })
  await expect(scene.store.put(NAME, BODY)).rejects.toMatchObject({
    code: 'failed',
    message: expect.stringContaining('InvalidRequest'),
  })
  expect(scene.warnings).toEqual([])
})

it('says where it is', async () => {
  await using scene = await s3Scene()
  expect(scene.store.location).toBe('s3://backups/some/prefix')
  expect(scene.open({ prefix: '' }).location).toBe('s3://backups')
})

it('puts objects below its prefix, as plain bytes with a digest', async () => {
  await using scene = await s3Scene()
  await scene.store.put(NAME, [Buffer.from('some '), Buffer.from('bytes')])
  expect([...scene.server.objects.keys()]).toEqual([KEY])
  expect(scene.server.objects.get(KEY)).toMatchObject({ contentType: 'application/octet-stream' })
  const headers = scene.server.log[0]?.request.headers ?? {}
  expect(headers).toMatchObject({
    'content-length': '10',
    'content-md5': expect.any(String),
    'if-none-match': '*',
    'x-amz-content-sha256': expect.stringMatching(/^[0-9a-f]{64}$/),
  })
  expect(headers['content-encoding']).toBeUndefined()
  expect(headers['transfer-encoding']).toBeUndefined()
})

it('lists every page, and passes over keys that could name no object', async () => {
  await using scene = await s3Scene({ pageSize: 3 })
  const names = Array.from({ length: 20 }, (_, index) => `files/b${index}/pack`).sort()
  for (const name of names) await scene.store.put(name, BODY)
  const strange = { bytes: Buffer.from('x'), etag: '"x"', contentType: '' }
  for (const key of ['', 'a b', 'ä', 'files/', 'files/b1/.part', 'x\u0001y', '100%', 'a+b', '%2e%2e']) {
    scene.server.objects.set(`some/prefix/${key}`, strange)
  }
  scene.server.objects.set('some/prefixed/files/b1/pack', strange)
  scene.server.objects.set('some/prefix/notes.txt', strange)
  expect(await list(scene.store, '')).toEqual([...names, 'notes.txt'])
  expect(await list(scene.store, 'files/b1')).toHaveLength(11)
})

describe('a body that ends early', () => {
  it.each([0, 1, 50_000])('is never given as if it were whole (cut after %d bytes)', async cut => {
    const faults = [1, 2].map(call => ({ operation: 'GetObject', call, how: { cut } }) as const)
    await using scene = await s3Scene({ faults })
    const bytes = randomBytes(100_000)
    await scene.store.put(NAME, [bytes])
    expect(await codeOf(scene.store.get(NAME))).toBe('store-unavailable')
    expect(await codeOf(scene.store.get(NAME, { range: { offset: 10, length: 60_000 } }))).toBe('store-unavailable')
    expect(Buffer.from(await scene.store.get(NAME)).equals(bytes)).toBe(true)
    expect(scene.server.unmet()).toEqual([])
  })
})

it('waits for nothing of an object that is larger than the limit', async () => {
  await using scene = await s3Scene({ faults: [{ operation: 'GetObject', call: 1, how: { stall: 10 } }] })
  await scene.store.put(NAME, [Buffer.alloc(2 * MiB)])
  const get = scene.store.get(NAME, { limit: 1000 })
  await expect(get).rejects.toMatchObject({ code: 'damaged', message: expect.stringContaining('2097152 bytes') })
})

it('gives an empty range of an object that is there, and says damaged beyond its end', async () => {
  await using scene = await s3Scene()
  await scene.store.put(NAME, BODY)
  expect(await scene.store.get(NAME, { range: { offset: 10, length: 0 } })).toHaveLength(0)
  expect(await codeOf(scene.store.get(NAME, { range: { offset: 11, length: 0 } }))).toBe('damaged')
  expect(await codeOf(scene.store.get('database/b1/none', { range: { offset: 0, length: 0 } }))).toBe('not-found')
})

it('stores an object whose answer was lost, and says that it exists when asked again', async () => {
  await using scene = await s3Scene({ faults: [{ operation: 'PutObject', call: 1, how: { reset: 'after' } }] })
  expect(await codeOf(scene.store.put(NAME, BODY))).toBe('store-unavailable')
  expect(await codeOf(scene.store.put(NAME, BODY))).toBe('already-exists')
})

describe('the signal', () => {
  const runs = [
    ['PutObject', (store: Store, signal: AbortSignal) => store.put(NAME, BODY, signal)],
    ['GetObject', (store: Store, signal: AbortSignal) => store.get(NAME, { signal })],
    ['HeadObject', (store: Store, signal: AbortSignal) => store.stat(NAME, signal)],
    ['DeleteObject', (store: Store, signal: AbortSignal) => store.delete(NAME, signal)],
    ['ListObjectsV2', (store: Store, signal: AbortSignal) => objects(store, '', signal)],
  ] as const

  it.each(runs)('ends a %s that is not answered', async (operation, run) => {
    await using scene = await s3Scene({ faults: [{ operation, call: 1, how: { silent: true } }] })
    const abort = new AbortController()
    const outcome = codeOf(run(scene.store, abort.signal))
    while (scene.server.log.length === 0) await new Promise(resolve => setImmediate(resolve))
    abort.abort()
    expect(await outcome).toBe('cancelled')
    expect(scene.server.unmet()).toEqual([])
  })

  it('ends a download in the middle of its body', async () => {
    await using scene = await s3Scene({ faults: [{ operation: 'GetObject', call: 1, how: { stall: 10 } }] })
    await scene.store.put(NAME, [randomBytes(100_000)])
    const abort = new AbortController()
    const outcome = codeOf(scene.store.get(NAME, { signal: abort.signal }))
    setTimeout(() => abort.abort(), 100)
    expect(await outcome).toBe('cancelled')
  })
})

it('gives up on a server from which nothing comes any more', async () => {
  const faults = [{ operation: 'HeadObject', call: 1, how: { silent: true } }] as const
  await using scene = await s3Scene({ faults }, { stallTimeout: 300 })
  await expect(scene.store.stat(NAME)).rejects.toMatchObject({ code: 'store-unavailable' })
})

it('gives up on a body from which nothing comes any more', async () => {
  const faults = [{ operation: 'GetObject', call: 1, how: { stall: 10 } }] as const
  await using scene = await s3Scene({ faults }, { stallTimeout: 300 })
  await scene.store.put(NAME, [randomBytes(100_000)])
  expect(await codeOf(scene.store.get(NAME))).toBe('store-unavailable')
})

it('does not follow a server whose pages never end', async () => {
  await using scene = await s3Scene({ pageSize: 0 })
  await scene.store.put(NAME, BODY)
  expect(await codeOf(objects(scene.store, ''))).toBe('unsupported')
})

describe('the fake server itself', () => {
  it('decodes what the SDK frames, and refuses a trailer that does not fit', async () => {
    await using server = await startFakeS3()
    const client = new S3Client({
      endpoint: server.endpoint,
      region: REGION,
      forcePathStyle: true,
      maxAttempts: 1,
      credentials: CREDENTIALS,
    })
    const bytes = randomBytes(200_000)
    const stream = () => Readable.from([bytes.subarray(0, 70_000), bytes.subarray(70_000)], { objectMode: false })
    const framed = { Bucket: server.bucket, Key: 'framed', ContentLength: bytes.length }
    await client.send(new PutObjectCommand({ ...framed, Body: stream() }))
    expect(server.objects.get('framed')?.bytes.equals(bytes)).toBe(true)
    for (const wrong of [{ ContentMD5: 'AAAAAAAAAAAAAAAAAAAAAA==' }, { ChecksumSHA256: `${'A'.repeat(43)}=` }]) {
      const command = new PutObjectCommand({ Bucket: server.bucket, Key: 'wrong', Body: bytes, ...wrong })
      await expect(client.send(command)).rejects.toMatchObject({ name: 'BadDigest' })
    }
    expect([...server.objects.keys()]).toEqual(['framed'])
    client.destroy()
  })
})

/** Without conditions two puts of one name are not told apart; here they come one after the other. */
function oneAtATime(store: Store): Store {
  let last: Promise<unknown> = Promise.resolve()
  return {
    ...store,
    put(name, body, signal) {
      const next = last.then(
        () => store.put(name, body, signal),
        () => store.put(name, body, signal),
      )
      last = next
      return next
    },
  }
}
