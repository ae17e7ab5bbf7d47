/** What people are told when a bucket refuses. */
import { createServer } from 'node:http'
import { describe, expect, it } from 'vitest'
import type { ComebackError, ErrorCode } from '../../src/errors.ts'
import { withRetry } from '../../src/store/retry.ts'
import { openS3Store } from '../../src/store/s3.ts'
import type { Store } from '../../src/store/store.ts'
import { CREDENTIALS, REGION } from '../support/s3/fake-s3.ts'
import type { Mishap } from '../support/s3/faults.ts'
import { s3Scene } from '../support/s3/store.ts'
import { objects } from './contract.ts'

const NAME = 'database/b1/pack'
const BODY = [Buffer.from('some bytes')]

describe('refusals', () => {
  it.each<[number, string | undefined, ErrorCode, string]>([
    [500, 'InternalError', 'store-unavailable', 'InternalError'],
    [502, undefined, 'store-unavailable', '502'],
    [503, 'SlowDown', 'store-unavailable', 'SlowDown'],
    [503, 'ServiceUnavailable', 'store-unavailable', 'ServiceUnavailable'],
    [504, undefined, 'store-unavailable', '504'],
    [429, 'TooManyRequests', 'store-unavailable', 'TooManyRequests'],
    [400, 'RequestTimeout', 'store-unavailable', 'RequestTimeout'],
    [400, 'Throttling', 'store-unavailable', 'Throttling'],
    [409, 'ConditionalRequestConflict', 'store-unavailable', 'ConditionalRequestConflict'],
    [400, 'BadDigest', 'store-unavailable', 'BadDigest'],
    [403, 'AccessDenied', 'permission', 'AccessDenied'],
    [403, undefined, 'permission', '403'],
    [400, 'ExpiredToken', 'authentication', 'ExpiredToken'],
    [403, 'RequestTimeTooSkewed', 'failed', 'RequestTimeTooSkewed'],
    [403, 'QuotaExceeded', 'store-full', 'QuotaExceeded'],
    [507, undefined, 'store-full', '507'],
    [507, 'XMinioStorageFull', 'store-full', 'XMinioStorageFull'],
    [501, 'NotImplemented', 'failed', 'NotImplemented'],
  ])('%d %s while an object is written is %s', async (status, code, expected, words) => {
    const how: Mishap = { status, ...(code === undefined ? {} : { code }) }
    await using scene = await s3Scene({ faults: [{ operation: 'PutObject', call: 1, lasting: true, how }] })
    const error = await failure(scene.store.put(NAME, BODY))
    expect(error).toMatchObject({ code: expected, hint: expect.stringMatching(/.{15}/) })
    expect(error.message).toContain('write s3://backups/some/prefix/database/b1/pack')
    expect(error.message).toContain(words)
  })

  it.each<[number, ErrorCode]>([
    [403, 'permission'],
    [429, 'store-unavailable'],
    [500, 'store-unavailable'],
    [400, 'failed'],
  ])('%d to HEAD, which carries no reason, is %s', async (status, expected) => {
    await using scene = await s3Scene({
      faults: [{ operation: 'HeadObject', call: 1, how: { status, code: 'Hidden' } }],
    })
    expect(await failure(scene.store.stat(NAME))).toMatchObject({
      code: expected,
      message: expect.stringContaining(`${status}`),
    })
  })

  it('an object in an archive class is called so', async () => {
    const how = { status: 403, code: 'InvalidObjectState' }
    await using scene = await s3Scene({ faults: [{ operation: 'GetObject', call: 1, how }] })
    expect(await failure(scene.store.get(NAME))).toMatchObject({
      code: 'failed',
      hint: expect.stringContaining('Glacier'),
    })
  })

  it('s3:ListBucket is named where it may be missing', async () => {
    const how = { status: 403, code: 'AccessDenied' }
    await using scene = await s3Scene({ faults: [{ operation: 'GetObject', call: 1, how }] })
    expect((await failure(scene.store.get(NAME))).hint).toContain('Without s3:ListBucket')
  })
})

describe('a bucket that is not there', () => {
  it.each<[string, (store: Store) => Promise<unknown>]>([
    ['list', store => objects(store, '')],
    ['put', store => store.put(NAME, BODY)],
    ['get', store => store.get(NAME)],
    ['delete', store => store.delete(NAME)],
  ])('is no empty one: %s', async (_, run) => {
    await using scene = await s3Scene({}, { bucket: 'elsewhere' })
    expect(await failure(run(scene.store))).toMatchObject({
      code: 'failed',
      hint: expect.stringContaining('Create it first'),
    })
  })
})

