/**
 * Other people's text in Markdown. Names of tables and files, and messages of servers, must come out as they are: not as
 * markup, not as a new cell or line of a table, not as a link, and without calling anybody. Entities do for all that
 * Markdown and HTML understand. GitHub looks for mentions and issue numbers in the finished page, where entities are gone:
 * there a space of no width stands between.
 */
import { fitted, onOneLine, printable } from './printable.ts'

/** Characters that are shown of one message, and of one name: a summary has 1 MiB in all. */
const MESSAGE = 1_000
const NAME = 300
const BREAK = '\u200b'

/** Text in a sentence or a cell; line breaks become `<br>`. Never to be put at the beginning of a line. */
export function prose(text: string): string {
  const shown = printable(cut(text.trim(), MESSAGE)).replaceAll('\t', ' ')
  return entities(shown)
    .replace(/(&#64;|&#35;(?=\d)|GH-(?=\d))/gi, `$1${BREAK}`)
    .replace(/\s*\n\s*/g, '<br>')
}

/** A name, an id, a place: in the type of code, in which GitHub looks for nothing. */
export function code(text: string): string {
  return `<code>${entities(onOneLine(cut(text, NAME)))}</code>`
}

/** A block of code that ends where it is meant to. */
export function fenced(
  language: 'sh' | 'mermaid' | 'sql' | 'diff' | 'text',
  lines: readonly string[],
): readonly string[] {
  const body = lines.map(onOneLineKeepingSpaces)
  const longest = Math.max(2, ...body.flatMap(line => [...line.matchAll(/`+/g)].map(([run]) => run.length)))
  const fence = '`'.repeat(longest + 1)
  return [`${fence}${language}`, ...body, fence]
}

/** A word for a shell, quoted where it must be. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./~-]+$/.test(text) ? text : `'${onOneLine(text).replaceAll("'", `'\\''`)}'`
}

/** All but letters, digits, spaces and the few signs that mean nothing inside of a line. */
function entities(text: string): string {
  return text
    .replace(/[!-~]/g, sign => (/[A-Za-z0-9.,;%/'"=+?-]/.test(sign) ? sign : `&#${sign.charCodeAt(0)};`))
    .replace(/(www)\./gi, '$1&#46;')
}

function cut(text: string, limit: number): string {
  // What has no width counts as nothing there, so there is a bound in characters, too.
  return text.length <= limit ? text : fitted(text.slice(0, 2 * limit).toWellFormed(), limit)
}

function onOneLineKeepingSpaces(line: string): string {
  return printable(line.replaceAll('\n', ' '))
}
