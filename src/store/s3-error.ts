/**
 * What an S3 server, the SDK or the network refuses, in the terms of the store's contract. Decided by the server's error
 * code, by the HTTP status where it sent none (the answers to HEAD have no body), and by the system's code below that.
 */
import { asComebackError, ComebackError, type ErrorCode } from '../errors.ts'

export interface Meaning {
  readonly code: ErrorCode
  readonly hint: string
  /** Replaces the server's own words. */
  readonly reason?: string
}

const RIGHTS =
  'The credentials need s3:ListBucket on the bucket, and s3:GetObject, s3:PutObject, s3:DeleteObject and s3:AbortMultipartUpload on its objects.'
const PASSING: Meaning = {
  code: 'store-unavailable',
  hint: 'Check the network and the server; a later run may succeed.',
}
const CORRUPTED: Meaning = { code: 'store-unavailable', hint: 'The server got other bytes than were sent. Try again.' }
const DENIED: Meaning = {
  code: 'permission',
  hint: `${RIGHTS} Without s3:ListBucket, S3 says the same of an object that is not there.`,
}
const WRONG_SECRET: Meaning = {
  code: 'authentication',
  hint: 'Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN, if they are temporary), and that they belong to this server.',
}
const EXPIRED: Meaning = {
  code: 'authentication',
  hint: 'Get new ones. In GitHub Actions, role-duration-seconds of aws-actions/configure-aws-credentials must be longer than the backup takes.',
}
const CLOCK: Meaning = {
  code: 'failed',
  hint: 'Set the clock of this machine: S3 refuses a difference of more than 15 minutes, and backups are named by it.',
}
const FULL: Meaning = { code: 'store-full', hint: 'Delete something there, raise the quota, or use another bucket.' }
const NO_BUCKET: Meaning = {
  code: 'failed',
  hint: 'Create it first: a private one, best with nothing else in it. Or check its name, --s3-endpoint and --s3-region.',
}
const ARCHIVED: Meaning = {
  code: 'failed',
  hint: 'It lies in an archive class such as Glacier. Have S3 restore it first, and keep lifecycle rules off these objects.',
}

const MEANINGS: Readonly<Record<string, Meaning>> = {
  AccessDenied: DENIED,
  AccountProblem: DENIED,
  AllAccessDisabled: DENIED,
  InvalidAccessKeyId: { ...WRONG_SECRET, reason: 'the server does not know this access key' },
  SignatureDoesNotMatch: { ...WRONG_SECRET, reason: 'the secret access key does not belong to the access key' },
  InvalidToken: WRONG_SECRET,
  ExpiredToken: EXPIRED,
  ExpiredTokenException: EXPIRED,
  TokenRefreshRequired: EXPIRED,
  RequestTimeTooSkewed: CLOCK,
  RequestExpired: CLOCK,
  NoSuchBucket: NO_BUCKET,
  InvalidBucketName: NO_BUCKET,
  InvalidObjectState: ARCHIVED,
  QuotaExceeded: FULL,
  ServiceQuotaExceeded: FULL,
  TooManyObjects: FULL,
  XMinioStorageFull: FULL,
  StorageFull: FULL,
  BadDigest: CORRUPTED,
  XAmzContentSHA256Mismatch: CORRUPTED,
  XAmzContentChecksumMismatch: CORRUPTED,
  IncompleteBody: CORRUPTED,
  RequestTimeout: PASSING,
  SlowDown: PASSING,
  Throttling: PASSING,
  ThrottlingException: PASSING,
  RequestLimitExceeded: PASSING,
  BandwidthLimitExceeded: PASSING,
  OperationAborted: PASSING,
  ConditionalRequestConflict: PASSING,
  NoSuchUpload: PASSING,
  TimeoutError: PASSING,
  // From the SDK itself.
  CredentialsProviderError: {
    code: 'authentication',
    reason: 'no credentials were found',
    hint: 'Looked in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the profiles in ~/.aws, a web identity (AWS_ROLE_ARN) and the machine itself. In GitHub Actions, run aws-actions/configure-aws-credentials first; the job then needs id-token: write.',
  },
}

const CERTIFICATE: Meaning = {
  code: 'connection',
  hint: 'For a server with a certificate of your own, put the path of its authority into NODE_EXTRA_CA_CERTS. Without TLS the endpoint begins with http://.',
}

