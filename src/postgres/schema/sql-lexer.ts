/**
 * The lexical rules of PostgreSQL's SQL (with standard_conforming_strings on), as far as they tell where a statement ends:
 * strings, quoted names, dollar quotes, comments, parentheses, and `BEGIN ATOMIC … END` bodies. It works on UTF-8 bytes,
 * in which no part of a longer character looks like one of the ASCII characters that matter here.
 */
import { ComebackError } from '../../errors.ts'

/** What stands at the top level of a script, spaces left out. `end` is exclusive. */
export interface Piece {
  /** A statement has neither its semicolon nor the comments around it; a `command` is psql's, a backslash and its line. */
  readonly type: 'statement' | 'line-comment' | 'block-comment' | 'command'
  readonly start: number
  readonly end: number
  /** Of a statement: what follows its semicolon. Absent if the text ends before one. */
  readonly next?: number
}

export interface Token {
  readonly type: 'space' | 'line-comment' | 'block-comment' | 'command' | 'string' | 'name' | 'word' | 'number' | 'mark'
  readonly start: number
  readonly end: number
}

const TAB = 0x09
const NEWLINE = 0x0a
const RETURN = 0x0d
const SPACE = 0x20
const QUOTE = 0x22
const DOLLAR = 0x24
const APOSTROPHE = 0x27
const OPEN = 0x28
const CLOSE = 0x29
const STAR = 0x2a
const DASH = 0x2d
const SLASH = 0x2f
const SEMICOLON = 0x3b
const BACKSLASH = 0x5c

/** `CREATE OR REPLACE FUNCTION` */
const FIRST_WORDS = 4
/** No word that matters is longer than `procedure`. */
const LONGEST_WORD = 9

/**
 * The pieces in order. What follows the last semicolon is a statement if it is more than space and comments. Throws
 * `damaged` if the text ends inside a string, a name or a comment.
 */
export function* pieces(sql: Buffer): Generator<Piece> {
  const state = new StatementState()
  let start = -1
  let end = -1
  for (let position = 0; position < sql.length; ) {
    const token = tokenAt(sql, position, state.empty)
    position = token.end
    if (token.type === 'space') continue
    if (token.type === 'line-comment' || token.type === 'block-comment' || token.type === 'command') {
      if (state.empty) yield { type: token.type, start: token.start, end: token.end }
      continue
    }
    state.take(sql, token)
    if (!state.empty) {
      if (start < 0) start = token.start
      end = token.end
    } else if (start >= 0) {
      yield { type: 'statement', start, end, next: position }
      start = -1
    }
  }
  if (start >= 0) yield { type: 'statement', start, end }
}

/** The statements alone. */
export function splitStatements(sql: Buffer): Piece[] {
  return [...pieces(sql)].filter(({ type }) => type === 'statement')
}

/** All that the text is made of, in order and without gaps. Throws `damaged` as `pieces` does, where the last token begins. */
export function* tokens(sql: Buffer): Generator<Token> {
  for (let position = 0; position < sql.length; ) {
    const token = tokenAt(sql, position, false)
    yield token
    position = token.end
  }
}

/** Where in a statement the text is. Empty before its first token and after its semicolon. */
class StatementState {
  #parentheses = 0
  /** An open `BEGIN ATOMIC` and, inside it, `CASE`s: all are closed by `END`. */
  #blocks = 0
  /** The first words, in lower case: only a statement that creates a routine can hold a body. */
  #words: string[] = []
  #lastWord = ''
  empty = true

