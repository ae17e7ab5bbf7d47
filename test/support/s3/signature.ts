/**
 * Signature version 4, checked as Amazon specifies it: `Authenticating Requests (AWS Signature Version 4)`. Written apart
 * from the SDK, so that a mistake there can't hide here.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { S3Refusal, type S3Request } from './request.ts'

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$/
const DATE = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/
/** Milliseconds. */
const SKEW = 15 * 60 * 1000

/** Throws an `S3Refusal`. */
export function checkSignature(request: S3Request, known: readonly Credentials[], region: string, now: number): void {
  const { headers } = request
  const match = AUTHORIZATION.exec(headers.authorization ?? '')
  if (match === null) throw new S3Refusal(403, 'AccessDenied')
  const [, accessKeyId = '', day = '', claimed = '', signedNames = '', signature = ''] = match
  const credentials = known.find(each => each.accessKeyId === accessKeyId)
  if (credentials === undefined) throw new S3Refusal(403, 'InvalidAccessKeyId', { AWSAccessKeyId: accessKeyId })
  if (claimed !== region) throw new S3Refusal(400, 'AuthorizationHeaderMalformed', { Region: region })
  const token = one(headers['x-amz-security-token'])
  if ((credentials.sessionToken ?? '') !== token) throw new S3Refusal(400, 'InvalidToken')

  const date = one(headers['x-amz-date'])
  const time = Date.parse(date.replace(DATE, '$1-$2-$3T$4:$5:$6Z'))
  if (!date.startsWith(day) || !(Math.abs(now - time) <= SKEW)) throw new S3Refusal(403, 'RequestTimeTooSkewed')

  const signed = signedNames.split(';')
  const needed = Object.keys(headers).filter(
    name => name === 'host' || name === 'content-md5' || name.startsWith('x-amz-'),
  )
  if (needed.some(name => !signed.includes(name))) throw new S3Refusal(403, 'AccessDenied')

  const canonical = [
    request.method,
    request.path,
    canonicalQuery(request.query),
    ...signed.map(name => `${name}:${one(headers[name]).trim().replace(/ +/g, ' ')}`),
    '',
    signedNames,
    one(headers['x-amz-content-sha256']),
  ].join('\n')
  const scope = `${day}/${region}/s3/aws4_request`
  const text = `AWS4-HMAC-SHA256\n${date}\n${scope}\n${createHash('sha256').update(canonical).digest('hex')}`
  const key = [day, region, 's3', 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${credentials.secretAccessKey}`)
  if (!timingSafeEqual(hmac(key, text), Buffer.from(signature, 'hex'))) {
    throw new S3Refusal(403, 'SignatureDoesNotMatch', { AWSAccessKeyId: accessKeyId, StringToSign: text })
  }
}

function canonicalQuery(query: URLSearchParams): string {
  return [...query]
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort()
    .join('&')
}

function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, sign => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

function one(header: string | string[] | undefined): string {
  return Array.isArray(header) ? header.join(',') : (header ?? '')
}
