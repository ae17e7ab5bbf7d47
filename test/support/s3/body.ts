/** Bodies, believed only after every length, checksum and digest that came with them was checked. */
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { crc32 } from 'node:zlib'
import { S3Refusal } from './request.ts'

const UNSIGNED = 'UNSIGNED-PAYLOAD'
const STREAMED = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'
const CHECKSUM = 'x-amz-checksum-'

type Headers = Readonly<Record<string, string | string[] | undefined>>

export interface Body {
  readonly bytes: Buffer
  /** The checksums that were sent and found right, as the answer repeats them. */
  readonly checksums: Readonly<Record<string, string>>
}

/** Throws an `S3Refusal`. */
export async function readBody(request: IncomingMessage): Promise<Body> {
  const { headers } = request
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  const raw = Buffer.concat(parts)
  if (request.method === 'PUT' && headers['content-length'] === undefined) {
    if (headers['x-amz-decoded-content-length'] === undefined) throw new S3Refusal(411, 'MissingContentLength')
  }
  const declared = String(headers['x-amz-content-sha256'] ?? '')
  const { bytes, trailers } = declared === STREAMED ? unframed(raw, headers) : { bytes: raw, trailers: {} }
  if (declared !== STREAMED && declared !== UNSIGNED && declared !== digest('sha256', bytes, 'hex')) {
    throw new S3Refusal(400, 'XAmzContentSHA256Mismatch')
  }
  const md5 = headers['content-md5']
  if (md5 !== undefined && md5 !== digest('md5', bytes, 'base64')) throw new S3Refusal(400, 'BadDigest')
  return { bytes, checksums: checked(bytes, { ...headers, ...trailers }) }
}

function checked(bytes: Buffer, headers: Headers): Record<string, string> {
  const checksums: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    const algorithm = name.slice(CHECKSUM.length)
    if (!name.startsWith(CHECKSUM) || algorithm === 'algorithm' || algorithm === 'mode' || algorithm === 'type')
      continue
    if (value !== checksum(algorithm, bytes)) throw new S3Refusal(400, 'BadDigest')
    checksums[name] = String(value)
  }
  return checksums
}

function checksum(algorithm: string, bytes: Buffer): string {
  if (algorithm === 'sha1' || algorithm === 'sha256') return digest(algorithm, bytes, 'base64')
  if (algorithm !== 'crc32') throw new S3Refusal(501, 'NotImplemented')
  const value = Buffer.alloc(4)
  value.writeUInt32BE(crc32(bytes))
  return value.toString('base64')
}

/** `aws-chunked`: `SIZE CRLF bytes CRLF … 0 CRLF trailer:value CRLF CRLF`, nothing more and nothing less. */
function unframed(raw: Buffer, headers: Headers): { readonly bytes: Buffer; readonly trailers: Headers } {
  const wrong = () => new S3Refusal(400, 'IncompleteBody')
  const chunks: Buffer[] = []
  let position = 0
  const line = (): string => {
    const end = raw.indexOf('\r\n', position)
    if (end < 0) throw wrong()
    const text = raw.toString('latin1', position, end)
    position = end + 2
    return text
  }
  for (;;) {
    const text = line()
    if (!/^[0-9a-f]+$/i.test(text)) throw wrong()
    const size = Number.parseInt(text, 16)
    if (size === 0) break
    chunks.push(raw.subarray(position, position + size))
    position += size
    if (line() !== '') throw wrong()
  }
  const trailers: Record<string, string> = {}
  for (let text = line(); text !== ''; text = line()) {
    const [name = '', value = ''] = text.split(/:(.*)/)
    trailers[name.toLowerCase()] = value.trim()
  }
  const bytes = Buffer.concat(chunks)
  const announced = String(headers['x-amz-trailer'] ?? '')
  const sameNames = announced.split(',').sort().join() === Object.keys(trailers).sort().join()
  const sameLength = Number(headers['x-amz-decoded-content-length']) === bytes.length
  const isDeclared = String(headers['content-encoding'] ?? '')
    .split(',')
    .includes('aws-chunked')
  if (position !== raw.length || !sameNames || !sameLength || !isDeclared) throw wrong()
  return { bytes, trailers }
}

export function digest(algorithm: 'md5' | 'sha1' | 'sha256', bytes: Uint8Array, encoding: 'hex' | 'base64'): string {
  return createHash(algorithm).update(bytes).digest(encoding)
}
