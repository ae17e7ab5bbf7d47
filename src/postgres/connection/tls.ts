/**
 * `sslmode` with libpq's meaning, so that a URL that works with psql works here: `require` encrypts without checking who
 * answers unless a root certificate is given, `verify-full` checks. (pg 8 takes `require` for `verify-full`, which refuses
 * Supabase and RDS, whose authorities are their own.)
 */
import { readFile } from 'node:fs/promises'
import type { ConnectionOptions } from 'node:tls'
import pg from 'pg'
import { ComebackError } from '../../errors.ts'
import { type ConnectionTarget, isSocket } from './connection-url.ts'

export interface TlsAttempt {
  readonly ssl: false | ConnectionOptions
  /** Whether the next attempt should be tried after this one's error. */
  otherwise(error: unknown): boolean
}

const never = () => false

/** What to try, in order. More than one only for `prefer` and `allow`. */
export async function tlsAttempts(target: ConnectionTarget): Promise<TlsAttempt[]> {
  if (target.sslMode === 'disable' || isSocket(target)) return [{ ssl: false, otherwise: never }]
  const options = await tlsOptions(target)
  // Channel binding binds to the TLS channel.
  if (target.channelBinding) return [{ ssl: options, otherwise: never }]
  const plainFirst = target.sslMode === 'allow' || (!target.sslModeGiven && isLoopback(target.host))
  if (plainFirst) {
    return [
      { ssl: false, otherwise: wantsTls },
      { ssl: options, otherwise: never },
    ]
  }
  if (target.sslMode !== 'prefer') return [{ ssl: options, otherwise: never }]
  return [
    { ssl: options, otherwise: knowsNoTls },
    { ssl: false, otherwise: never },
  ]
}

/** pg throws a plain Error with this text when the server answers a TLS request with N. */
export function knowsNoTls(error: unknown): boolean {
  return error instanceof Error && error.message === 'The server does not support SSL connections'
}

async function tlsOptions(target: ConnectionTarget): Promise<ConnectionOptions> {
  const root = target.sslRootCert === 'system' ? undefined : target.sslRootCert
  const files = {
    ...(root === undefined ? {} : { ca: await pem(root) }),
    ...(target.sslCert === undefined ? {} : { cert: await pem(target.sslCert) }),
    ...(target.sslKey === undefined ? {} : { key: await pem(target.sslKey) }),
  }
  if (target.sslMode === 'verify-full' || target.sslRootCert === 'system') return files
  if (target.sslMode === 'verify-ca' || (target.sslMode === 'require' && root !== undefined)) {
    // The authority is checked, the name is not.
    return { ...files, checkServerIdentity: () => undefined }
  }
  return { ...files, rejectUnauthorized: false }
}

async function pem(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new ComebackError('usage', `The certificate file ${path} that the database URL names cannot be read.`, {
      cause: error,
    })
  }
}

function wantsTls(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '28000'
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}
