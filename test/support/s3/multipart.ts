/** Uploads in parts: counted until they are completed or aborted, completed only with the right parts in order. */
import { type Body, digest } from './body.ts'
import { checkAbsent, type Objects } from './objects.ts'
import { type S3Answer, S3Refusal, type S3Request } from './request.ts'
import { document, textsOf } from './xml.ts'

export interface MultipartUpload {
  readonly key: string
  readonly contentType: string
  readonly initiated: Date
  readonly parts: Map<number, { readonly bytes: Buffer; readonly etag: string }>
}

export type Uploads = Map<string, MultipartUpload>

export function createUpload(uploads: Uploads, { bucket, key, headers }: S3Request, initiated: Date): S3Answer {
  const id = `upload-${digest('sha256', Buffer.from(`${key} ${uploads.size} ${Math.random()}`), 'hex').slice(0, 16)}`
  uploads.set(id, { key, contentType: String(headers['content-type'] ?? ''), initiated, parts: new Map() })
  return answer('InitiateMultipartUploadResult', [
    ['Bucket', bucket],
    ['Key', key],
    ['UploadId', id],
  ])
}

export function uploadPart(uploads: Uploads, request: S3Request, body: Body): S3Answer {
  const number = Number(request.query.get('partNumber'))
  if (!Number.isInteger(number) || number < 1 || number > 10_000) throw new S3Refusal(400, 'InvalidArgument')
  const etag = `"${digest('md5', body.bytes, 'hex')}"`
  find(uploads, request).parts.set(number, { bytes: body.bytes, etag })
  return { status: 200, headers: { etag, ...body.checksums } }
}

export function completeUpload(
  uploads: Uploads,
  objects: Objects,
  request: S3Request,
  body: Body,
  rules: { readonly minPartSize: number; readonly isConditional: boolean },
): S3Answer {
  const upload = find(uploads, request)
  const xml = body.bytes.toString()
  const numbers = textsOf(xml, 'PartNumber').map(Number)
  const etags = textsOf(xml, 'ETag')
  if (numbers.length === 0 || numbers.length !== etags.length) throw new S3Refusal(400, 'MalformedXML')
  if (numbers.some((number, index) => index > 0 && number <= (numbers[index - 1] ?? 0))) {
    throw new S3Refusal(400, 'InvalidPartOrder')
  }
  const parts = numbers.map((number, index) => {
    const part = upload.parts.get(number)
    if (part === undefined || part.etag !== etags[index]) throw new S3Refusal(400, 'InvalidPart')
    return part
  })
  if (parts.slice(0, -1).some(part => part.bytes.length < rules.minPartSize)) {
    throw new S3Refusal(400, 'EntityTooSmall')
  }
  if (rules.isConditional) checkAbsent(objects, request)
  const hashes = Buffer.concat(parts.map(part => Buffer.from(part.etag.slice(1, -1), 'hex')))
  const etag = `"${digest('md5', hashes, 'hex')}-${parts.length}"`
  objects.set(upload.key, {
    writtenAt: new Date(),
    bytes: Buffer.concat(parts.map(part => part.bytes)),
    etag,
    contentType: upload.contentType,
  })
  uploads.delete(request.query.get('uploadId') ?? '')
  return answer('CompleteMultipartUploadResult', [
    ['Bucket', request.bucket],
    ['Key', upload.key],
    ['ETag', etag],
  ])
}

export function abortUpload(uploads: Uploads, request: S3Request): S3Answer {
  find(uploads, request)
  uploads.delete(request.query.get('uploadId') ?? '')
  return { status: 204 }
}

export function listParts(uploads: Uploads, request: S3Request): S3Answer {
  const parts = [...find(uploads, request).parts]
  return answer('ListPartsResult', [
    ['Key', request.key],
    ['IsTruncated', false],
    ...parts.map(
      ([number, { etag }]) =>
        [
          'Part',
          [
            ['PartNumber', number],
            ['ETag', etag],
          ] as const,
        ] as const,
    ),
  ])
}

export function listUploads(uploads: Uploads, { query }: S3Request, pageSize: number): S3Answer {
  const prefix = query.get('prefix') ?? ''
  const position = ([id, { key }]: readonly [string, MultipartUpload]) => `${key}\0${id}`
  const after = query.has('key-marker')
    ? `${query.get('key-marker')}\0${query.get('upload-id-marker') ?? '\uffff'}`
    : ''
  const all = [...uploads]
    .filter(entry => entry[1].key.startsWith(prefix) && position(entry) > after)
    .sort((a, b) => (position(a) < position(b) ? -1 : 1))
  const page = all.slice(0, pageSize)
  const last = page.at(-1)
  const isTruncated = all.length > page.length
  return answer('ListMultipartUploadsResult', [
    ['IsTruncated', isTruncated],
    ...(isTruncated && last !== undefined
      ? ([
          ['NextKeyMarker', last[1].key],
          ['NextUploadIdMarker', last[0]],
        ] as const)
      : []),
    ...page.map(
      ([id, { key, initiated }]) =>
        [
          'Upload',
          [
            ['Key', key],
            ['UploadId', id],
            ['Initiated', initiated.toISOString()],
          ] as const,
        ] as const,
    ),
  ])
}

function find(uploads: Uploads, { key, query }: S3Request): MultipartUpload {
  const upload = uploads.get(query.get('uploadId') ?? '')
  if (upload === undefined || upload.key !== key) throw new S3Refusal(404, 'NoSuchUpload')
  return upload
}

function answer(name: string, children: Parameters<typeof document>[1]): S3Answer {
  return { status: 200, headers: { 'content-type': 'application/xml' }, body: document(name, children) }
}
