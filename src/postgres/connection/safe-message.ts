/**
 * What a server said, with whatever may come from the data taken out: reports are read by many. In a message a quoted word
 * stays only if it is a name that the error's own fields, or the statement, know as one; so does no text behind a colon, where
 * servers quote what they could not read. Of detail, hint and context only what is known to hold no value stays.
 *
 * Servers do not double the quotes inside of what they quote, so where a quoted text ends is a guess. The guess counts only if
 * everything between the quotes reads as the server's own English.
 */
import pg from 'pg'
import { type SaidFields, saidBy } from './said-fields.ts'

/** Classes of PostgreSQL's own errors; any other is raised by people's own functions. */
const KNOWN_CLASS = /^(0[0-9A-Z]|2[0-9A-Z]|3[0-79A-Z]|4[024]|5[3-8]|72|F0|HV|XX)/
/** Functions of the server that pass on a text of somebody else's: PL/pgSQL's RAISE, other languages, foreign servers. */
const PASSING_ON =
  /^(exec_stmt_raise|PLy_|plperl|do_util_elog|pltcl|throw_tcl_error|pllua|plv8|pgfdw_report|dblink_res_error)/
/** A value could not be read, or a statement: what is quoted then is no name, whatever it looks like. (22023 is about a setting.) */
const QUOTES_VALUES = /^(22(?!023)|42601$)/
/** What may follow a colon: types and operators, or the words of the operating system. */
const SAFE_REST =
  /^(: "[^"]*"|: (No such file or directory|Permission denied|No space left on device|Input\/output error|Too many open files|File exists|Connection (refused|timed out)))$/
const OPERATOR = /^operator (?:does not exist|is not unique|is only a shell): [\w.$ ]*[-+*/<>=~!@#%^&|`?]+ [\w.$[\] ]+$/
/** What the server says of a key, but for the key's values. */
const KEY =
  /^(Key \(.*?\))=\(.*\)( (?:is duplicated|already exists|is not present in table "[^"]*"|is still referenced from table "[^"]*")\.|)/s
/** Of objects, not of rows: privileges, dependencies, types that don't fit. */
const ABOUT_OBJECTS = /^(0A|2B|42|55)/
/** Classes whose messages name objects without quotes, too. */
const NAMES_OBJECTS = /^(0A|2B|3D|3F|42|55)/
/** A function put a statement together, from rows perhaps: what the server says of it may be anybody's. */
const DYNAMIC = /\bat (EXECUTE|RETURN QUERY|OPEN|FOR over EXECUTE)|\bPL\/(?!pgSQL)|\bpl(v8|perl|python|tcl|lua)/i
/** Lines of the context that name a place. What follows a colon is what stood there. */
const PLACES = [
  /^(COPY [^\n:"]+?, line \d+(?:, column [^\n:"]+)?)(?::.*)?$/,
  /^(PL\/pgSQL function (?:[\w$.]+|"[^"]+")\([^")]*\)(?: line \d+)? (?:at|during) [\w ()]+)$/,
  /^(PL\/pgSQL function inline_code_block line \d+ at [\w ()]+)$/,
  /^(SQL function "[^"]+" (?:statement \d+|during \w+))$/,
]
/** With these words servers join quoted names. */
const JOINING =
  /^(?:(?:a|already|altered|an|and|are|as|at|automatically|be|because|but|by|cannot|cast|check|column|columns|constraint|contains|data|database|default|depends|does|dropped|end|error|exist|exists|expression|for|foreign|from|function|has|have|implement|implemented|in|index|inherits|invalid|is|key|match|matching|materialized|missing|must|named|near|no|not|null|of|on|or|other|owner|partition|policy|primary|references|referenced|relation|requires|role|row|rows|schema|sequence|still|syntax|table|that|the|there|to|trigger|type|unique|update|values|view|violates|which|with)(?: |$))*$/
const WITHHELD = 'a message of the database’s own making, withheld'

/** `names`: words that the statement uses as identifiers. */
export function safeMessage(fields: SaidFields, names: ReadonlySet<string> = new Set()): string {
  const { code = '', message, schema, table, column, dataType, constraint, where = '', ...inner } = saidBy(fields)
  if (!isOfTheServer(fields)) return WITHHELD
  const isDynamic = DYNAMIC.test(where)
  if (code === '42883' && !isDynamic && OPERATOR.test(message)) return message
  const own = [schema, table, column, dataType, constraint].filter(name => name !== undefined)
  // A statement that stands in a function as it is was written by whoever made the function.
  const written = isDynamic || inner.internalPosition === undefined ? [] : wordsOf(inner.internalQuery ?? '')
  const known = new Set([...own, ...(QUOTES_VALUES.test(code) ? [] : [...names, ...written])])
  const parts = withoutUnknown(message.split('"'), known)
  const plain = (part: string) =>
    withoutValues(isDynamic && NAMES_OBJECTS.test(code) ? withoutNames(part, known) : part)
  const said = parts.map((part, place) => (isQuoted(place) ? `"${part}"` : plain(part)))
  // None of the server's messages is anything but ASCII in English; in other languages it quotes by other signs.
  if (said.some((part, place) => !isQuoted(place) && !/^[\x20-\x7e\u2026]*$/.test(part))) return WITHHELD
  return said.join('').replace(/:(?!:)\s.*$/s, rest => (SAFE_REST.test(rest) ? rest : ': …'))
}

