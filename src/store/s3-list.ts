/** Listing, page by page. What an object's name could name counts as an object; other keys are not ours. */
import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import { ComebackError } from '../errors.ts'
import { isObjectName } from './object-name.ts'
import { keyOf, notS3, type S3Bucket } from './s3-bucket.ts'
import { abortable } from './s3-read.ts'
import type { ObjectInfo } from './store.ts'

/** Throws what the SDK throws. */
export async function* listObjects(
  bucket: S3Bucket,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly ObjectInfo[]> {
  let token: string | undefined
  do {
    const command: ListObjectsV2Command = new ListObjectsV2Command({
      Bucket: bucket.bucket,
      Prefix: keyOf(bucket, prefix),
      // A foreign key with a control character would make the answer unreadable.
      EncodingType: 'url',
      ...(token === undefined ? {} : { ContinuationToken: token }),
    })
    const page = await bucket.client.send(command, abortable(signal))
    if (page.IsTruncated === undefined) throw notS3(bucket)
    yield (page.Contents ?? []).flatMap(({ Key = '', Size, LastModified }) => {
      const name = nameOf(bucket, page.EncodingType === 'url' ? decoded(Key) : Key)
      if (name === undefined || Size === undefined) return []
      return [{ name, size: Size, ...(LastModified === undefined ? {} : { writtenAt: LastModified }) }]
    })
    const next = page.IsTruncated ? page.NextContinuationToken : undefined
    if (page.IsTruncated && (next === undefined || next === token)) {
      throw new ComebackError(
        'unsupported',
        `The server of s3://${bucket.bucket} can't list more than one page of objects.`,
        {
          hint: 'Comeback needs a server that knows ListObjectsV2.',
        },
      )
    }
    token = next
  } while (token !== undefined)
}

function nameOf({ prefix }: S3Bucket, key: string): string | undefined {
  const start = prefix === '' ? '' : `${prefix}/`
  const name = key.slice(start.length)
  return key.startsWith(start) && isObjectName(name) ? name : undefined
}

function decoded(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '))
  } catch (error) {
    // Not UTF-8, so not one of our names, whatever it is.
    if (error instanceof URIError) return key
    throw error
  }
}
