/**
 * A database URL as libpq reads it: where the server is, who asks, and how much TLS is wanted. Parsed here and not by pg,
 * whose own parser reads files, warns on stderr about `sslmode=require` and gives it another meaning than libpq does.
 *
 * The URL holds the password, so no error of this file repeats any part of it.
 */
import { isIP } from 'node:net'
import { userInfo } from 'node:os'
import { refuseParameters } from './url-parameters.ts'
import { malformed, SEVERAL, urlParts, withDatabase } from './url-parts.ts'

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
  /** Of the key. */
  readonly sslPassword: string | undefined
  readonly channelBinding: boolean
  /** Command-line options for the backend, such as Neon's `endpoint=…`. */
  readonly options: string | undefined
  readonly applicationName: string | undefined
  /** Prisma's mark for a transaction pooler. */
  readonly pgbouncer: boolean
}

/** Throws `usage` on anything that is not one server's URL. Parameters that only other programs know are ignored. */
export function parseDatabaseUrl(text: string): ConnectionTarget {
  const parts = urlParts(text)
  refuseParameters(parts)
  const parameter = (name: string) => parts.parameters.get(name) || undefined
  const user = parameter('user') ?? parts.user ?? userInfo().username
  const sslMode = sslModeOf(parameter('sslmode'), parameter('ssl'), parameter('sslnegotiation'))
  return {
    host: hostOf(parameter('host') ?? parts.host, parameter('hostaddr')),
    port: portOf(parameter('port') ?? parts.port ?? ''),
    database: parameter('dbname') ?? parts.database ?? user,
    user,
    password: parameter('password') ?? parts.password,
    sslMode: sslMode ?? 'prefer',
    sslModeGiven: sslMode !== undefined,
    sslRootCert: parameter('sslrootcert'),
    sslCert: parameter('sslcert'),
    sslKey: parameter('sslkey'),
    sslPassword: parameter('sslpassword'),
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
  const { user, parameters } = urlParts(text)
  // Who asks is the database's name where the URL names nobody, and must not change with it.
  const isNamed = user !== undefined || parameters.get('user')
  return withDatabase(text, database, isNamed ? undefined : parseDatabaseUrl(text).user)
}

/** Names the database for good: the same whoever connects and by whichever parameters. Host names have no case, databases do. */
export function identityOf(url: string): string {
  const target = parseDatabaseUrl(url)
  return describeTarget({ ...target, host: isSocket(target) ? target.host : target.host.toLowerCase() })
}

export function isSocket(target: ConnectionTarget): boolean {
  return target.host.startsWith('/')
}

/** Of a name and its address, libpq takes both: one to connect, one to check. */
function hostOf(host: string | undefined, address: string | undefined): string {
  if (host?.includes(',') || address?.includes(',')) throw malformed(SEVERAL)
  if (address === undefined) return host ?? 'localhost'
  if (isIP(address) === 0) throw malformed('holds a hostaddr that is no address')
  if (host !== undefined && host !== address) throw malformed('names both host and hostaddr; name one')
  return address
}

function portOf(text: string): number {
  if (text === '') return DEFAULT_PORT
  if (text.includes(',')) throw malformed(SEVERAL)
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
