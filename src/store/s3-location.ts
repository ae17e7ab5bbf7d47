/** `s3://BUCKET/PREFIX` and the endpoint, as people write them, checked before anything is sent anywhere. */
import { isIP } from 'node:net'
import { ComebackError } from '../errors.ts'
import { isObjectName } from './object-name.ts'

const SCHEME = 's3://'
/** As servers accept them; Amazon itself wants small letters, and says so. */
const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]$/
/** Keys may have 1024 bytes; what follows the prefix needs some of them. */
const PREFIX_LIMIT = 500

export interface S3Location {
  readonly bucket: string
  /** Without slashes at its ends; empty for the whole bucket. */
  readonly prefix: string
}

/** Throws `usage`. */
export function parseS3Location(location: string): S3Location {
  const [bucket = '', ...parts] = location.slice(SCHEME.length).split('/')
  if (!location.startsWith(SCHEME) || !BUCKET.test(bucket)) {
    throw new ComebackError('usage', `${JSON.stringify(location)} names no bucket.`, {
      hint: 'Write s3://BUCKET or s3://BUCKET/PREFIX; buckets have 3 to 63 letters, digits, dots and dashes.',
    })
  }
  if (parts.at(-1) === '') parts.pop()
  const prefix = parts.join('/')
  if (prefix === '' && parts.length === 0) return { bucket, prefix }
  if (isObjectName(prefix) && prefix.length <= PREFIX_LIMIT) return { bucket, prefix }
  throw new ComebackError('usage', `${JSON.stringify(prefix)} can't be the prefix of a store.`, {
    hint: `Prefixes are letters, digits, dots, dashes and underscores, in folders, with no part that begins with a dot, and have at most ${PREFIX_LIMIT} characters.`,
  })
}

export function formatS3Location({ bucket, prefix }: S3Location): string {
  return prefix === '' ? `${SCHEME}${bucket}` : `${SCHEME}${bucket}/${prefix}`
}

/** The URL of the server. Throws `usage`, and never repeats what could hold a password. */
export function parseEndpoint(endpoint: string): URL {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw new ComebackError(
      'usage',
      'The endpoint of the bucket is not an address that begins with https:// or http://.',
      {
        hint: 'Write it like --s3-endpoint https://s3.example.com.',
      },
    )
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new ComebackError('usage', 'The endpoint of the bucket may have no user name, password, query or fragment.', {
      hint: 'Give the credentials as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment.',
    })
  }
  return url
}

/** No name in DNS stands below an IP address or localhost, so there the bucket can only be in the path. */
export function needsPathStyle({ hostname }: URL): boolean {
  return hostname === 'localhost' || isIP(hostname.replace(/^\[|\]$/g, '')) !== 0
}
