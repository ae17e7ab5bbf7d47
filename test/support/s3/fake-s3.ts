/**
 * A strict S3 server in memory, on the loopback: it believes no request whose signature, digest, checksum or framing is
 * wrong, which none of the servers that are easy to install can be relied upon for. Mishaps come by script.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { readBody } from './body.ts'
import { type Fault, type FaultScript, faultScript, type Mishap } from './faults.ts'
import {
  abortUpload,
  completeUpload,
  createUpload,
  listParts,
  listUploads,
  type MultipartUpload,
  type Uploads,
  uploadPart,
} from './multipart.ts'
import { getObject, listObjects, type Objects, putObject, type StoredObject } from './objects.ts'
import { type Operation, parseRequest, type S3Answer, S3Refusal, type S3Request } from './request.ts'
import { type Credentials, checkSignature } from './signature.ts'
import { document } from './xml.ts'

export const REGION = 'eu-test-1'
export const DOMAIN = 's3.test'
export const CREDENTIALS = { accessKeyId: 'AKIDFORTESTSONLY', secretAccessKey: 'a/secret+for=tests only' } as const

export interface FakeS3Options {
  readonly faults?: readonly Fault[]
  /** What the server makes of `If-None-Match`: heeds it, ignores it, ignores it for uploads in parts, or refuses it so. */
  readonly conditions?: 'heeded' | 'ignored' | 'ignored-in-parts' | 501 | 400
  /** Keys a page. */
  readonly pageSize?: number
  readonly credentials?: readonly Credentials[]
  /** Milliseconds since the epoch. */
  readonly now?: () => number
}

export interface FakeS3 extends AsyncDisposable {
  readonly endpoint: string
  readonly port: number
  readonly bucket: string
  /** What the bucket holds: tests may damage, remove or plant what they like. */
  readonly objects: Map<string, StoredObject>
  readonly uploads: Map<string, MultipartUpload>
  /** Every request that came in, in order. */
  readonly log: readonly { readonly operation: Operation; readonly request: S3Request }[]
  unmet(): readonly Fault[]
  close(): Promise<void>
}

const BUCKET = 'backups'

/** One bucket; every other name is `NoSuchBucket`. */
export async function startFakeS3(options: FakeS3Options = {}): Promise<FakeS3> {
  const objects: Objects = new Map()
  const uploads: Uploads = new Map()
  const log: { operation: Operation; request: S3Request }[] = []
  const script = faultScript(options.faults ?? [])
  const server = createServer((incoming, response) => {
    void serve(incoming, response, { options, objects, uploads, log, script })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const close = async () => {
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    port: address.port,
    bucket: BUCKET,
    objects,
    uploads,
    log,
    unmet: script.unmet,
    close,
    [Symbol.asyncDispose]: close,
  }
}

interface Server {
  readonly options: FakeS3Options
  readonly objects: Objects
  readonly uploads: Uploads
  readonly log: { operation: Operation; request: S3Request }[]
  readonly script: FaultScript
}

async function serve(incoming: IncomingMessage, response: ServerResponse, server: Server): Promise<void> {
  try {
    const request = parseRequest(incoming, DOMAIN)
    server.log.push({ operation: request.operation, request })
    const mishap = server.script.meet(request.operation)
    if (mishap !== undefined && 'silent' in mishap) return
    const body = await readBody(incoming)
    if (mishap !== undefined && 'reset' in mishap && mishap.reset === 'before') return void incoming.socket.destroy()
    refuseByScript(mishap)
    const { credentials = [CREDENTIALS], now = Date.now } = server.options
    checkSignature(request, credentials, REGION, now())
    if (request.bucket !== BUCKET) throw new S3Refusal(404, 'NoSuchBucket')
    const answer = handle(server, request, body)
    if (mishap !== undefined && 'reset' in mishap) return void incoming.socket.destroy()
    send(response, answer, request.method, mishap)
  } catch (error) {
    // A client that goes away in the middle of its body is no business of the server's.
    if (!(error instanceof S3Refusal)) return void incoming.socket.destroy(error instanceof Error ? error : undefined)
    const xml = document('Error', [
      ['Code', error.code],
      ['Message', `This is refused as ${error.code}.`],
      ...Object.entries(error.details),
    ])
    const body = error.code === '' ? '<html><h1>Something in between</h1></html>' : xml
    send(response, { status: error.status, headers: error.headers, body }, incoming.method ?? '')
  }
}

function refuseByScript(mishap: Mishap | undefined): void {
  if (mishap !== undefined && 'status' in mishap) {
    throw new S3Refusal(mishap.status, mishap.code ?? '', {}, mishap.headers)
  }
}

function handle(server: Server, request: S3Request, body: Awaited<ReturnType<typeof readBody>>): S3Answer {
  const { objects, uploads, options } = server
  const { conditions = 'heeded', pageSize = 1000, now = Date.now } = options
  if (request.headers['if-none-match'] !== undefined && typeof conditions === 'number') {
    throw new S3Refusal(conditions, conditions === 501 ? 'NotImplemented' : 'InvalidArgument')
  }
  switch (request.operation) {
    case 'ListObjectsV2':
      return listObjects(objects, request, pageSize)
    case 'PutObject':
      return putObject(objects, request, body, conditions !== 'ignored')
    case 'GetObject':
    case 'HeadObject':
      return getObject(objects, request)
    case 'DeleteObject':
      objects.delete(request.key)
      return { status: 204 }
    case 'CreateMultipartUpload':
      return createUpload(uploads, request, new Date(now()))
    case 'UploadPart':
      return uploadPart(uploads, request, body)
    case 'CompleteMultipartUpload': {
      const rules = { minPartSize: 5 * 1024 * 1024, isConditional: conditions === 'heeded' }
      return completeUpload(uploads, objects, request, body, rules)
    }
    case 'AbortMultipartUpload':
      return abortUpload(uploads, request)
    case 'ListParts':
      return listParts(uploads, request)
    case 'ListMultipartUploads':
      return listUploads(uploads, request, pageSize)
  }
}

function send(
  response: ServerResponse,
  { status, headers, body = '' }: S3Answer,
  method: string,
  mishap?: Mishap,
): void {
  const bytes = Buffer.from(body)
  response.writeHead(status, { ...headers, 'content-length': bytes.length, 'x-amz-request-id': 'TEST' })
  if (method === 'HEAD') response.end()
  else if (mishap !== undefined && 'cut' in mishap) {
    response.write(bytes.subarray(0, mishap.cut), () => response.destroy())
    if (mishap.cut === 0) response.flushHeaders()
  } else if (mishap !== undefined && 'stall' in mishap) response.write(bytes.subarray(0, mishap.stall))
  else response.end(bytes)
}
