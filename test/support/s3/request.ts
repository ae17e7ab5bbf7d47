/** One request as the fake S3 server sees it: which operation, on which bucket and key. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'

export type Operation =
  | 'ListObjectsV2'
  | 'PutObject'
  | 'GetObject'
  | 'HeadObject'
  | 'DeleteObject'
  | 'CreateMultipartUpload'
  | 'UploadPart'
  | 'CompleteMultipartUpload'
  | 'AbortMultipartUpload'
  | 'ListMultipartUploads'
  | 'ListParts'

export interface S3Request {
  readonly operation: Operation
  readonly method: string
  readonly bucket: string
  readonly key: string
  /** Path and query as they were sent; the signature covers them so. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
}

export interface S3Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
}

/** What the server refuses; answered as XML, or as a bare status to HEAD. */
export class S3Refusal extends Error {
  readonly status: number
  readonly code: string
  readonly details: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>

  constructor(
    status: number,
    code: string,
    details: Record<string, string> = {},
    headers: Record<string, string> = {},
  ) {
    super(code)
    this.status = status
    this.code = code
    this.details = details
    this.headers = headers
  }
}

/** `domain` is the host below which buckets have hosts of their own. */
export function parseRequest({ method = '', url = '', headers }: IncomingMessage, domain: string): S3Request {
  const [path = '', query = ''] = url.split(/\?(.*)/s)
  const host = (headers.host ?? '').replace(/:\d+$/, '')
  const isVirtual = host.endsWith(`.${domain}`)
  const [, first = '', ...rest] = path.split('/')
  const bucket = isVirtual ? host.slice(0, -domain.length - 1) : decodeURIComponent(first)
  const key = decodeURIComponent((isVirtual ? [first, ...rest] : rest).join('/'))
  const parameters = new URLSearchParams(query)
  return { operation: operationOf(method, key, parameters), method, bucket, key, path, query: parameters, headers }
}

function operationOf(method: string, key: string, query: URLSearchParams): Operation {
  const target = key === '' ? 'bucket' : 'object'
  const flags = ['list-type', 'uploads', 'partNumber', 'uploadId'].filter(flag => query.has(flag)).join('+')
  const operations: Readonly<Record<string, Operation>> = {
    'GET bucket list-type': 'ListObjectsV2',
    'GET bucket uploads': 'ListMultipartUploads',
    'PUT object ': 'PutObject',
    'GET object ': 'GetObject',
    'HEAD object ': 'HeadObject',
    'DELETE object ': 'DeleteObject',
    'POST object uploads': 'CreateMultipartUpload',
    'PUT object partNumber+uploadId': 'UploadPart',
    'POST object uploadId': 'CompleteMultipartUpload',
    'DELETE object uploadId': 'AbortMultipartUpload',
    'GET object uploadId': 'ListParts',
  }
  const operation = operations[`${method} ${target} ${flags}`]
  if (operation === undefined) throw new S3Refusal(501, 'NotImplemented')
  return operation
}
