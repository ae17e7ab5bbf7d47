/** Large bodies go in parts; whatever happens, nothing unfinished is left. */
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { MiB } from '../../src/format/sizes.ts'
import { withRetry } from '../../src/store/retry.ts'
import type { FakeS3Options } from '../support/s3/fake-s3.ts'
import type { Fault } from '../support/s3/faults.ts'
import { s3Scene } from '../support/s3/store.ts'
import { codeOf } from './contract.ts'

const NAME = 'database/b1/index.gz.enc'
const KEY = `some/prefix/${NAME}`
const HOUR = 60 * 60 * 1000
const LIMIT = 17 * MiB
const LARGE = randomBytes(LIMIT + 1)
const PARTS = 3

const partsScene = (server: FakeS3Options = {}) => s3Scene(server, { partsAbove: LIMIT })
const slowly = () => new Promise(resolve => setTimeout(resolve, 1))

it('sends whatever a pack can be as one', async () => {
  await using scene = await s3Scene()
  expect(scene.store.packSize * 2).toBeLessThan(LIMIT)
  await scene.store.put(NAME, [LARGE])
  expect(scene.server.log.map(({ operation }) => operation)).toEqual(['PutObject'])
})

it('sends what a single PUT may hold as one', async () => {
  await using scene = await partsScene()
  await scene.store.put(NAME, [LARGE.subarray(0, LIMIT)])
  expect(scene.server.log.map(({ operation }) => operation)).toEqual(['PutObject'])
})

it('sends more in parts, which make the same object', async () => {
  await using scene = await partsScene()
  await scene.store.put(NAME, [LARGE.subarray(0, 100), LARGE.subarray(100)])
  expect(scene.server.objects.get(KEY)?.bytes.equals(LARGE)).toBe(true)
  expect(scene.server.objects.get(KEY)).toMatchObject({
    contentType: 'application/octet-stream',
    etag: expect.stringContaining(`-${PARTS}`),
  })
  expect(scene.server.uploads.size).toBe(0)
  expect(Buffer.from(await scene.store.get(NAME)).equals(LARGE)).toBe(true)
})

it.each(['heeded', 'ignored-in-parts', 501, 400] as const)(
  'never replaces an object (conditions: %s)',
  async conditions => {
    await using scene = await partsScene({ conditions })
    await scene.store.put(NAME, [LARGE])
    expect(await codeOf(scene.store.put(NAME, [LARGE]))).toBe('already-exists')
    await scene.store.put('database/b1/small', [Buffer.from('x')])
    expect(await codeOf(scene.store.put('database/b1/small', [LARGE]))).toBe('already-exists')
    expect(scene.server.objects.get('some/prefix/database/b1/small')?.bytes.toString()).toBe('x')
    expect(scene.server.uploads.size).toBe(0)
    expect(scene.warnings).toHaveLength(typeof conditions === 'number' ? 1 : 0)
  },
)

it('does not replace an object that another writer made in the meantime', async () => {
  await using scene = await partsScene()
  const put = codeOf(scene.store.put(NAME, [LARGE]))
  while (scene.server.uploads.size === 0) await slowly()
  await scene.open().put(NAME, [Buffer.from('first')])
  expect(await put).toBe('already-exists')
  expect(scene.server.objects.get(KEY)?.bytes.toString()).toBe('first')
  expect(scene.server.uploads.size).toBe(0)
})

