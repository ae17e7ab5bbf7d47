/**
 * The one error class. A code says what kind of failure it is, the message what was attempted on which object, the hint
 * what to do about it. Exit codes follow from codes, so that scripts can rely on them.
 */

const EXIT_CODES = {
  failed: 1,
  'source-changed': 1,
  timeout: 1,
  connection: 1,
  authentication: 1,
  permission: 1,
  'server-too-new': 1,
  'server-error': 1,
  unsupported: 1,
  'store-unavailable': 1,
  'store-full': 1,
  'store-foreign': 1,
  'not-found': 1,
  'already-exists': 1,
  'unsafe-archive': 3,
  usage: 2,
  'no-key': 2,
  'weak-key': 2,
  'not-empty': 2,
  damaged: 3,
  mismatch: 3,
  'could-not-verify': 4,
  'no-such-backup': 10,
  'wrong-key': 12,
  cancelled: 130,
} as const

export type ErrorCode = keyof typeof EXIT_CODES
export const ERROR_CODES = Object.keys(EXIT_CODES) as readonly ErrorCode[]

/**
 * Exit code of a backup that is complete but for files that changed or vanished while they were read, and of a restore that brought
 * back all rows, and not every object that is not rows.
 */
export const EXIT_PARTIAL = 3

export class ComebackError extends Error {
  override readonly name = 'ComebackError'
  readonly code: ErrorCode
  readonly hint: string | undefined

  constructor(
    code: ErrorCode,
    message: string,
    details: { readonly hint?: string | undefined; readonly cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.hint = details.hint
  }

  get exitCode(): number {
    return EXIT_CODES[this.code]
  }
}

export function hasCode(error: unknown, ...codes: readonly ErrorCode[]): error is ComebackError {
  return error instanceof ComebackError && codes.includes(error.code)
}

/** Any thrown value as a `ComebackError`: an abort becomes `cancelled`, everything unknown `failed`. */
export function asComebackError(error: unknown): ComebackError {
  if (error instanceof ComebackError) return error
  if (error instanceof Error && error.name === 'AbortError') {
    return error.cause instanceof ComebackError
      ? error.cause
      : new ComebackError('cancelled', 'The run was cancelled.', { cause: error })
  }
  const message = error instanceof Error ? error.message : String(error)
  return new ComebackError('failed', message, { cause: error })
}
