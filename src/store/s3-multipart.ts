/**
 * Bodies too large for one PUT, in parts, by lib-storage. Parts of an upload that is neither completed nor aborted are
 * billed for ever and shown nowhere, so whatever happens here ends in one or the other. lib-storage by itself would answer
 * a cancellation before it has aborted the upload, and goes on sending the other parts after one has failed; so it gets a
 * client whose requests all stop together, and the aborting is done here.
 */
import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  type MultipartUpload,
  type S3Client,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { MiB } from '../format/sizes.ts'
import { isObjectName } from './object-name.ts'
import { keyOf, placeOf, type S3Bucket } from './s3-bucket.ts'
import { statusOf } from './s3-error.ts'
import { abortable } from './s3-read.ts'

/** Bytes; servers take 10,000 parts of at least 5 MiB. */
const PART_SIZE = 8 * MiB
const PARTS_AT_ONCE = 2

/** Milliseconds for aborting, which must go on after the run was cancelled, but not for long. */
const ABORT_TIMEOUT = 20_000
/** A part that was still being received when its upload was aborted may be stored after all. */
const ABORT_ATTEMPTS = 3

/** An upload this old (ms) was left by a process that was killed. */
const STALE = 24 * 60 * 60 * 1000

/** What a server answers that can't list uploads, or to credentials that may not. */
const CANNOT_LIST = [400, 403, 404, 405, 501]

export type Uploader = (
  name: string,
  bytes: Buffer,
  conditional: boolean,
  signal: AbortSignal | undefined,
) => Promise<void>

/** Throws what the SDK throws, when nothing of the upload is left. */
export function createUploader(bucket: S3Bucket): Uploader {
  let swept = false
  return async (name, bytes, conditional, signal) => {
    // The prefix is ours; a whole bucket may have other programs' uploads in it.
    if (!swept && bucket.prefix !== '') await sweep(bucket, Date.now() - STALE, signal)
    swept = true
    const { client, uploadId } = stoppable(bucket.client, signal)
    const upload = new Upload({
      client,
      params: {
        Bucket: bucket.bucket,
        Key: keyOf(bucket, name),
        Body: bytes,
        ContentType: 'application/octet-stream',
        ...(conditional ? { IfNoneMatch: '*' } : {}),
      },
      partSize: PART_SIZE,
      queueSize: PARTS_AT_ONCE,
      leavePartsOnError: true,
    })
    try {
      await upload.done()
    } catch (error) {
      await abandon(bucket, name, uploadId())
      throw error
    }
  }
}

/** The same client, all of whose requests stop when one of them fails or the signal aborts; and the id of its upload. */
function stoppable(client: S3Client, signal: AbortSignal | undefined) {
  const failed = new AbortController()
  const abortSignal = signal === undefined ? failed.signal : AbortSignal.any([failed.signal, signal])
  let uploadId: string | undefined
  const send = async (command: Parameters<S3Client['send']>[0]) => {
    try {
      const answer = await client.send(command, { abortSignal })
      if ('UploadId' in answer) uploadId ??= answer.UploadId
      return answer
    } catch (error) {
      failed.abort()
      throw error
    }
  }
  const stopping: S3Client = Object.create(client, { send: { value: send } })
  return { client: stopping, uploadId: () => uploadId }
}

/** Where the answer with the id was lost, by the object's key. Failing at it is told, not thrown: the upload failed first. */
async function abandon(bucket: S3Bucket, name: string, uploadId: string | undefined): Promise<void> {
  const signal = AbortSignal.timeout(ABORT_TIMEOUT)
  try {
    const ids = uploadId === undefined ? await uploadsOf(bucket, keyOf(bucket, name), signal) : [uploadId]
    for (const id of ids) await abort(bucket, keyOf(bucket, name), id, signal)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    bucket.warn(
      `The unfinished upload of ${placeOf(bucket, name)} could not be removed: ${reason}.`,
      'Its parts cost money. A lifecycle rule of the bucket (AbortIncompleteMultipartUpload) removes such uploads.',
    )
  }
}

async function uploadsOf(bucket: S3Bucket, key: string, signal: AbortSignal): Promise<readonly string[]> {
  const ids: string[] = []
  for await (const { Key, UploadId } of uploads(bucket, key, signal)) {
    if (Key === key && UploadId !== undefined) ids.push(UploadId)
  }
  return ids
}

async function abort(bucket: S3Bucket, key: string, uploadId: string, signal: AbortSignal | undefined): Promise<void> {
  for (let attempt = 1; attempt <= ABORT_ATTEMPTS; attempt++) {
    const upload = { Bucket: bucket.bucket, Key: key, UploadId: uploadId }
    try {
      await bucket.client.send(new AbortMultipartUploadCommand(upload), abortable(signal))
    } catch (error) {
      if (statusOf(error) === 404) return
      if (attempt === ABORT_ATTEMPTS) throw error
      continue
    }
    if (!(await hasParts(bucket, upload, signal))) return
  }
}

async function hasParts(
  { client }: S3Bucket,
  upload: { readonly Bucket: string; readonly Key: string; readonly UploadId: string },
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    const { Parts = [] } = await client.send(new ListPartsCommand(upload), abortable(signal))
    return Parts.length > 0
  } catch (error) {
    if (CANNOT_LIST.includes(statusOf(error) ?? 0)) return false
    throw error
  }
}

/** Aborts what killed processes left below our prefix. A bucket that can't tell is left as it is. */
async function sweep(bucket: S3Bucket, before: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    for await (const { Key = '', UploadId, Initiated } of uploads(bucket, `${bucket.prefix}/`, signal)) {
      const isOurs = isObjectName(Key.slice(bucket.prefix.length + 1))
      if (!isOurs || UploadId === undefined || Initiated === undefined || Initiated.getTime() >= before) continue
      await abort(bucket, Key, UploadId, signal)
    }
  } catch (error) {
    if (!CANNOT_LIST.includes(statusOf(error) ?? 0)) throw error
  }
}

async function* uploads(
  { client, bucket }: S3Bucket,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<MultipartUpload> {
  let after: { readonly KeyMarker?: string; readonly UploadIdMarker?: string } | undefined = {}
  while (after !== undefined) {
    const command: ListMultipartUploadsCommand = new ListMultipartUploadsCommand({
      Bucket: bucket,
      Prefix: prefix,
      ...after,
    })
    const page = await client.send(command, abortable(signal))
    yield* page.Uploads ?? []
    const { IsTruncated, NextKeyMarker, NextUploadIdMarker } = page
    after =
      IsTruncated === true && NextKeyMarker !== undefined && NextKeyMarker !== ''
        ? {
            KeyMarker: NextKeyMarker,
            ...(NextUploadIdMarker === undefined ? {} : { UploadIdMarker: NextUploadIdMarker }),
          }
        : undefined
  }
}