  take(sql: Buffer, token: Token): void {
    const byte = sql[token.start]
    if (byte === SEMICOLON && token.type === 'mark' && this.#parentheses === 0 && this.#blocks === 0) {
      this.#reset()
      return
    }
    this.empty = false
    if (token.type === 'word') {
      this.#word(sql, token)
      return
    }
    this.#lastWord = ''
    if (token.type !== 'mark') return
    if (byte === OPEN) this.#parentheses++
    if (byte === CLOSE && this.#parentheses > 0) this.#parentheses--
  }

  #word(sql: Buffer, token: Token): void {
    if (this.#words.length === FIRST_WORDS && !this.#createsRoutine()) return
    const word =
      token.end - token.start > LONGEST_WORD ? '' : sql.toString('latin1', token.start, token.end).toLowerCase()
    if (this.#words.length < FIRST_WORDS) this.#words.push(word)
    if (this.#blocks === 0) {
      if (word === 'atomic' && this.#lastWord === 'begin' && this.#createsRoutine()) this.#blocks = 1
    } else if (word === 'case') this.#blocks++
    else if (word === 'end') this.#blocks--
    this.#lastWord = word
  }

  #createsRoutine(): boolean {
    const [first, second, third, fourth] = this.#words
    const what = second === 'or' && third === 'replace' ? fourth : second
    return first === 'create' && (what === 'function' || what === 'procedure')
  }

  #reset(): void {
    this.#parentheses = 0
    this.#blocks = 0
    this.#words = []
    this.#lastWord = ''
    this.empty = true
  }
}

function tokenAt(sql: Buffer, start: number, atStatement: boolean): Token {
  const byte = sql[start] ?? 0
  const next = sql[start + 1]
  const token = (type: Token['type'], end: number): Token => ({ type, start, end })
  if (isSpace(byte)) return token('space', skip(sql, start, isSpace))
  if (byte === DASH && next === DASH) return token('line-comment', lineEnd(sql, start))
  if (byte === SLASH && next === STAR) return token('block-comment', blockCommentEnd(sql, start))
  if (byte === APOSTROPHE) return token('string', quotedEnd(sql, start, APOSTROPHE))
  if (byte === QUOTE) return token('name', quotedEnd(sql, start, QUOTE))
  if ((byte === 0x45 || byte === 0x65) && next === APOSTROPHE) return token('string', escapedEnd(sql, start + 1))
  if (byte === DOLLAR) {
    const end = dollarQuotedEnd(sql, start)
    return end === undefined ? token('mark', start + 1) : token('string', end)
  }
  if (byte === BACKSLASH && atStatement) return token('command', lineEnd(sql, start))
  if (isDigit(byte)) return token('number', skip(sql, start, isWordPart))
  if (isWordStart(byte)) return token('word', skip(sql, start, isWordPart))
  return token('mark', start + 1)
}

/** `''` or `""` inside stands for the quote itself, and reads just as well as two strings side by side: only the end matters. */
function quotedEnd(sql: Buffer, start: number, quote: number): number {
  const end = sql.indexOf(quote, start + 1)
  if (end < 0) throw unterminated(quote === QUOTE ? 'a quoted name' : 'a string')
  return end + 1
}

/** E'…': a backslash takes the next character with it. `start` is the quote; `''` may split it, but not out of its escapes. */
function escapedEnd(sql: Buffer, start: number): number {
  for (let position = start + 1; position < sql.length; position++) {
    if (sql[position] === BACKSLASH) position++
    else if (sql[position] === APOSTROPHE) {
      const further = continuation(sql, position + 1)
      if (further === undefined) return position + 1
      position = further
    }
  }
  throw unterminated('a string')
}

/** Strings go on after a quote at once, or after white space with a line break in it. Returns the quote that goes on. */
function continuation(sql: Buffer, position: number): number | undefined {
  if (sql[position] === APOSTROPHE) return position
  const end = skip(sql, position, isSpace)
  return sql[end] === APOSTROPHE && sql.subarray(position, end).includes(NEWLINE) ? end : undefined
}

function dollarQuotedEnd(sql: Buffer, start: number): number | undefined {
  let tagEnd = start + 1
  if (!isDigit(sql[tagEnd] ?? 0)) tagEnd = skip(sql, tagEnd, byte => byte !== DOLLAR && isWordPart(byte))
  if (sql[tagEnd] !== DOLLAR) return undefined
  const tag = sql.subarray(start, tagEnd + 1)
  const end = sql.indexOf(tag, tagEnd + 1)
  if (end < 0) throw unterminated('a dollar-quoted string')
  return end + tag.length
}

function blockCommentEnd(sql: Buffer, start: number): number {
  let depth = 0
  for (let position = start; position < sql.length; position++) {
    if (sql[position] === SLASH && sql[position + 1] === STAR) {
      depth++
      position++
    } else if (sql[position] === STAR && sql[position + 1] === SLASH) {
      depth--
      position++
      if (depth === 0) return position + 1
    }
  }
  throw unterminated('a comment')
}

/** Of a comment or a command. A carriage return ends it, too, as in psql and in the server; the line break is not part of it. */
function lineEnd(sql: Buffer, start: number): number {
  return skip(sql, start, byte => byte !== NEWLINE && byte !== RETURN)
}

function skip(sql: Buffer, start: number, is: (byte: number) => boolean): number {
  let position = start
  while (position < sql.length && is(sql[position] ?? 0)) position++
  return position
}

function isSpace(byte: number): boolean {
  return byte === SPACE || (byte >= TAB && byte <= RETURN)
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

function isWordStart(byte: number): boolean {
  return (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x41 && byte <= 0x5a) || byte === 0x5f || byte >= 0x80
}

function isWordPart(byte: number): boolean {
  return isWordStart(byte) || isDigit(byte) || byte === DOLLAR
}

function unterminated(what: string): ComebackError {
  return new ComebackError('damaged', `The schema's SQL text ends inside ${what}.`)
}
