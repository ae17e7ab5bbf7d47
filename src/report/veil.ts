/**
 * Keeps names of tables, roles and hosts out of places that more people read than the log: job summaries, annotations, comments.
 * Names are no secrets, so what does the hiding may miss one that nobody told of; values that open something go through `scrub.ts`.
 */
import { decoded } from './scrub.ts'

export interface Veil {
  learn(names: Iterable<string>): void
  /** Host, database and role of it. Anything else is not looked at. */
  learnUrl(url: string): void
  cover(text: string): string
  /** A report with its free text covered, but not the words of ours by which it is told. */
  covered<Value>(value: Value): Value
  /** Whether anything was covered so far. */
  readonly used: boolean
}

const COVER = '‹name›'
/** A name as SQL has it, or a word of ours, but not of an option, which is what to do. */
const WORD = /(?<!--(?:[a-z]+-)*)[\p{L}\p{N}_$]+/gu
const IS_WORD = /^[\p{L}\p{N}_$]+$/u
/** `schema.name`, quoted or not, after the type of an entry, as pg_dump writes it: whatever it is called. */
const ENTRY =
  /(?<=\b(?:TABLE|VIEW|SEQUENCE|CONSTRAINT|INDEX|TRIGGER|FUNCTION|POLICY|ROLE|SCHEMA|TYPE|RULE) )(?:[\w$]+|"[^"]*")\.(?:[\w$]+|"[^"]*")/g
/** They say nothing of anybody, and every text of ours is full of them. */
const ORDINARY = new Set(
  'public postgres template0 template1 plpgsql localhost 127.0.0.1 ::1 database databases files config backup backups table tables row rows schema role roles name names id key keys type value index view time date data size new now not and the of in on to is it by for with from as a an that this was were no one all'.split(
    ' ',
  ),
)
/** Fields of reports that hold sentences, places and names. */
const TOLD = new Set(
  'message hint detail summary place database user chosen kept what names examples entry entries reason subject later madeFrom refusal unmade holds losses problems findings error'.split(
    ' ',
  ),
)
/** Fields in those that are words of ours. */
const OURS = new Set(['code', 'severity', 'outcome', 'sqlState', 'kind', 'mode', 'way', 'name', 'component'])

export function createVeil(): Veil {
  const words = new Set<string>()
  /** Those with other signs in them are looked for as they are. */
  const others = new Set<string>()
  let used = false
  const hide = () => {
    used = true
    return COVER
  }
  const learn = (names: Iterable<string>) => {
    for (const name of names) {
      // Signs alone tell nothing, and are everywhere.
      if (!/[\p{L}\p{N}]/u.test(name) || ORDINARY.has(name.toLowerCase())) continue
      if (IS_WORD.test(name)) words.add(name)
      else others.add(name)
    }
  }
  const cover = (text: string) => {
    let rest = text
    for (const name of [...others].sort((a, b) => b.length - a.length)) rest = rest.replaceAll(name, hide)
    return rest.replace(ENTRY, hide).replace(WORD, word => (words.has(word) ? hide() : word))
  }
  const deep = (value: unknown, told: boolean): unknown => {
    if (typeof value === 'string') return told ? cover(value) : value
    if (Array.isArray(value)) return value.map(item => deep(item, told))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([name, field]) => [name, deep(field, TOLD.has(name) || (told && !OURS.has(name)))]),
    )
  }
  return {
    learn,
    learnUrl(url) {
      const parsed = URL.parse(url)
      // Whatever wants to connect by it says what is wrong with it.
      if (parsed === null) return
      const { hostname, username, pathname, searchParams } = parsed
      learn([hostname.replace(/^\[|\]$/g, ''), decoded(username), decoded(pathname.slice(1))])
      for (const name of ['host', 'hostaddr', 'user', 'dbname']) learn(searchParams.getAll(name))
    },
    cover,
    covered: <Value>(value: Value) => deep(value, false) as Value,
    get used() {
      return used
    },
  }
}