const STATUSES: Readonly<Record<number, Meaning>> = {
  401: WRONG_SECRET,
  403: DENIED,
  408: PASSING,
  409: PASSING,
  429: PASSING,
  507: FULL,
}

/** Node's codes of what may pass. */
const NETWORK =
  /^(ECONN\w+|EPIPE|ETIMEDOUT|E(HOST|NET)(UNREACH|DOWN)|ENOTFOUND|EAI_AGAIN|UND_ERR_\w+|HPE_\w+|ERR_STREAM_PREMATURE_CLOSE)$/

/** Node's codes of certificates that are not trusted, and of servers that don't speak TLS. */
const TLS = /CERT|SSL|TLS|^EPROTO$|^UNABLE_TO_|^HOSTNAME_MISMATCH$/

/** Runs what the text `write s3://b/k` names; whatever it throws comes out as a `ComebackError`. */
export async function attempting<T>(
  action: string,
  signal: AbortSignal | undefined,
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run()
  } catch (error) {
    // Whatever breaks after an abort broke because of it.
    if (signal?.aborted) throw asComebackError(signal.reason)
    if (error instanceof ComebackError) throw error
    const { code, hint, reason = ownReason(error) } = meaningOf(error)
    throw new ComebackError(code, `Could not ${action}: ${reason}.`, { hint, cause: error })
  }
}

/** Throws the signal's reason as a `ComebackError`. */
export function checkCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw asComebackError(signal.reason)
}

/** HTTP status of an answer that was an error; undefined if none came. */
export function statusOf(error: unknown): number | undefined {
  return numberAt(objectAt(error, '$metadata'), 'httpStatusCode')
}

/** `NoSuchKey` and the like. */
export function s3Code(error: unknown): string {
  return error instanceof Error ? error.name : ''
}

function meaningOf(error: unknown): Meaning {
  const status = statusOf(error)
  return (
    otherRegion(error, status) ??
    MEANINGS[s3Code(error)] ??
    (status === undefined ? undefined : STATUSES[status]) ??
    (isPassing(error, status) ? PASSING : undefined) ??
    (TLS.test(textAt(error, 'code') ?? '') ? CERTIFICATE : undefined) ?? {
      code: 'failed',
      hint: 'Check the bucket, --s3-endpoint, --s3-region and --s3-path-style.',
    }
  )
}

function isPassing(error: unknown, status: number | undefined): boolean {
  if (status !== undefined && status >= 500 && status !== 501) return true
  const code = textAt(error, 'code')
  if (code !== undefined && NETWORK.test(code)) return true
  // `localhost` has two addresses: one error for both.
  return error instanceof AggregateError && error.errors.some(each => isPassing(each, undefined))
}

function otherRegion(error: unknown, status: number | undefined): Meaning | undefined {
  const name = s3Code(error)
  const expected =
    textAt(error, 'Region') ?? textAt(objectAt(objectAt(error, '$response'), 'headers'), 'x-amz-bucket-region')
  const isRedirect = status === 301 || status === 307 || name === 'PermanentRedirect' || name === 'TemporaryRedirect'
  if (!isRedirect && name !== 'AuthorizationHeaderMalformed' && name !== 'IllegalLocationConstraintException')
    return undefined
  if (expected === undefined) {
    return { code: 'failed', reason: 'the bucket is somewhere else', hint: 'Check --s3-region and --s3-endpoint.' }
  }
  return { code: 'failed', reason: `the bucket is in the region ${expected}`, hint: `Use --s3-region ${expected}.` }
}

/** The server's code and message; the code of the system; the status where there is nothing else. */
function ownReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const status = statusOf(error)
  const nameless = error.message === '' || error.message === 'UnknownError'
  if (nameless) return status === undefined ? (textAt(error, 'code') ?? error.name) : `the server answered ${status}`
  const message = error.message.replace(/\.+$/, '')
  return status === undefined || error.name === message ? message : `${error.name}: ${message}`
}

function objectAt(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && name in value
    ? (value as Record<string, unknown>)[name]
    : undefined
}

function textAt(value: unknown, name: string): string | undefined {
  const text = objectAt(value, name)
  return typeof text === 'string' ? text : undefined
}

function numberAt(value: unknown, name: string): number | undefined {
  const number = objectAt(value, name)
  return typeof number === 'number' ? number : undefined
}
