/** Statements as a report may show them: without literals, without comments, on one line. */

import type { SaidFields } from '../connection/said-fields.ts'
import { pieces, tokens } from '../schema/sql-lexer.ts'

/** Characters of a statement that are shown. */
const SHOWN_LIMIT = 400
/** Bytes that are looked at; whoever sends more in one statement sends data. */
const READ_LIMIT = 16 * 1024

const QUOTE = 0x22
const BACKSLASH = 0x5c
const DOLLAR = 0x24

/**
 * `INSERT INTO users VALUES (?, ?)`. A text that ends inside of a string, for it was cut or is no SQL, ends there. So does one whose
 * string may go on after its closing quote: with `standard_conforming_strings` off, a backslash takes that quote with it.
 */
export function withoutLiterals(sql: Buffer): string {
  const read = sql.subarray(0, READ_LIMIT)
  let text = ''
  let isCut = read.length < sql.length
  try {
    let isParameter = false
    for (const { type, start, end } of tokens(read)) {
      const raw = read.toString('utf8', start, end)
      if (type === 'space' || type === 'line-comment' || type === 'block-comment') text += ' '
      else if (type === 'number') text += isParameter && /^\d+$/.test(raw) ? raw : '?'
      else if (type !== 'string') text += raw
      else {
        text += read[start] === DOLLAR ? '$…$' : '?'
        if (read[end - 2] === BACKSLASH) {
          isCut = true
          break
        }
      }
      isParameter = type === 'mark' && raw === '$'
      if (text.length > READ_LIMIT) break
    }
  } catch {
    // The lexer ends where a string, a name or a comment does not: what follows may be anything.
    isCut = true
  }
  const line = text
    .replace(/\s+/g, ' ')
    .replace(/\?(\.\?)+/g, '?')
    .trim()
  if (line.length > SHOWN_LIMIT) return `${line.slice(0, SHOWN_LIMIT)}…`
  return isCut ? `${line}…` : line
}

/** The words by which a statement may name something, as the server knows them. */
export function identifiersOf(sql: Buffer): ReadonlySet<string> {
  const names = new Set<string>()
  let name = ''
  try {
    const read = sql.subarray(0, READ_LIMIT)
    for (const { type, start, end } of tokens(read)) {
      if (type === 'word') names.add(read.toString('utf8', start, end).toLowerCase())
      // To the lexer, a name with a quote in it is two of them side by side.
      if (type !== 'name') name = ''
      else {
        const goesOn = name !== '' && read[start - 1] === QUOTE
        if (goesOn) names.delete(name)
        name = (goesOn ? `${name}"` : '') + read.toString('utf8', start + 1, end - 1)
        names.add(name)
      }
      if (type === 'string' && read[end - 2] === BACKSLASH) break
    }
  } catch {
    // As above: the names before it are known.
  }
  return names
}

/** Of a text that is sent as one, the statements from one to another, as their numbers go. */
export function statementsOf(sql: Buffer, { first, last }: { readonly first: number; readonly last: number }): Buffer {
  const statements = statementsIn(sql)
  return sql.subarray(statements[first]?.start ?? sql.length, statements[last]?.end ?? sql.length)
}

/** The statement at which the error points, otherwise the one after those that are done. */
export function refusedStatement(sql: Buffer, done: number, fields: SaidFields): Buffer {
  const statements = statementsIn(sql)
  const { position, code } = fields
  const at = position === undefined ? undefined : byteAt(sql, Number(position) - 1)
  const place = at === undefined ? done : statements.findIndex(({ end }) => at <= end)
  const { start, end } = statements[place] ?? { start: 0, end: sql.length }
  // The server could not read on from here, so what stands here is no more known than that.
  return sql.subarray(start, code === '42601' ? (at ?? end) : end)
}

/** Each statement of a text, without literals and comments. */
export function statementTexts(sql: Buffer): readonly string[] {
  return statementsIn(sql).map(({ start, end }) => withoutLiterals(sql.subarray(start, end)))
}

/** Servers count characters. */
function byteAt(sql: Buffer, characters: number): number {
  return Buffer.byteLength([...sql.toString('utf8')].slice(0, characters).join(''))
}

/** Where the statements of a text stand that is sent as one; the last may not be whole. */
function statementsIn(sql: Buffer): readonly { readonly start: number; readonly end: number }[] {
  const found: { readonly start: number; readonly end: number }[] = []
  let next = 0
  try {
    for (const piece of pieces(sql)) {
      if (piece.type !== 'statement') continue
      found.push({ start: piece.start, end: piece.end })
      next = piece.next ?? sql.length
    }
  } catch {
    found.push({ start: next, end: sql.length })
  }
  return found
}
