/** Azure's block blobs over HTTP, the part that GitHub's clients use: Put Block, Put Block List, Put Blob, HEAD, GET with ranges. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import type { Blob, Blobs } from './blobs.ts'
import { Refusal } from './refusal.ts'
import { checkSignedUrl } from './signed-url.ts'

interface BlobService {
  readonly blobs: Blobs
  readonly secret: Buffer
  readonly now: () => number
  /** After how many bytes this download is to be cut. */
  readonly cut: (length: number) => number | undefined
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly url: URL
  readonly name: string
}

export async function serveBlob(
  service: BlobService,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const name = checkSignedUrl(service.secret, url, request.method === 'PUT' ? 'w' : 'r', service.now())
  const exchange = { request, response, url, name }
  const operation = `${request.method} ${url.searchParams.get('comp') ?? ''}`.trim()
  switch (operation) {
    case 'PUT block':
      return putBlock(service, exchange)
    case 'PUT blocklist':
      return putBlockList(service, exchange)
    case 'PUT':
      return putBlob(service, exchange)
    case 'GET':
    case 'HEAD':
      return download(service, exchange)
    default:
      throw new Refusal(405, 'UnsupportedHttpVerb')
  }
}

/** An error as Azure writes it. */
export function sendBlobError(request: IncomingMessage, response: ServerResponse, refusal: Refusal): void {
  const { status, code, headers } = refusal
  const own = { ...commonHeaders(request), 'content-type': 'application/xml', 'x-ms-error-code': code }
  response.writeHead(status, { ...own, ...headers })
  const xml = `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`
  response.end(request.method === 'HEAD' ? undefined : xml)
}

async function putBlock(service: BlobService, { request, response, url, name }: Exchange): Promise<void> {
  const received = await receive(service, request)
  service.blobs.keepBlock(name, url.searchParams.get('blockid') ?? '', received)
  response.writeHead(201, { ...commonHeaders(request), 'content-md5': received.md5, 'content-length': 0 }).end()
}

async function putBlob(service: BlobService, { request, response, name }: Exchange): Promise<void> {
  if (request.headers['x-ms-blob-type'] !== 'BlockBlob') throw new Refusal(400, 'MissingRequiredHeader')
  const received = await receive(service, request)
  created(request, response, service.blobs.commitWhole(name, received, typeOf(request)))
}

async function putBlockList(service: BlobService, { request, response, name }: Exchange): Promise<void> {
  const xml = await text(request)
  const ids = [...xml.matchAll(/<(?:Latest|Uncommitted)>([^<]+)</g)].map(match => match[1] ?? '')
  created(request, response, await service.blobs.commitBlocks(name, ids, typeOf(request)))
}

/** Refuses a body that is not what its headers say. */
async function receive({ blobs }: BlobService, request: IncomingMessage) {
  const { 'content-length': length, 'content-md5': md5 } = request.headers
  if (length === undefined) throw new Refusal(411, 'MissingContentLengthHeader')
  const received = await blobs.receive(request)
  if (md5 !== undefined && md5 !== received.md5) {
    await blobs.discard(received)
    throw new Refusal(400, 'Md5Mismatch')
  }
  return received
}

async function download({ blobs, cut }: BlobService, { request, response, url, name }: Exchange): Promise<void> {
  const blob = blobs.find(name)
  if (blob === undefined) throw new Refusal(404, 'BlobNotFound')
  const range = rangeOf(request, blob.size)
  const { start, end } = range ?? { start: 0, end: blob.size - 1 }
  const length = end - start + 1
  const disposition = url.searchParams.get('rscd')
  response.writeHead(range === undefined ? 200 : 206, {
    ...commonHeaders(request),
    'content-type': url.searchParams.get('rsct') ?? blob.type,
    'content-length': length,
    'accept-ranges': 'bytes',
    etag: blob.etag,
    'last-modified': blob.modified.toUTCString(),
    'x-ms-blob-type': 'BlockBlob',
    ...(disposition === null ? {} : { 'content-disposition': disposition }),
    ...(range === undefined ? {} : { 'content-range': `bytes ${start}-${end}/${blob.size}` }),
  })
  if (request.method === 'HEAD' || length === 0) {
    response.end()
    return
  }
  const sent = cut(length)
  if (sent === undefined) return pipeline(blobs.read(blob, start, end), response)
  for await (const chunk of sent === 0 ? [] : blobs.read(blob, start, start + sent - 1)) await written(response, chunk)
  response.flushHeaders()
  response.destroy()
}

/** Azure prefers its own header. Open and suffix ranges are answered, too. */
function rangeOf(request: IncomingMessage, size: number): { start: number; end: number } | undefined {
  const header = request.headers['x-ms-range'] ?? request.headers.range
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(String(header ?? '')) ?? []
  if (first === '' && last === '') return undefined
  const start = first === '' ? Math.max(size - Number(last), 0) : Number(first)
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (start >= size || end < start) throw new Refusal(416, 'InvalidRange')
  return { start, end }
}

/** Resolves when the bytes have left the process, so that a cut after them loses none of them. */
function written(response: ServerResponse, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    response.write(chunk, error => (error ? reject(error) : resolve()))
  })
}

function created(request: IncomingMessage, response: ServerResponse, blob: Blob): void {
  const headers = { etag: blob.etag, 'last-modified': blob.modified.toUTCString(), 'content-length': 0 }
  response.writeHead(201, { ...commonHeaders(request), ...headers, 'x-ms-request-server-encrypted': 'true' }).end()
}

function typeOf(request: IncomingMessage): string {
  return String(request.headers['x-ms-blob-content-type'] ?? 'application/octet-stream')
}

function commonHeaders(request: IncomingMessage): Record<string, string> {
  const asked = request.headers['x-ms-client-request-id']
  return {
    'x-ms-version': String(request.headers['x-ms-version'] ?? '2025-11-05'),
    'x-ms-request-id': randomUUID(),
    ...(typeof asked === 'string' ? { 'x-ms-client-request-id': asked } : {}),
  }
}
