/**
 * Creation of an object that never replaces one: a single PUT with `If-None-Match: *`, which servers decide atomically.
 * Some don't know it (they answer 501, or 400): for them the store looks first and then writes, remembers that, and says
 * once what the bucket can't promise. That is enough for backups, whose names are random; two writers of one name are not
 * told apart.
 */
import { createHash } from 'node:crypto'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { hasCode } from '../errors.ts'
import { alreadyExists, keyOf, notS3, type S3Bucket } from './s3-bucket.ts'
import { s3Code, statusOf } from './s3-error.ts'
import { createUploader } from './s3-multipart.ts'
import { abortable, sizeOf } from './s3-read.ts'

/** A server that refuses the condition with 400 calls it one of these; other codes of 400 mean what they say. */
const REFUSALS = ['NotImplemented', 'InvalidArgument', 'InvalidRequest', 'UnsupportedHeader']

export type Writer = (name: string, body: readonly Uint8Array[], signal: AbortSignal | undefined) => Promise<void>

/** Throws `already-exists`, and what the SDK throws. */
export function createWriter(bucket: S3Bucket): Writer {
  const uploadInParts = createUploader(bucket)
  let conditional = true

  async function putOnce(name: string, bytes: Buffer, signal: AbortSignal | undefined): Promise<void> {
    if (conditional) {
      const outcome = await tryConditional(name, signal, () => put(bucket, name, bytes, true, signal))
      if (outcome === 'stored') return
    }
    await refuseExisting(name, signal)
    await put(bucket, name, bytes, false, signal)
    forgetConditions()
  }

  /** Always looks first: some servers that know the condition ignore it when an upload in parts is completed (Ceph does). */
  async function putInParts(name: string, bytes: Buffer, signal: AbortSignal | undefined): Promise<void> {
    await refuseExisting(name, signal)
    if (conditional) {
      const outcome = await tryConditional(name, signal, () => uploadInParts(name, bytes, true, signal))
      if (outcome === 'stored') return
    }
    await uploadInParts(name, bytes, false, signal)
    forgetConditions()
  }

  async function tryConditional(
    name: string,
    signal: AbortSignal | undefined,
    run: () => Promise<void>,
  ): Promise<'stored' | 'refused'> {
    try {
      await run()
      return 'stored'
    } catch (error) {
      const status = statusOf(error)
      if (signal?.aborted) throw error
      if (status === 412) throw alreadyExists(bucket, name, error)
      if (status === 501 || (status === 400 && REFUSALS.includes(s3Code(error)))) return 'refused'
      throw error
    }
  }

  /** Only once a write without the condition succeeded: now it is known that the condition was what the server refused. */
  function forgetConditions(): void {
    if (!conditional) return
    conditional = false
    bucket.warn(
      `The server of s3://${bucket.bucket} can't promise that an object is created only if there is none (If-None-Match).`,
      "Backups have names of their own, so one machine is safe. Don't let two write to this prefix at the same time.",
    )
  }

  async function refuseExisting(name: string, signal: AbortSignal | undefined): Promise<void> {
    try {
      await sizeOf(bucket, name, signal)
    } catch (error) {
      if (hasCode(error, 'not-found')) return
      throw error
    }
    throw alreadyExists(bucket, name)
  }

  return async (name, body, signal) => {
    const [first] = body
    const bytes = body.length === 1 && first !== undefined ? asBuffer(first) : Buffer.concat(body)
    await (bytes.length > bucket.partsAbove ? putInParts : putOnce)(name, bytes, signal)
  }
}

async function put(
  bucket: S3Bucket,
  name: string,
  bytes: Buffer,
  conditional: boolean,
  signal: AbortSignal | undefined,
): Promise<void> {
  const command = new PutObjectCommand({
    Bucket: bucket.bucket,
    Key: keyOf(bucket, name),
    // A buffer, never a stream: streams travel in a framing (aws-chunked) that some servers store as part of the object.
    Body: bytes,
    ContentLength: bytes.length,
    ContentType: 'application/octet-stream',
    // The signature covers the body's SHA-256, and Amazon gets a CRC; of the rest, all that check anything check this.
    ...(bucket.custom ? { ContentMD5: createHash('md5').update(bytes).digest('base64') } : {}),
    ...(conditional ? { IfNoneMatch: '*' } : {}),
  })
  const { ETag } = await bucket.client.send(command, abortable(signal))
  if (ETag === undefined) throw notS3(bucket)
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
