/** Reading: the size is known and checked before a byte of the body is, and a body is given whole or not at all. */
import { GetObjectCommand, type GetObjectCommandOutput, HeadObjectCommand } from '@aws-sdk/client-s3'
import { ComebackError } from '../errors.ts'
import { damaged, keyOf, notFound, notS3, placeOf, type S3Bucket } from './s3-bucket.ts'
import { statusOf } from './s3-error.ts'
import type { ByteRange } from './store.ts'

const CONTENT_RANGE = /^bytes (\d+)-(\d+)\/(\d+)$/

interface Request {
  readonly range?: ByteRange
  readonly limit?: number
  readonly signal?: AbortSignal
}

/** Throws `not-found`, and what the SDK throws. */
export async function sizeOf(bucket: S3Bucket, name: string, signal: AbortSignal | undefined): Promise<number> {
  const command = new HeadObjectCommand({ Bucket: bucket.bucket, Key: keyOf(bucket, name) })
  try {
    const { ContentLength } = await bucket.client.send(command, abortable(signal))
    if (ContentLength === undefined) throw notS3(bucket)
    return ContentLength
  } catch (error) {
    throw statusOf(error) === 404 ? notFound(bucket, name, error) : error
  }
}

export async function readObject(bucket: S3Bucket, name: string, request: Request): Promise<Uint8Array> {
  const { range, limit = Number.POSITIVE_INFINITY, signal } = request
  // No Range header can say "nothing".
  if (range?.length === 0) {
    checkSize(bucket, name, await sizeOf(bucket, name, signal), range, limit)
    return new Uint8Array(0)
  }
  const answer = await ask(bucket, name, range, signal)
  const parts = answer.Body as AsyncIterable<Uint8Array> & { destroy?: () => void }
  try {
    const { offset, length, size } = extent(bucket, answer)
    checkSize(bucket, name, size, range, limit)
    const wanted = range ?? { offset: 0, length: size }
    if (offset !== wanted.offset || length !== wanted.length) {
      throw new ComebackError(
        'unsupported',
        `The server gave another range of ${placeOf(bucket, name)} than was asked for.`,
        {
          hint: 'Comeback needs a server that understands the Range header.',
        },
      )
    }
    return await collect(bucket, name, parts, length)
  } catch (error) {
    // Otherwise the rest of the body would still be downloaded.
    parts.destroy?.()
    throw error
  }
}

export function abortable(signal: AbortSignal | undefined): { readonly abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal }
}

async function ask(
  bucket: S3Bucket,
  name: string,
  range: ByteRange | undefined,
  signal: AbortSignal | undefined,
): Promise<GetObjectCommandOutput> {
  const command = new GetObjectCommand({
    Bucket: bucket.bucket,
    Key: keyOf(bucket, name),
    ...(range === undefined ? {} : { Range: `bytes=${range.offset}-${range.offset + range.length - 1}` }),
  })
  try {
    return await bucket.client.send(command, abortable(signal))
  } catch (error) {
    const status = statusOf(error)
    if (status === 416)
      throw damaged(bucket, name, `ends before byte ${range?.offset ?? 0}, where a range begins`, error)
    if (status === 404 && error instanceof Error && error.name !== 'NoSuchBucket') throw notFound(bucket, name, error)
    throw error
  }
}

/** Which bytes the body holds, and how many the object has. */
function extent(bucket: S3Bucket, answer: GetObjectCommandOutput): ByteRange & { readonly size: number } {
  const length = answer.ContentLength
  if (length === undefined) throw notS3(bucket)
  // A server that doesn't know ranges gives the whole object, and no Content-Range.
  if (answer.ContentRange === undefined) return { offset: 0, length, size: length }
  const [, first, , size] = CONTENT_RANGE.exec(answer.ContentRange) ?? []
  if (first === undefined || size === undefined) throw notS3(bucket)
  return { offset: Number(first), length, size: Number(size) }
}

function checkSize(bucket: S3Bucket, name: string, size: number, range: ByteRange | undefined, limit: number): void {
  if (size > limit) throw damaged(bucket, name, `is ${size} bytes long, though it can't have more than ${limit}`)
  const end = range === undefined ? 0 : range.offset + range.length
  if (end > size) throw damaged(bucket, name, `ends after ${size} bytes, though ${end} should be there`)
}

async function collect(
  bucket: S3Bucket,
  name: string,
  parts: AsyncIterable<Uint8Array>,
  length: number,
): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafeSlow(length)
  let filled = 0
  for await (const part of readable(bucket, name, parts)) {
    if (filled + part.length > length) throw cut(bucket, name, `gave more than ${length} bytes`)
    bytes.set(part, filled)
    filled += part.length
  }
  if (filled < length) throw cut(bucket, name, `broke off after ${filled} of ${length} bytes`)
  return bytes
}

/** Whatever goes wrong in the middle of a body (a reset, a checksum that doesn't fit) may go well the next time. */
async function* readable(bucket: S3Bucket, name: string, parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* parts
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw cut(bucket, name, `broke off: ${reason}`, error)
  }
}

function cut(bucket: S3Bucket, name: string, problem: string, cause?: unknown): ComebackError {
  return new ComebackError('store-unavailable', `The download of ${placeOf(bucket, name)} ${problem}.`, {
    hint: 'Check the network and the server; a later run may succeed.',
    cause,
  })
}
