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
}

export interface TlsAttempts {
  readonly first: TlsAttempt
  /** Only for `prefer` and `allow`, as libpq has it: `after` which errors of the first it is tried. */
  readonly second?: TlsAttempt & { after(error: unknown): boolean }
}

export async function tlsAttempts(target: ConnectionTarget): Promise<TlsAttempts> {
  const plain = { ssl: false } as const
  if (target.sslMode === 'disable' || isSocket(target)) return { first: plain }
  const tls = { ssl: await tlsOptions(target) }
  // Channel binding binds to the TLS channel.
  if (target.channelBinding) return { first: tls }
  if (target.sslMode === 'allow' || (!target.sslModeGiven && isLoopback(target.host)))
    return { first: plain, second: { ...tls, after: isRefusal } }
  if (target.sslMode !== 'prefer') return { first: tls }
  return { first: tls, second: { ...plain, after: error => isTlsFailure(error) || isRefusal(error) } }
}

/** pg throws a plain Error with this text when the server answers a TLS request with N. */
export function knowsNoTls(error: unknown): boolean {
  return error instanceof Error && error.message === 'The server does not support SSL connections'
}

/** No TLS came about: the server speaks none, or not ours. */
export function isTlsFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? String(error.code) : ''
  return (
    knowsNoTls(error) ||
    /^ERR_(TLS|SSL|OSSL)|^EPROTO$|CERT|SELF_SIGNED|UNABLE_TO_/.test(code) ||
    error.message === 'There was an error establishing an SSL connection' ||
    /socket disconnected before secure TLS/.test(error.message)
  )
}

/**
 * What to tell when both ways failed: why the first did, for the second is only tried in case it helps. Unless the first was
 * shut only for want of TLS, or of none, and the second got further.
 */
export function tellingOf(first: unknown, second: unknown): unknown {
  if (isTlsFailure(first)) return second
  return isShut(first) && second instanceof pg.DatabaseError && !isShut(second) ? second : first
}

/** A server with an answer: another one may come of the other way, but not while it wakes up, or for a database it lacks. */
function isRefusal(error: unknown): boolean {
  return error instanceof pg.DatabaseError && !/^(57|53|3D)/.test(error.code ?? '')
}

/** By pg_hba.conf or a pooler's like of it, and not for a role that does not exist or may not log in. */
function isShut(error: unknown): boolean {
  return (
    error instanceof pg.DatabaseError &&
    /^(28000|08P01)$/.test(error.code ?? '') &&
    error.routine !== 'InitializeSessionUserId'
  )
}

async function tlsOptions(target: ConnectionTarget): Promise<ConnectionOptions> {
  const root = target.sslRootCert === 'system' ? undefined : target.sslRootCert
  const files = {
    ...(root === undefined ? {} : { ca: await pem(root) }),
    ...(target.sslCert === undefined ? {} : { cert: await pem(target.sslCert) }),
    ...(target.sslKey === undefined ? {} : { key: await pem(target.sslKey) }),
    ...(target.sslPassword === undefined ? {} : { passphrase: target.sslPassword }),
  }
  // Said, as NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment would take it back otherwise.
  if (target.sslMode === 'verify-full' || target.sslRootCert === 'system') return { ...files, rejectUnauthorized: true }
  if (target.sslMode === 'verify-ca' || (target.sslMode === 'require' && root !== undefined)) {
    // The authority is checked, the name is not.
    return { ...files, rejectUnauthorized: true, checkServerIdentity: () => undefined }
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

/** The way there does not leave the machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}