describe('nothing is left', () => {
  const failing: readonly (readonly [string, Fault])[] = [
    ['a lost answer to its beginning', { operation: 'CreateMultipartUpload', call: 1, how: { reset: 'after' } }],
    ['a part that is refused', { operation: 'UploadPart', call: 2, how: { status: 500, code: 'InternalError' } }],
    ['the first part lost', { operation: 'UploadPart', call: 1, how: { reset: 'before' } }],
    ['the last part lost after it was stored', { operation: 'UploadPart', call: PARTS, how: { reset: 'after' } }],
    ['a refused completion', { operation: 'CompleteMultipartUpload', call: 1, how: { status: 503, code: 'SlowDown' } }],
    ['a lost completion', { operation: 'CompleteMultipartUpload', call: 1, how: { reset: 'before' } }],
  ]

  it.each(failing)('after %s, and the next try succeeds', async (_, fault) => {
    await using scene = await partsScene({ faults: [fault] })
    expect(await codeOf(scene.store.put(NAME, [LARGE]))).toBe('store-unavailable')
    expect(scene.server.uploads.size).toBe(0)
    expect(scene.server.objects.size).toBe(0)
    await scene.store.put(NAME, [LARGE])
    expect(scene.server.objects.get(KEY)?.bytes.equals(LARGE)).toBe(true)
    expect(scene.server.uploads.size).toBe(0)
    expect(scene.server.unmet()).toEqual([])
    expect(scene.warnings).toEqual([])
  })

  it('after a completion whose answer was lost: the object is there, and the retry knows it', async () => {
    const faults = [{ operation: 'CompleteMultipartUpload', call: 1, how: { reset: 'after' } }] as const
    await using scene = await partsScene({ faults })
    await withRetry(scene.store, { sleep: async () => undefined }).put(NAME, [LARGE])
    expect(scene.server.objects.get(KEY)?.bytes.equals(LARGE)).toBe(true)
    expect(scene.server.uploads.size).toBe(0)
  })

  it('when the first abort fails, too', async () => {
    const faults = [
      { operation: 'UploadPart', call: 3, how: { status: 500, code: 'InternalError' } },
      { operation: 'AbortMultipartUpload', call: 1, how: { status: 500, code: 'InternalError' } },
    ] as const
    await using scene = await partsScene({ faults })
    expect(await codeOf(scene.store.put(NAME, [LARGE]))).toBe('store-unavailable')
    expect(scene.server.uploads.size).toBe(0)
    expect(scene.server.unmet()).toEqual([])
  })

  it.each(['CreateMultipartUpload', 'UploadPart', 'CompleteMultipartUpload'] as const)(
    'when the put has answered that it was cancelled during %s',
    async operation => {
      await using scene = await partsScene({ faults: [{ operation, call: 1, how: { silent: true } }] })
      const abort = new AbortController()
      const put = codeOf(scene.store.put(NAME, [LARGE], abort.signal))
      while (!scene.server.log.some(entry => entry.operation === operation)) {
        await slowly()
      }
      abort.abort()
      expect(await put).toBe('cancelled')
      expect(scene.server.uploads.size).toBe(0)
      expect(scene.server.objects.size).toBe(0)
    },
  )

  it('without a word: an upload that can not be aborted is warned of, and the first error stands', async () => {
    const faults = [
      { operation: 'UploadPart', call: 1, how: { status: 500, code: 'InternalError' } },
      { operation: 'AbortMultipartUpload', call: 1, lasting: true, how: { status: 403, code: 'AccessDenied' } },
    ] as const
    await using scene = await partsScene({ faults })
    expect(await codeOf(scene.store.put(NAME, [LARGE]))).toBe('store-unavailable')
    expect(scene.warnings).toEqual([expect.stringContaining('could not be removed')])
  })
})

describe('the first large body', () => {
  it('removes what killed processes left below the prefix a day ago, and nothing else', async () => {
    let age = 25 * HOUR
    await using scene = await partsScene({ pageSize: 1 })
    const plant = (id: string, key: string) =>
      scene.server.uploads.set(id, { key, contentType: '', initiated: new Date(Date.now() - age), parts: new Map() })
    plant('old', 'some/prefix/files/b1/old')
    plant('old too', 'some/prefix/files/b1/old')
    plant('foreign', 'other/files/b1/old')
    plant('strange', 'some/prefix/not an object')
    age = 23 * HOUR
    plant('fresh', 'some/prefix/files/b1/fresh')
    await scene.store.put(NAME, [LARGE])
    expect([...scene.server.uploads.keys()].sort()).toEqual(['foreign', 'fresh', 'strange'])
  })

  it('does not need the right to look for them', async () => {
    const how = { status: 403, code: 'AccessDenied' }
    await using scene = await partsScene({ faults: [{ operation: 'ListMultipartUploads', call: 1, how }] })
    await scene.store.put(NAME, [LARGE])
    expect(scene.server.unmet()).toEqual([])
  })
})
