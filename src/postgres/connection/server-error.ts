/** What the server said, as a `ComebackError`: one place that knows SQLSTATE codes. */
import pg from 'pg'
import { ComebackError, type ErrorCode } from '../../errors.ts'

/** Characters of context lines (`where` quotes whole rows) that a message repeats. */
const CONTEXT_LIMIT = 300

/** The fields of an ErrorResponse that matter here, from pg or read off the wire. */
export interface ServerErrorFields {
  readonly message: string
  readonly code?: string | undefined
  readonly detail?: string | undefined
  readonly hint?: string | undefined
  readonly where?: string | undefined
}

/**
 * `what` says what was attempted on which object and begins the message: `Reading public.users` gives "Reading public.users
 * failed: …". A `ComebackError` passes through; anything that is no server's error becomes `connection` if a socket failed
 * and `failed` otherwise.
 */
export function serverError(error: unknown, what: string): ComebackError {
  if (error instanceof ComebackError) return error
  if (error instanceof pg.DatabaseError) return fromFields(error, what, error)
  const message = error instanceof Error ? error.message : String(error)
  if (isConnectionLoss(error)) {
    return new ComebackError('connection', `${what} failed: the connection to the server was lost (${message}).`, {
      cause: error,
    })
  }
  return new ComebackError('failed', `${what} failed: ${message}`, { cause: error })
}

export function fromFields(fields: ServerErrorFields, what: string, cause?: unknown): ComebackError {
  const detail = fields.detail === undefined ? '' : ` (${trim(fields.detail)})`
  const where = fields.where === undefined ? '' : `, at ${trim(fields.where)}`
  const state = fields.code === undefined ? '' : ` [${fields.code}]`
  const hint = hintFor(fields)
  return new ComebackError(codeFor(fields.code), `${what} failed: ${trim(fields.message)}${detail}${where}${state}`, {
    hint,
    ...(cause === undefined ? {} : { cause }),
  })
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

function hintFor({ code, hint }: ServerErrorFields): string | undefined {
  if (code === '55P03')
    return 'Something holds a lock on the table, such as a running migration. Try again when it is done.'
  if (code === '57014')
    return 'The statement was cancelled: by a person, or by a statement_timeout that the server enforces.'
  if (code === '53100') return 'The disk of the server is full.'
  return hint
}

function trim(text: string): string {
  return text.length <= CONTEXT_LIMIT ? text : `${text.slice(0, CONTEXT_LIMIT)}…`
}
