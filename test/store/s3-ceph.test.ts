/** The store on a real server that is not Amazon's. */
import { randomBytes } from 'node:crypto'
import { CreateBucketCommand, ListMultipartUploadsCommand, type S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MiB } from '../../src/format/sizes.ts'
import { openS3Store } from '../../src/store/s3.ts'
import { createS3Client } from '../../src/store/s3-client.ts'
import type { Store } from '../../src/store/store.ts'
import { fakeClock, goodBackup, noise, runRestore } from '../engine/scene.ts'
import { memorySink, memorySource } from '../fakes/source.ts'
import { CEPH_PROGRAMS, type CephServer, startCeph } from '../support/ceph.ts'
import { hasTool } from '../support/stock-tool.ts'
import { codeOf, list, storeContract } from './contract.ts'

const BUCKET = 'backups'
const NAME = 'database/b1/index.gz.enc'

const missing = CEPH_PROGRAMS.filter(program => !hasTool(program))
const isHere = missing.length === 0

it('needs a Ceph gateway', context => {
  if (isHere) return
  const why = `not installed: ${missing.join(', ')}`
  if (process.env.CI) throw new Error(why)
  context.skip(why)
})

describe.skipIf(!isHere)('on Ceph,', () => {
  let ceph: CephServer
  let client: S3Client
  const warnings: string[] = []

  beforeAll(async () => {
    ceph = await startCeph()
    client = createS3Client({ ...ceph, pathStyle: true })
    await client.send(new CreateBucketCommand({ Bucket: BUCKET }))
  }, 120_000)

  afterAll(async () => {
    client?.destroy()
    await ceph?.stop()
  })

  function open(): Store {
    return openS3Store({
      ...ceph,
      bucket: BUCKET,
      prefix: `tests/${randomBytes(6).toString('hex')}`,
      pathStyle: false,
      partsAbove: 10 * MiB,
      warn: message => warnings.push(message),
    })
  }

  async function unfinished(): Promise<number> {
    return (await client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }))).Uploads?.length ?? 0
  }

  storeContract('S3', async () => ({ store: open(), close: async () => undefined }))

  it('a large body goes in parts and never replaces an object', async () => {
    const store = open()
    const bytes = randomBytes(20 * MiB + 1)
    await store.put(NAME, [bytes])
    expect(Buffer.from(await store.get(NAME)).equals(bytes)).toBe(true)
    const range = { offset: 8 * MiB - 5, length: 10 }
    expect(Buffer.from(await store.get(NAME, { range })).equals(bytes.subarray(8 * MiB - 5, 8 * MiB + 5))).toBe(true)
    expect(await codeOf(store.put(NAME, [bytes]))).toBe('already-exists')
    expect(await unfinished()).toBe(0)
  })

  it('a put in parts that is cancelled leaves nothing', async () => {
    const store = open()
    const abort = new AbortController()
    const put = codeOf(store.put(NAME, [randomBytes(64 * MiB)], abort.signal))
    while ((await unfinished()) === 0) await new Promise(resolve => setTimeout(resolve, 1))
    abort.abort()
    expect(await put).toBe('cancelled')
    expect(await unfinished()).toBe(0)
    expect(await codeOf(store.stat(NAME))).toBe('not-found')
  })

  it('wrong credentials and missing buckets are called so', async () => {
    const base = { ...ceph, bucket: BUCKET, prefix: '', pathStyle: true, warn: () => undefined }
    const listing = (options: Partial<typeof base>) => codeOf(list(openS3Store({ ...base, ...options }), ''))
    const { accessKeyId, secretAccessKey } = ceph.credentials
    expect(await listing({ credentials: { accessKeyId, secretAccessKey: 'wrong' } })).toBe('authentication')
    expect(await listing({ credentials: { accessKeyId: 'UNKNOWN', secretAccessKey } })).toBe('authentication')
    expect(await listing({ bucket: 'elsewhere' })).toBe('failed')
  })

  it('backups come back to the last byte, and the second stores only what is new', async () => {
    const store = open()
    const segments = (more: readonly { name: string; bytes: Buffer }[] = []) => [
      { name: 'a', group: '01-data' as const, bytes: noise('a', 12 * MiB) },
      { name: 'b', group: '02-data' as const, bytes: noise('b', 3 * MiB) },
      ...more.map(segment => ({ ...segment, group: '02-data' as const })),
    ]
    const clock = fakeClock()
    await goodBackup(store, memorySource(segments()), { clock })
    clock.nextDay()
    const second = segments([{ name: 'c', bytes: noise('c', MiB) }])
    const outcome = await goodBackup(store, memorySource(second), { clock })
    expect(outcome.full).toBe(false)
    expect(outcome.bytes.new).toBeLessThan(2 * MiB)
    const sink = memorySink()
    await runRestore(store, sink)
    for (const { name, bytes } of second) expect(sink.restored.get(name)?.equals(bytes), name).toBe(true)
  })

  it('nothing had to be warned of', () => expect(warnings).toEqual([]))
})
