/**
 * A connection URL taken apart as libpq does it, and not as the URL standard has it: the host may be missing, a plus in a
 * parameter is a plus, the last of two parameters of one name counts. Where a password holds characters that should have been
 * encoded, what looks like another part may be of it: so no error repeats any.
 */
import { ComebackError } from '../../errors.ts'

/** Decoded; what is empty is absent. */
export interface UrlParts {
  readonly user: string | undefined
  readonly password: string | undefined
  /** IPv6 without brackets. */
  readonly host: string | undefined
  readonly port: string | undefined
  readonly database: string | undefined
  readonly parameters: ReadonlyMap<string, string>
  /** Whether the names of parameters are surely no part of a password. */
  readonly isClear: boolean
}

const FORM = /^(postgres(?:ql)?:\/\/)(?:([^/?#]*)@)?([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/i
const HOST = /^(\[[^\]]*\]|[^:[\]\s<>^|\\]*)(?::(\d*))?$/

export function urlParts(text: string): UrlParts {
  const { userinfo, address, path, query } = split(text)
  const place = HOST.exec(address)
  if (place === null) throw malformed(/^[^@[\]]*,/.test(address) ? SEVERAL : 'cannot be read')
  const [, host = '', port] = place
  const [user = '', ...password] = userinfo.split(':')
  return {
    user: decoded(user),
    password: decoded(password.join(':')),
    host: hostOf(host),
    port: port || undefined,
    database: decoded(path),
    parameters: new Map(
      query
        .split('&')
        .filter(pair => pair !== '')
        .map(pair => [nameOf(pair), decoded(pair.slice(rawName(pair).length + 1)) ?? '']),
    ),
    isClear: !query.includes('@'),
  }
}

/** The same URL for another database; `user` where the URL names none, and the database's name would be taken for it. */
export function withDatabase(text: string, database: string, user: string | undefined): string {
  const { head, query } = split(text)
  const pairs = query.split('&').filter(pair => pair !== '' && nameOf(pair) !== 'dbname')
  if (user !== undefined) pairs.push(`user=${encodeURIComponent(user)}`)
  return `${head}/${encodeURIComponent(database)}${pairs.length === 0 ? '' : `?${pairs.join('&')}`}`
}

export const SEVERAL = 'names several hosts; name one'

const FORM_HINT =
  'It reads postgresql://user:password@host:port/database. Characters such as @ : / ? # % in the password must be ' +
  'percent-encoded, @ as %40.'

export function malformed(what: string, hint = FORM_HINT): ComebackError {
  return new ComebackError('usage', `The database URL ${what}.`, { hint })
}

function split(text: string) {
  // Line breaks come with secrets that were pasted.
  const line = text.trim().replace(/[\t\r\n]/g, '')
  if (/^\w+ *=/.test(line)) throw malformed('is a list of keywords and values, not a URL')
  if (!/^postgres(ql)?:\/\//i.test(line)) throw malformed('does not begin with postgresql://')
  if (line.includes('#')) throw malformed('holds a bare #')
  const parts = FORM.exec(line)
  if (parts === null) throw malformed('cannot be read')
  const [, scheme = '', userinfo, address = '', path = '', query = ''] = parts
  const head = `${scheme}${userinfo === undefined ? '' : `${userinfo}@`}${address}`
  return { head, userinfo: userinfo ?? '', address, path, query }
}

function rawName(pair: string): string {
  const end = pair.indexOf('=')
  if (end < 0) throw malformed('holds a parameter without a value')
  return pair.slice(0, end)
}

function nameOf(pair: string): string {
  return decoded(rawName(pair)) ?? ''
}

/** One spelling for each IPv6 address. */
function hostOf(text: string): string | undefined {
  if (!text.startsWith('[')) return decoded(text)
  const url = `postgresql://${text}`
  return decoded(URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : text.slice(1, -1))
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text) || undefined
  } catch {
    // The cause is dropped on purpose: it may quote what it could not decode.
    throw malformed('holds a % that is not part of a percent-encoded character')
  }
}
