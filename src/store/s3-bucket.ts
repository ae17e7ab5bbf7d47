/** What every part of the adapter needs to reach one object. */
import type { S3Client } from '@aws-sdk/client-s3'
import { ComebackError } from '../errors.ts'
import { formatS3Location } from './s3-location.ts'

export interface S3Bucket {
  readonly client: S3Client
  readonly bucket: string
  readonly prefix: string
  /** Whether the server is another than Amazon's. */
  readonly custom: boolean
  /** Bodies with more bytes go in parts. */
  readonly partsAbove: number
  readonly warn: (message: string, hint?: string) => void
}

/** The object's key. */
export function keyOf({ prefix }: S3Bucket, name: string): string {
  return prefix === '' ? name : `${prefix}/${name}`
}

/** For people: `s3://bucket/prefix/name`. */
export function placeOf({ bucket, prefix }: S3Bucket, name: string): string {
  return `${formatS3Location({ bucket, prefix })}/${name}`
}

export function notFound(bucket: S3Bucket, name: string, cause?: unknown): ComebackError {
  return new ComebackError('not-found', `There is no ${placeOf(bucket, name)}.`, { cause })
}

export function alreadyExists(bucket: S3Bucket, name: string, cause?: unknown): ComebackError {
  const message = `${placeOf(bucket, name)} exists already; a store never replaces an object.`
  return new ComebackError('already-exists', message, { cause })
}

export function damaged(bucket: S3Bucket, name: string, problem: string, cause?: unknown): ComebackError {
  return new ComebackError('damaged', `${placeOf(bucket, name)} ${problem}.`, {
    hint: 'It was cut short, replaced or overwritten. Restore an older backup, or take the object from another copy of the store.',
    cause,
  })
}

/** What answers 200 to everything (a web page, a login portal) must not pass for an empty bucket or for a stored object. */
export function notS3(bucket: S3Bucket): ComebackError {
  const message = `What answers for s3://${bucket.bucket} does not answer as an S3 server does.`
  return new ComebackError('failed', message, { hint: 'Check --s3-endpoint, and any proxy on the way.' })
}
