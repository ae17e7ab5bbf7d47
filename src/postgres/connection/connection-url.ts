/**
 * A database URL as libpq reads it: where the server is, who asks, and how much TLS is wanted. Parsed here and not by pg,
 * whose own parser reads files, warns on stderr about `sslmode=require` and gives it another meaning than libpq does.
 *
 * The URL holds the password, so no error of this file repeats any part of it.
 */
import { userInfo } from 'node:os'
import { ComebackError } from '../../errors.ts'

const DEFAULT_PORT = 5432

const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'no-verify', 'verify-ca', 'verify-full'] as const
export type SslMode = (typeof SSL_MODES)[number]

export interface ConnectionTarget {
  /** A host name, an address (IPv6 without brackets), or the folder of a Unix socket. */
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password: string | undefined
  readonly sslMode: SslMode
  /** Whether the mode stood in the URL. */
  readonly sslModeGiven: boolean
  /** Paths of PEM files; a root certificate of `system` means the authorities that Node trusts. */
  readonly sslRootCert: string | undefined
  readonly sslCert: string | undefined
  readonly sslKey: string | undefined
  readonly channelBinding: boolean
  /** Command-line options for the backend, such as Neon's `endpoint=…`. */
  readonly options: string | undefined
  readonly applicationName: string | undefined
  /** Prisma's mark for a transaction pooler. */
  readonly pgbouncer: boolean
}

/** Throws `usage` on anything that is not one server's URL. Parameters that only other programs know are ignored. */
export function parseDatabaseUrl(text: string): ConnectionTarget {
  const url = parse(text)
  const parameter = (name: string) => url.searchParams.get(name) || undefined
  const host = parameter('host') ?? (decode(url.hostname).replace(/^\[(.*)\]$/, '$1') || 'localhost')
  if (host.includes(',')) throw malformed('names several hosts; name one')
  const user = parameter('user') ?? (decode(url.username) || userInfo().username)
  const sslMode = sslModeOf(parameter('sslmode'), parameter('ssl'), parameter('sslnegotiation'))
  return {
    host,
    port: portOf(parameter('port') ?? url.port),
    database: parameter('dbname') ?? (decode(url.pathname.slice(1)) || user),
    user,
    password: parameter('password') ?? (decode(url.password) || undefined),
    sslMode: sslMode ?? 'prefer',
    sslModeGiven: sslMode !== undefined,
    sslRootCert: parameter('sslrootcert'),
    sslCert: parameter('sslcert'),
    sslKey: parameter('sslkey'),
    channelBinding: parameter('channel_binding') === 'require',
    options: parameter('options'),
    applicationName: parameter('application_name'),
    pgbouncer: parameter('pgbouncer') === 'true',
  }
}

/** `host:port/database`, for messages. Never holds a name or a password. */
export function describeUrl(url: string): string {
  return describeTarget(parseDatabaseUrl(url))
}

export function describeTarget({ host, port, database }: ConnectionTarget): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}/${database}`
}

/** The same server and role, another database. */
export function inDatabase(text: string, database: string): string {
  const url = parse(text)
  url.searchParams.delete('dbname')
  url.pathname = `/${encodeURIComponent(database)}`
  // Who asks is the database's name where the URL names nobody, and must not change with it.
  if (!url.searchParams.has('user') && url.username === '') url.searchParams.set('user', parseDatabaseUrl(text).user)
  return url.href
}

/** Names the database for good: the same whoever connects and by whichever parameters. Host names have no case, databases do. */
export function identityOf(url: string): string {
  const target = parseDatabaseUrl(url)
  return describeTarget({ ...target, host: isSocket(target) ? target.host : target.host.toLowerCase() })
}

export function isSocket(target: ConnectionTarget): boolean {
  return target.host.startsWith('/')
}

function parse(text: string): URL {
  if (!/^postgres(ql)?:\/\//i.test(text.trim())) throw malformed('does not begin with postgresql://')
  // libpq allows `user@/database?host=…`, which the URL standard does not.
  const standard = text.trim().replace(/^([a-z]+:\/\/[^/?#]*@)(?=[/?])/i, '$1localhost')
  if (!URL.canParse(standard)) throw malformed('cannot be read')
  const url = new URL(standard)
  if (url.hash !== '') throw malformed('holds a bare #')
  return url
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // The cause is dropped on purpose: it may quote what it could not decode.
    throw malformed('holds a % that is not part of a percent-encoded character')
  }
}

function portOf(text: string): number {
  if (text === '') return DEFAULT_PORT
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw malformed('holds an impossible port')
  return port
}

/** `ssl` is what JDBC and pg call it; direct negotiation makes no sense without TLS. */
function sslModeOf(mode: string | undefined, ssl: string | undefined, negotiation: string | undefined) {
  if (mode !== undefined) {
    const known = SSL_MODES.find(known => known === mode)
    if (known === undefined) throw malformed(`holds an unknown sslmode; it is one of ${SSL_MODES.join(', ')}`)
    return known
  }
  if (ssl === 'no-verify') return 'no-verify'
  if (ssl !== undefined) return ssl === 'false' || ssl === '0' ? 'disable' : 'verify-full'
  return negotiation === 'direct' ? 'require' : undefined
}

function malformed(what: string): ComebackError {
  return new ComebackError('usage', `The database URL ${what}.`, {
    hint:
      'It reads postgresql://user:password@host:port/database. Characters such as @ : / ? # % in the password must be ' +
      'percent-encoded, @ as %40.',
  })
}
