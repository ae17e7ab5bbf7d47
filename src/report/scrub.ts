/**
 * Keeps secrets out of everything that is shown or logged. Messages of libraries and servers quote what they were given, so
 * it isn't enough not to print a secret: whatever leaves the program goes through here.
 */

export type Scrub = (text: string) => string

const MASK = '***'
/** Characters. Masking a shorter one on its own would only riddle every text with stars; its URL is masked all the same. */
const SHORTEST = 4
/** The password in any URL, even of one that nobody named as a secret. */
const CREDENTIALS = /(?<=\b[a-z][a-z0-9+.-]*:\/\/[^\s/@:]*:)\S+(?=@)/gi
const SECRET_PARAMETERS = ['password', 'sslpassword']
/** Fields of a report that hold one of a few words of ours, which scripts compare. */
const CLOSED_FIELDS = new Set(['command', 'component', 'status', 'severity', 'code', 'verdict', 'kind', 'result'])

/** Masks each secret as it is, percent-encoded and as JSON writes it; where secrets overlap, all that they cover. */
export function scrubber(secrets: Iterable<string>): Scrub {
  const needles = new Set([...secrets].flatMap(spellings).filter(text => text.length >= SHORTEST))
  return text => masked(text, covered(text, needles)).replace(CREDENTIALS, MASK)
}

/** What must not show of a database URL: all of it, and the password alone, as written and decoded. */
export function secretsOfUrl(url: string): readonly string[] {
  // A password that somebody forgot to encode may hold `/`, `?`, `#` or `@`: so it is looked for up to the last `@`, too.
  const userinfos = [/^[^:/?#]+:\/\/([^/?#@]*)@/, /^[^:/?#]+:\/\/(.*)@/s].map(form => form.exec(url)?.[1] ?? '')
  const passwords = userinfos.map(userinfo => /:(.*)$/s.exec(userinfo)?.[1] ?? '')
  const parameters = [...url.matchAll(/[?&]([^=&#]+)=([^&#]*)/g)]
    .filter(([, name = '']) => SECRET_PARAMETERS.includes(name.toLowerCase()))
    .map(([, , value = '']) => value)
  const parts = [...passwords, ...parameters].filter(part => part !== '')
  // A URL without a password is no secret, and its host helps to understand a message.
  return parts.length === 0 ? [] : [url, ...parts, ...parts.map(decoded)]
}

/** A secret as it is, percent-encoded in the usual ways and as JSON writes it. */
export function spellings(secret: string): readonly string[] {
  const text = secret.trim()
  const encoded = encodeURIComponent(text.toWellFormed())
  const lowerCase = encoded.replace(/%[0-9A-F]{2}/g, code => code.toLowerCase())
  // `URL` leaves some characters alone that encodeURIComponent encodes.
  return [text, encoded, lowerCase, encodeURI(text.toWellFormed()), JSON.stringify(text).slice(1, -1)]
}

/** The same value with every string in it scrubbed. */
export function scrubbed<Value>(value: Value, scrub: Scrub): Value {
  return deep(value, scrub) as Value
}

function deep(value: unknown, scrub: Scrub): unknown {
  if (typeof value === 'string') return scrub(value)
  if (Array.isArray(value)) return value.map(item => deep(item, scrub))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [name, CLOSED_FIELDS.has(name) ? field : deep(field, scrub)]),
  )
}

export function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // A stray `%`: then it was never encoded.
    return text
  }
}

type Span = readonly [from: number, to: number]

function covered(text: string, needles: ReadonlySet<string>): readonly Span[] {
  const spans: Span[] = []
  for (const needle of needles) {
    for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + 1)) spans.push([at, at + needle.length])
  }
  return spans.sort(([left], [right]) => left - right)
}

function masked(text: string, spans: readonly Span[]): string {
  let result = ''
  let done = 0
  for (const [from, to] of spans) {
    if (from >= done) result += `${text.slice(done, from)}${MASK}`
    done = Math.max(done, to)
  }
  return result + text.slice(done)
}