describe('another region', () => {
  it('is named when the signature shows it', async () => {
    await using scene = await s3Scene({}, { region: 'us-west-2' })
    const error = await failure(objects(scene.store, ''))
    expect(error.message).toContain(`the bucket is in the region ${REGION}`)
    expect(error.hint).toContain(`--s3-region ${REGION}`)
  })

  it.each(['ListObjectsV2', 'HeadObject'] as const)('is named when %s is redirected', async operation => {
    const how = { status: 301, code: 'PermanentRedirect', headers: { 'x-amz-bucket-region': 'eu-north-1' } }
    await using scene = await s3Scene({ faults: [{ operation, call: 1, how }] })
    const run = operation === 'HeadObject' ? scene.store.stat(NAME) : objects(scene.store, '')
    expect((await failure(run)).hint).toContain('--s3-region eu-north-1')
  })
})

describe('credentials', () => {
  it('that are wrong are told apart, and not repeated', async () => {
    await using scene = await s3Scene()
    const unknown = scene.open({ credentials: { ...CREDENTIALS, accessKeyId: 'AKIDUNKNOWN' } })
    const wrong = scene.open({ credentials: { ...CREDENTIALS, secretAccessKey: 'hunter2' } })
    for (const [store, words] of [
      [unknown, 'does not know this access key'],
      [wrong, 'secret access key does not belong'],
    ] as const) {
      const error = await failure(store.put(NAME, BODY))
      expect(error).toMatchObject({ code: 'authentication', hint: expect.stringContaining('AWS_SECRET_ACCESS_KEY') })
      expect(error.message).toContain(words)
      expect(`${error.message} ${error.hint}`).not.toMatch(/AKID|hunter2/)
    }
    expect(scene.server.objects.size).toBe(0)
  })

  it('of a clock that is wrong are no passing failure', async () => {
    await using scene = await s3Scene({ now: () => Date.now() + 3_600_000 })
    const error = await failure(scene.store.stat(NAME))
    expect(error.code).toBe('permission')
    const listed = await failure(objects(scene.open(), ''))
    expect(listed).toMatchObject({ code: 'failed', hint: expect.stringContaining('clock') })
  })
})

describe('the network', () => {
  it('that resets a connection may pass, and the retry decorator gets over it', async () => {
    const faults = [{ operation: 'PutObject', call: 1, how: { reset: 'after' } }] as const
    await using scene = await s3Scene({ faults })
    const patient = withRetry(scene.store, { sleep: async () => undefined })
    await patient.put(NAME, BODY)
    expect(Buffer.from(await patient.get(NAME)).toString()).toBe('some bytes')
    expect(scene.server.unmet()).toEqual([])
  })

  it.each(['http://127.0.0.1:1', 'http://localhost:1'])('with nobody at %s may pass', async endpoint => {
    await using scene = await s3Scene({}, { endpoint })
    const error = await failure(scene.store.stat(NAME))
    expect(error).toMatchObject({ code: 'store-unavailable', message: expect.stringContaining('ECONNREFUSED') })
  })

  it('with a server that does not speak TLS is no passing failure', async () => {
    await using scene = await s3Scene()
    const error = await failure(scene.open({ endpoint: scene.server.endpoint.replace('http:', 'https:') }).stat(NAME))
    expect(error).toMatchObject({ code: 'connection', hint: expect.stringContaining('http://') })
  })

  it('that breaks while a body is refused does not hide the refusal', async () => {
    const server = createServer((_, response) => {
      const body = '<Error><Code>AccessDenied</Code><Message>No.</Message></Error>'
      response.writeHead(403, { connection: 'close' }).end(body, () => response.socket?.destroy())
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : undefined
    await using scene = await s3Scene({}, { endpoint: `http://127.0.0.1:${port}` })
    expect((await failure(scene.store.put(NAME, [Buffer.alloc(8_000_000)]))).code).toBe('permission')
    server.close()
  })

  it('with a web page at the endpoint is no empty bucket, and no stored object', async () => {
    const server = createServer((request, response) => {
      request.resume()
      response.writeHead(200, { 'content-type': 'text/html' })
      response.end('<html><body>Please log in</body></html>')
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : undefined
    const store = openS3Store({
      bucket: 'backups',
      prefix: '',
      endpoint: `http://127.0.0.1:${port}`,
      pathStyle: true,
      credentials: CREDENTIALS,
      warn: () => undefined,
    })
    for (const outcome of [objects(store, ''), store.put(NAME, BODY)]) {
      expect(await failure(outcome)).toMatchObject({
        code: 'failed',
        message: expect.stringContaining('does not answer as an S3 server does'),
      })
    }
    server.closeAllConnections()
    server.close()
  })
})

async function failure(outcome: Promise<unknown>): Promise<ComebackError> {
  return await outcome.then(
    () => {
      throw new Error('It succeeded.')
    },
    (error: ComebackError) => error,
  )
}
