/** Objects of the fake S3 server's buckets: written whole, by one of several writers, and listed in pages. */
import { type Body, digest } from './body.ts'
import { type S3Answer, S3Refusal, type S3Request } from './request.ts'
import { document } from './xml.ts'

export interface StoredObject {
  readonly bytes: Buffer
  readonly etag: string
  readonly contentType: string
  /** Long ago, if it was planted. */
  readonly writtenAt?: Date
  /** As sent with it; given back with the whole object to those who ask. */
  readonly checksums?: Readonly<Record<string, string>>
}

export type Objects = Map<string, StoredObject>

export function putObject(objects: Objects, request: S3Request, body: Body, isConditional: boolean): S3Answer {
  // Nothing is awaited between the look and the write, so one of several writers wins.
  if (isConditional) checkAbsent(objects, request)
  const etag = `"${digest('md5', body.bytes, 'hex')}"`
  objects.set(request.key, {
    bytes: body.bytes,
    etag,
    writtenAt: new Date(),
    contentType: String(request.headers['content-type'] ?? ''),
    checksums: body.checksums,
  })
  return { status: 200, headers: { etag, ...body.checksums } }
}

export function checkAbsent(objects: Objects, { key, headers }: S3Request): void {
  const condition = headers['if-none-match']
  if (condition === undefined) return
  if (condition !== '*') throw new S3Refusal(501, 'NotImplemented')
  if (objects.has(key)) throw new S3Refusal(412, 'PreconditionFailed', { Condition: 'If-None-Match' })
}

/** Also HEAD, whose body the server leaves out. */
export function getObject(objects: Objects, { key, headers }: S3Request): S3Answer {
  const object = objects.get(key)
  if (object === undefined) throw new S3Refusal(404, 'NoSuchKey')
  const { bytes, etag, contentType, checksums = {} } = object
  const common = { etag, 'content-type': contentType, 'accept-ranges': 'bytes' }
  const asked = headers['x-amz-checksum-mode'] === 'ENABLED' ? checksums : {}
  if (headers.range === undefined) return { status: 200, headers: { ...common, ...asked }, body: bytes }
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(headers.range) ?? []
  if (first === undefined || last === undefined) throw new S3Refusal(501, 'NotImplemented')
  const start = Number(first)
  const end = Math.min(Number(last), bytes.length - 1)
  if (start >= bytes.length) throw new S3Refusal(416, 'InvalidRange', { ActualObjectSize: String(bytes.length) })
  const range = { 'content-range': `bytes ${start}-${end}/${bytes.length}` }
  return { status: 206, headers: { ...common, ...range }, body: bytes.subarray(start, end + 1) }
}

export function listObjects(objects: Objects, { bucket, query }: S3Request, pageSize: number): S3Answer {
  const prefix = query.get('prefix') ?? ''
  const after = Buffer.from(query.get('continuation-token') ?? '', 'base64').toString()
  const most = Math.min(pageSize, Number(query.get('max-keys') ?? pageSize))
  const isEncoded = query.get('encoding-type') === 'url'
  const encode = (text: string) => (isEncoded ? encodeURIComponent(text).replaceAll('%2F', '/') : text)
  const keys = [...objects.keys()].filter(key => key.startsWith(prefix) && key > after).sort()
  const page = keys.slice(0, most)
  const last = page.at(-1)
  const isTruncated = keys.length > page.length
  const xml = document('ListBucketResult', [
    ['Name', bucket],
    ['Prefix', encode(prefix)],
    ...(isEncoded ? ([['EncodingType', 'url']] as const) : []),
    ['KeyCount', page.length],
    ['MaxKeys', most],
    ['IsTruncated', isTruncated],
    ...(isTruncated && last !== undefined
      ? ([['NextContinuationToken', Buffer.from(last).toString('base64')]] as const)
      : []),
    ...page.map(key => ['Contents', contents(encode(key), objects.get(key))] as const),
  ])
  return { status: 200, headers: { 'content-type': 'application/xml' }, body: xml }
}

function contents(key: string, object: StoredObject | undefined) {
  return [
    ['Key', key],
    ['LastModified', (object?.writtenAt ?? new Date(0)).toISOString()],
    ['ETag', object?.etag ?? ''],
    ['Size', object?.bytes.length ?? 0],
    ['StorageClass', 'STANDARD'],
  ] as const
}
