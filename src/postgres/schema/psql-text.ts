/**
 * Text that psql reads as the server does. psql has a lexer of its own, and in what it takes for the outside of quotes a backslash
 * begins a command (`\! rm`, `\o file`), and `:NAME` becomes the value of one of its variables. pg_dump writes no such text by
 * itself, but it writes what a server says (a view's text, a default, a rule), and a server may say anything.
 *
 * The rules are those of psqlscan.l with standard_conforming_strings on, in all its versions; where versions end a quote at different
 * places, as no honest text makes them, the text is refused, for a command could stand between the two places.
 */
import { ComebackError } from '../../errors.ts'
import { type Token, tokens } from './sql-lexer.ts'

const BACKSLASH = 0x5c
const COLON = 0x3a
const APOSTROPHE = 0x27
const DOLLAR = 0x24
const SPACE = Buffer.from(' ')

/** psql's own variables are in capitals: `:DBNAME`, `:'HOST'`, `:"USER"`, `:{?ERROR}`. */
const VARIABLE = /^(?:['"]|\{\?)?[A-Z]/

/**
 * The text itself, but for a space behind each colon (that of `a[1:"N"]`) which psql would take for the beginning of a variable. Throws
 * `unsafe-archive` for a text in which it would see a command, or might; `damaged` if it ends inside a quote or a comment.
 */
export function asPsqlReads(text: Buffer): Buffer {
  if (text.includes(0)) throw misread('holds a NUL character, behind which psql does not see a line')
  const parts: Buffer[] = []
  let from = 0
  let colon = -1
  /** The end of a string with escapes, and nothing but space and comments since. */
  let escaped = false
  for (const token of tokens(text)) {
    const first = text[token.start]
    if (token.type === 'mark' && first === BACKSLASH)
      throw misread('holds a backslash outside of quotes, which psql takes for a command of its own')
    if (escaped && first === APOSTROPHE) throw misread(GOES_ON)
    if (isEscaped(text, token)) {
      if (firstPartEnd(text, token) < token.end) throw misread(GOES_ON)
      escaped = true
    } else if (!isBetween(token)) escaped = false
    if (token.type === 'number') checkNumber(text, token)
    if (colon === token.start && isTakenForVariable(text, token)) {
      parts.push(text.subarray(from, colon), SPACE)
      from = colon
    }
    // The second of `::` begins nothing.
    colon = token.type === 'mark' && first === COLON && colon !== token.start ? token.end : -1
  }
  return parts.length === 0 ? text : Buffer.concat([...parts, text.subarray(from)])
}

const GOES_ON =
  'holds a string with escapes that goes on after a space, which psql reads in another way than the server'

function isBetween({ type }: Token): boolean {
  return type === 'space' || type === 'line-comment' || type === 'block-comment'
}

function isEscaped(text: Buffer, { type, start }: Token): boolean {
  return type === 'string' && text[start] !== APOSTROPHE && text[start] !== DOLLAR
}

/** Where E'…' ends if it is not taken up again after white space: psql, which reads by the line, never does. */
function firstPartEnd(text: Buffer, { start, end }: Token): number {
  for (let at = start + 2; at < end; at++) {
    if (text[at] === BACKSLASH) at++
    else if (text[at] === APOSTROPHE) {
      if (text[at + 1] !== APOSTROPHE) return at + 1
      at++
    }
  }
  return end
}

/** `1$$` and `1E'` are two tokens in some versions, and begin no quote in others. */
function checkNumber(text: Buffer, { start, end }: Token): void {
  if (text.subarray(start, end).includes(DOLLAR) || text[end] === APOSTROPHE)
    throw misread('holds a number that runs into a quote, which not every psql reads alike')
}

/** Names of variables end before a dollar, and are found before `E'`. */
function isTakenForVariable(text: Buffer, token: Token): boolean {
  const beginning = text.toString('latin1', token.start, token.start + 3)
  return VARIABLE.test(beginning) || isEscaped(text, token) || text.subarray(token.start, token.end).includes(DOLLAR)
}

function misread(what: string): ComebackError {
  return new ComebackError('unsafe-archive', `The schema's SQL text ${what}.`, {
    hint: 'pg_dump writes none by itself: it comes from the server, in the text of a view, a rule, a default or a name. Find out who put it there.',
  })
}
