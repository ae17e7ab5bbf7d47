/**
 * A bucket as a store: `s3://BUCKET/PREFIX`, at Amazon or any server that speaks its protocol. An object of the store is one
 * object of the bucket; keys that could not name one are passed over. Requests are not repeated here: `withRetry` does that.
 */
import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import { MiB } from '../format/sizes.ts'
import { checkObjectName } from './object-name.ts'
import { keyOf, placeOf, type S3Bucket } from './s3-bucket.ts'
import { checkRegion, createS3Client, type S3ClientOptions } from './s3-client.ts'
import { attempting, checkCancelled, s3Code, statusOf } from './s3-error.ts'
import { listObjects } from './s3-list.ts'
import { formatS3Location } from './s3-location.ts'
import { abortable, readObject, sizeOf } from './s3-read.ts'
import { createWriter } from './s3-write.ts'
import type { Store } from './store.ts'

/**
 * Each lane holds two, and one more while it is sent. At 8 MiB the requests for 1 TB cost about 0.60 USD at Amazon, a
 * fortieth of a month's storage; larger packs would save cents and cost memory, and a lost connection more to repeat.
 */
const PACK_SIZE = 8 * MiB

/** Bytes. Packs are below: one request, atomic, and nothing is left if it fails. */
const PARTS_ABOVE = 64 * MiB

export interface S3StoreOptions extends S3ClientOptions {
  readonly bucket: string
  /** Without slashes at its ends; empty for the whole bucket. */
  readonly prefix: string
  /** Told what the bucket can't do, at most once each. */
  readonly warn: (message: string, hint?: string) => void
  readonly packSize?: number
  /** For tests: bytes of the largest body that is sent as one. */
  readonly partsAbove?: number
}

/** Sends nothing yet. Throws `usage` for an endpoint that is none. */
export function openS3Store(options: S3StoreOptions): Store {
  const { bucket: name, prefix, warn, packSize = PACK_SIZE, partsAbove = PARTS_ABOVE } = options
  const client = createS3Client(options)
  const bucket: S3Bucket = { client, bucket: name, prefix, custom: options.endpoint !== undefined, partsAbove, warn }
  const write = createWriter(bucket)

  async function reach<T>(action: string, signal: AbortSignal | undefined, run: () => Promise<T>): Promise<T> {
    checkCancelled(signal)
    return await attempting(action, signal, async () => {
      await checkRegion(client)
      return await run()
    })
  }

  return {
    location: formatS3Location(options),
    place: `${options.endpoint ?? 's3'} ${formatS3Location(options)}`,
    packSize,

    async *list(below, signal) {
      const pages = listObjects(bucket, below, signal)
      for (;;) {
        const page = await reach(`list ${placeOf(bucket, below)}`, signal, () => pages.next())
        if (page.done) return
        for (const object of page.value) {
          checkCancelled(signal)
          yield object
        }
      }
    },

    async put(object, body, signal) {
      checkObjectName(object)
      await reach(`write ${placeOf(bucket, object)}`, signal, () => write(object, body, signal))
    },

    async get(object, request = {}) {
      checkObjectName(object)
      return await reach(`read ${placeOf(bucket, object)}`, request.signal, () => readObject(bucket, object, request))
    },

    async stat(object, signal) {
      checkObjectName(object)
      return await reach(`look at ${placeOf(bucket, object)}`, signal, async () => {
        return { name: object, size: await sizeOf(bucket, object, signal) }
      })
    },

    async delete(object, signal) {
      checkObjectName(object)
      await reach(`delete ${placeOf(bucket, object)}`, signal, async () => {
        const command = new DeleteObjectCommand({ Bucket: name, Key: keyOf(bucket, object) })
        try {
          await client.send(command, abortable(signal))
        } catch (error) {
          if (statusOf(error) !== 404 || s3Code(error) === 'NoSuchBucket') throw error
        }
      })
    },
  }
}
