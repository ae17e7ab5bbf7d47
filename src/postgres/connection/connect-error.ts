/** Why no connection came about, in a person's words, and whether waiting helps. */
import pg from 'pg'
import { ComebackError, type ErrorCode } from '../../errors.ts'
import { type ConnectionTarget, describeTarget, isSocket } from './connection-url.ts'
import { isOfTheServer } from './safe-message.ts'
import { type SaidFields, saidBy } from './said-fields.ts'
import { serverError, withState } from './server-error.ts'
import { isTlsFailure, knowsNoTls } from './tls.ts'

/**
 * Milliseconds during which a refused port is tried again. A server that starts beside us refuses for a moment, but most
 * refusals are a wrong port, and nobody should wait long to hear of it.
 */
const REFUSED_PATIENCE = 3_000

/** Starting up, shutting down for a restart, too many clients, and (XX000) a Neon compute node that sleeps still. */
const WAKING_STATES = ['57P03', '57P02', '57P01', '53300', 'XX000', '08006', '08001', '08004']

const WAKING_SOCKETS = ['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN', 'ECONNABORTED']

export function isWaking(error: unknown, elapsed: number): boolean {
  if (error instanceof ComebackError || !(error instanceof Error)) return false
  const code = codeOf(error)
  if (error instanceof pg.DatabaseError) return WAKING_STATES.includes(code)
  if (code === 'ECONNREFUSED') return elapsed < REFUSED_PATIENCE
  return WAKING_SOCKETS.includes(code) || /^Connection terminated|^timeout expired$/.test(error.message)
}

/** `timeout`: milliseconds that all attempts had. */
export function connectError(error: unknown, target: ConnectionTarget, timeout: number): ComebackError {
  if (error instanceof ComebackError) return error
  const where = describeTarget(target)
  const fail = (code: ErrorCode, message: string, hint?: string) =>
    new ComebackError(code, message, { cause: error, hint })
  if (error instanceof pg.DatabaseError) return refusal(error, target, fail)

  const code = codeOf(error)
  const message = error instanceof Error ? error.message : String(error)
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return fail(
      'connection',
      `The host of ${where} has no address.`,
      'Check the host name in the database URL, and that this machine can resolve names.',
    )
  }
  if (code === 'ECONNREFUSED' || code === 'ENOENT') {
    return fail(
      'connection',
      `Nothing listens at ${where}.`,
      isSocket(target)
        ? 'Check that the server runs and that the folder is its unix_socket_directories.'
        : 'Check the port, that the server runs, and that it listens on this address. In a job, a service container is at localhost and its mapped port.',
    )
  }
  if (code === 'ENETUNREACH' || code === 'EHOSTUNREACH' || code === 'EADDRNOTAVAIL') {
    return fail(
      'connection',
      `No network route leads to ${where}.`,
      'If the host has an IPv6 address only, as db.….supabase.co has, and this machine speaks IPv4 only, as GitHub-hosted ' +
        'runners do, use the session pooler: host ….pooler.supabase.com, port 5432.',
    )
  }
  if (knowsNoTls(error)) {
    return fail(
      'connection',
      `${where} speaks no TLS, and the URL demands it (sslmode=${target.sslMode}).`,
      'Turn TLS on at the server, or write sslmode=disable if the network between is yours alone.',
    )
  }
  if (isTlsFailure(error)) {
    return fail(
      'connection',
      `TLS with ${where} failed: ${message}.`,
      target.sslMode === 'verify-full' || target.sslMode === 'verify-ca' || target.sslRootCert !== undefined
        ? 'The certificate was not accepted. Give the authority as sslrootcert=PATH, or use sslmode=require, which encrypts without checking it.'
        : 'Check that the port is a PostgreSQL port, and the sslmode in the URL.',
    )
  }
  if (message === 'timeout expired' || code === 'ETIMEDOUT') {
    return fail(
      'connection',
      `${where} did not answer within ${Math.ceil(timeout / 1000)} s.`,
      'A firewall or an address allow-list may drop the packets; a sleeping provider may need a longer --connect-timeout.',
    )
  }
  return fail('connection', `Connecting to ${where} failed: ${message}`)
}

function refusal(
  error: pg.DatabaseError,
  target: ConnectionTarget,
  fail: (code: ErrorCode, message: string, hint?: string) => ComebackError,
): ComebackError {
  const where = describeTarget(target)
  const host = where.slice(0, where.length - target.database.length - 1)
  // No rows are read yet, so all of it may be told: unless a function ran at the login, which may say anything.
  const said = saidBy(error)
  if (!isOfTheServer(said) || said.where !== undefined) return serverError(error, `Connecting to ${where}`)
  switch (error.code) {
    case '28P01':
      return fail(
        'authentication',
        `${host} refused the password of role "${target.user}".`,
        'Check the user and the password in the database URL. Special characters in it must be percent-encoded.',
      )
    case '28000':
      return fail(
        'authentication',
        `${where} refused role "${target.user}": ${said.message}`,
        refusedHint(said, target),
      )
    case '3D000':
      return fail(
        'connection',
        `There is no database "${target.database}" on ${host}.`,
        'Check the name at the end of the database URL; capitals count.',
      )
    case '53300':
      return fail('connection', `${where} has no connection left: ${said.message}`, roomHint(said, target))
    default:
      return withState(error.code ?? '', `Connecting to ${where} failed: ${said.message}`, error)
  }
}

/** By the server's functions, which bear the same names in all languages: a role's limit, a database's, the server's. */
function roomHint({ routine }: SaidFields, { user, database }: ConnectionTarget): string {
  const limited = {
    InitializeSessionUserId: `ALTER ROLE ${pg.escapeIdentifier(user)}`,
    CheckMyDatabase: `ALTER DATABASE ${pg.escapeIdentifier(database)}`,
  }[routine ?? '']
  const needs = 'A backup takes at least two connections at a time, one that holds the snapshot and one that reads'
  return limited === undefined
    ? `Run the backup when fewer clients are connected, with fewer --lanes, or raise max_connections. ${needs}.`
    : `${needs}; with --lanes N it takes up to N + 2. Allow as many, and those of others: ${limited} CONNECTION LIMIT 4`
}

/** Whoever may try both ways was refused on both. */
function refusedHint({ routine }: SaidFields, target: ConnectionTarget): string | undefined {
  if (routine === 'InitializeSessionUserId') return 'Check the user in the database URL; capitals count.'
  if (routine !== 'ClientAuthentication') return undefined
  const rule = 'A line of pg_hba.conf on the server must let this role in from here.'
  if (isSocket(target)) return rule
  if (target.sslMode === 'disable') return `${rule} Or the server demands TLS: then sslmode=require in the URL helps.`
  return rule
}

/** Node tries all addresses of a host and throws an AggregateError; its first one speaks for all. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return ''
  if ('code' in error && typeof error.code === 'string') return error.code
  return error instanceof AggregateError ? codeOf(error.errors[0]) : ''
}
