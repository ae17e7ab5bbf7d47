/**
 * What the server said, as a `ComebackError`: one place that knows SQLSTATE codes, and that no row of anybody's gets through.
 * Messages end in logs, annotations and issues, so names are told and values are not.
 */
import pg from 'pg'
import { ComebackError, type ErrorCode } from '../../errors.ts'
import { safeDetail, safeHint, safeMessage, safePlace, wordsOf } from './safe-message.ts'
import { type SaidFields, saidBy } from './said-fields.ts'

/** Characters of each part of what the server said that a message repeats. */
const PART_LIMIT = 300
const WITHHELD_HINT = 'What is left out here might be from rows: the server’s own log has all of it.'

/**
 * `what` says what was attempted on which object and begins the message: `Reading public.users` gives "Reading public.users
 * failed: …". A `ComebackError` passes through; anything that is no server's error becomes `connection` if a socket failed
 * and `failed` otherwise. `statement`: the one that was refused, if it holds no rows; what it names may be told.
 */
export function serverError(error: unknown, what: string, statement = ''): ComebackError {
  if (error instanceof ComebackError) return error
  if (error instanceof pg.DatabaseError) return fromFields(error, what, error, statement)
  const message = error instanceof Error ? error.message : String(error)
  if (isConnectionLoss(error)) {
    return new ComebackError('connection', `${what} failed: the connection to the server was lost (${message}).`, {
      cause: error,
    })
  }
  return new ComebackError('failed', `${what} failed: ${message}`, { cause: error })
}

export function fromFields(fields: SaidFields, what: string, cause?: unknown, statement = ''): ComebackError {
  const said = saidBy(fields)
  const names = wordsOf(`${what} ${statement}`)
  const message = isOfStatement(said, statement) ? said.message : safeMessage(said, names)
  const detail = safeDetail(said, names)
  const place = safePlace(said)
  const text = [
    `${what} failed: ${trim(message)}`,
    detail === undefined ? '' : ` (${trim(detail)})`,
    place === undefined ? '' : `, at ${trim(place)}`,
    said.code === undefined ? '' : ` [${said.code}]`,
  ].join('')
  const isCut = message !== said.message || (detail === undefined && said.detail !== undefined)
  return new ComebackError(codeFor(said.code), text, {
    hint: hintFor(said.code) ?? safeHint(said, names) ?? (isCut ? WITHHELD_HINT : undefined),
    ...(cause === undefined ? {} : { cause }),
  })
}

/** What the server could not parse stands in the statement itself, and that holds no rows. */
function isOfStatement({ code, message, position }: SaidFields, statement: string): boolean {
  const near = /^syntax error at or near "(.*)"$/s.exec(message)?.[1]
  return code === '42601' && position !== undefined && near !== undefined && statement.includes(near)
}

/** For words that are a program's and not the server's, and hold no rows. */
export function withState(state: string, message: string, cause?: unknown): ComebackError {
  return new ComebackError(codeFor(state), `${message} [${state}]`, { hint: hintFor(state), cause })
}

/** Whether the server or the network ended the connection: another attempt on a new one may succeed. */
export function isConnectionLoss(error: unknown): boolean {
  if (error instanceof ComebackError) return error.code === 'connection'
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? String(error.code) : ''
  if (error instanceof pg.DatabaseError) return /^(08|57P0[1235])/.test(code)
  return (
    ['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ECONNABORTED', 'ENETDOWN', 'ENETRESET', 'EHOSTUNREACH'].includes(code) ||
    // pg throws plain errors with nothing but these texts.
    /^Connection terminated|is not queryable$|^timeout expired$/.test(error.message)
  )
}

function codeFor(state: string | undefined): ErrorCode {
  if (state === undefined) return 'server-error'
  if (state === '28P01' || state === '28000') return 'authentication'
  if (state === '42501') return 'permission'
  if (/^08|^57P0|^53300$|^3D000$/.test(state)) return 'connection'
  if (state === '55P03') return 'timeout'
  if (state === '0A000') return 'unsupported'
  return 'server-error'
}

function hintFor(code: string | undefined): string | undefined {
  if (code === '55P03')
    return 'Something holds a lock on the table, such as a running migration. Try again when it is done.'
  if (code === '57014')
    return 'The statement was cancelled: by a person, or by a statement_timeout that the server enforces.'
  if (code === '53100') return 'The disk of the server is full.'
  return undefined
}

function trim(text: string): string {
  return text.length <= PART_LIMIT ? text : `${text.slice(0, PART_LIMIT)}…`
}