/** Whatever a text may name: its words, and what it has in quotes. */
export function wordsOf(text: string): ReadonlySet<string> {
  const quoted = [...text.matchAll(/"((?:[^"]|"")*)"/g)].map(([, name = '']) => name.replaceAll('""', '"'))
  return new Set([...quoted, ...(text.match(/[\p{L}_][\p{L}\p{N}_$]*/gu) ?? [])])
}

/** `Key (email) is duplicated.`, and what the server says of objects if all its names are known. */
export function safeDetail(fields: SaidFields, names?: ReadonlySet<string>): string | undefined {
  const { code = '', detail } = saidBy(fields)
  if (detail === undefined || !isOfTheServer(fields)) return undefined
  const key = /^23(503|505|P01)$/.test(code) ? KEY.exec(detail) : null
  if (key !== null) return `${key[1]}${key[2] || '.'}`
  // Names of what depends on an object come from the catalogue, and are many.
  if (code === '2BP01') return detail
  return ABOUT_OBJECTS.test(code) ? wholly(safeMessage({ ...saidBy(fields), message: detail }, names)) : undefined
}

export function safeHint(fields: SaidFields, names?: ReadonlySet<string>): string | undefined {
  const said = saidBy(fields)
  if (said.hint === undefined || !isOfTheServer(said)) return undefined
  return wholly(safeMessage({ ...said, message: said.hint }, names))
}

/** Where it happened: `COPY users, line 7, column email`, and the functions that ran. */
export function safePlace(fields: SaidFields): string | undefined {
  const known = (saidBy(fields).where ?? '')
    .split('\n')
    .flatMap(line => PLACES.flatMap(place => place.exec(line)?.[1] ?? []))
  return known.length === 0 ? undefined : known.join(', in ')
}

/** Whether the server itself speaks, and not a function of somebody's. */
export function isOfTheServer({ code = '', routine = '' }: SaidFields): boolean {
  return KNOWN_CLASS.test(code) && !PASSING_ON.test(routine)
}

function wholly(text: string): string | undefined {
  return text.includes('…') || text === WITHHELD ? undefined : text
}

/** Words in quotes that a message has, for which the catalogue may be asked. */
export function quotedWords(fields: SaidFields): readonly string[] {
  const words = saidBy(fields)
    .message.split('"')
    .filter((_, place) => isQuoted(place))
  return [...new Set([...words, ...words.flatMap(word => word.split('.'))])]
}

/** The error of the server somewhere in the causes of another one. */
export function databaseErrorIn(error: unknown): pg.DatabaseError | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof pg.DatabaseError) return cause
  return undefined
}

/**
 * What stood between the quotes, at odd places, and around them. From the first that is not known, or from the last before
 * words that are not the server's, all goes up to the last quote.
 */
function withoutUnknown(parts: readonly string[], known: ReadonlySet<string>): readonly string[] {
  const last = parts.length - 1
  const keeps = (word: string) => known.has(word) || word.split('.').every(part => known.has(part))
  const strange = parts.findIndex((part, place) =>
    isQuoted(place) ? !keeps(part) : place > 0 && place < last && !JOINING.test(joined(part)),
  )
  const isBalanced = last % 2 === 0
  if (strange < 0 && isBalanced) return parts
  const from = !isBalanced ? 1 : isQuoted(strange) ? strange : strange - 1
  return [...parts.slice(0, from), '…', parts[last] ?? '']
}

function isQuoted(place: number): boolean {
  return place % 2 === 1
}

function joined(text: string): string {
  return text
    .replace(/[,.;()]/g, ' ')
    .trim()
    .replace(/ +/g, ' ')
}

/** Only words that join names, and names that are known. */
function withoutNames(text: string, known: ReadonlySet<string>): string {
  return text
    .replace(/[\w$]+/g, word => (known.has(word) || JOINING.test(word.toLowerCase()) ? word : '…'))
    .replace(/…([ .]…)+/g, '…')
}

/** The server's own words may hold a value without quotes, too: a number, or something between apostrophes. */
function withoutValues(text: string): string {
  return text.replace(/(?<!\w)'.*'/s, "'…'").replace(/[-+]?(?<!\w)\d[\w.,:+-]*/g, '…')
}
