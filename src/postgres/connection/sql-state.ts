/** SQLSTATE codes by which the reading of a database decides what to do next. */
import { ComebackError } from '../../errors.ts'

/** Of a server's error, or of the one that a `ComebackError` was made from; empty for anything else. */
export function sqlStateOf(error: unknown): string {
  if (error instanceof ComebackError) return sqlStateOf(error.cause)
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

export function isLockTimeout(error: unknown): boolean {
  return sqlStateOf(error) === '55P03'
}

/** `out of shared memory`: the table of locks, which has a fixed size, is full. */
export function isOutOfLocks(error: unknown): boolean {
  return sqlStateOf(error) === '53200'
}

/** The server, the database or the role has as many connections as it may have. */
export function isFull(error: unknown): boolean {
  return sqlStateOf(error) === '53300'
}

/** A table or a schema is not there. */
export function isUndefinedRelation(error: unknown): boolean {
  return ['42P01', '3F000'].includes(sqlStateOf(error))
}
