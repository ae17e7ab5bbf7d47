/** The SDK's client, set up for this program: patient for as long as bytes move, no retries of its own. */
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { LookupFunction } from 'node:net'
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { ComebackError } from '../errors.ts'
import { needsPathStyle, parseEndpoint } from './s3-location.ts'

/** Milliseconds until a connection stands, and without a byte on it. */
const CONNECT_TIMEOUT = 10_000
const STALL_TIMEOUT = 60_000

/** What servers that know no regions accept. */
const ANY_REGION = 'us-east-1'

export interface S3Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

export interface S3ClientOptions {
  /** Amazon's own without one. */
  readonly endpoint?: string | undefined
  readonly region?: string | undefined
  /** The bucket in the path even where it could be in the name of the host. */
  readonly pathStyle: boolean
  /** For tests; otherwise whatever the SDK's own chain finds: environment, configuration files, web identity, the machine. */
  readonly credentials?: S3Credentials | undefined
  /** For tests: how names of hosts become addresses. */
  readonly lookup?: LookupFunction | undefined
  /** For tests: milliseconds without a byte. */
  readonly stallTimeout?: number | undefined
}

/** Throws `usage` for an endpoint that is none. */
export function createS3Client(options: S3ClientOptions): S3Client {
  const { lookup, credentials, stallTimeout = STALL_TIMEOUT } = options
  const endpoint = options.endpoint === undefined ? undefined : parseEndpoint(options.endpoint)
  const region = options.region ?? (endpoint === undefined ? undefined : ANY_REGION)
  const agent = { keepAlive: true, ...(lookup === undefined ? {} : { lookup }) }
  const config: S3ClientConfig = {
    // `withRetry` repeats what may pass; two layers of it would multiply the waits.
    maxAttempts: 1,
    // The SDK would open a connection for each body, to ask before it sends; packs travel faster on one that stands.
    expectContinueHeader: false,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT,
      socketTimeout: stallTimeout,
      httpAgent: new HttpAgent(agent),
      httpsAgent: new HttpsAgent(agent),
    },
    ...(region === undefined ? {} : { region }),
    ...(credentials === undefined ? {} : { credentials }),
  }
  if (endpoint === undefined) return new S3Client({ ...config, forcePathStyle: options.pathStyle })
  return new S3Client({
    ...config,
    endpoint: endpoint.href,
    forcePathStyle: options.pathStyle || needsPathStyle(endpoint),
    // Amazon's newer checksums are refused by some other servers, and stored as part of the object by at least one.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
}

/** Amazon needs one, from the options or the SDK's own configuration. Throws `usage`. */
export async function checkRegion(client: S3Client): Promise<void> {
  try {
    await client.config.region()
  } catch (cause) {
    throw new ComebackError('usage', 'The region of the bucket is not known.', {
      hint: 'Name it: --s3-region eu-central-1, say. For a server that is not Amazon, give --s3-endpoint.',
      cause,
    })
  }
}
