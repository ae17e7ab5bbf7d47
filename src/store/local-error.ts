/** What the operating system refuses, in the terms of the store's contract. */
import { asComebackError, ComebackError, type ErrorCode } from '../errors.ts'

interface Meaning {
  readonly code: ErrorCode
  readonly hint: string
}

const FULL: Meaning = {
  code: 'store-full',
  hint: 'Free some space there, raise the limit, or use another store. Nothing half-written was left.',
}
const REFUSED: Meaning = {
  code: 'permission',
  hint: 'Let the user that runs this read and write that folder, or use another store.',
}
const PASSING: Meaning = { code: 'store-unavailable', hint: 'Check the disk or network share that holds it.' }
const SHAPE: Meaning = { code: 'failed', hint: 'Move what stands there out of the way, or use another store.' }

const MEANINGS: Readonly<Record<string, Meaning>> = {
  ENOSPC: FULL,
  EDQUOT: FULL,
  // A limit of the process (`ulimit -f`) or of the file system (4 GiB on FAT).
  EFBIG: FULL,
  EACCES: REFUSED,
  EPERM: REFUSED,
  EROFS: REFUSED,
  EIO: PASSING,
  ESTALE: PASSING,
  ETIMEDOUT: PASSING,
  EHOSTDOWN: PASSING,
  ENOTCONN: PASSING,
  EBUSY: PASSING,
  EMFILE: PASSING,
  ENFILE: PASSING,
  EAGAIN: PASSING,
  ENOTDIR: SHAPE,
  EISDIR: SHAPE,
  EEXIST: SHAPE,
  ELOOP: SHAPE,
  // Of a folder that is to be made: reading what is not there finds nothing.
  ENOENT: { code: 'failed', hint: 'No folder can be made there: use one on a disk, or another store.' },
  ENAMETOOLONG: { code: 'failed', hint: 'Use a store with a shorter path.' },
}

/** `ENOSPC` and the like; undefined for what no system call threw. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** Runs what the text `write /backups/x` names; whatever it throws comes out as a `ComebackError`. */
export async function attempting<T>(action: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    const code = systemCode(error)
    if (code === undefined || error instanceof ComebackError) throw asComebackError(error)
    const meaning = MEANINGS[code]
    const details = meaning === undefined ? { cause: error } : { hint: meaning.hint, cause: error }
    throw new ComebackError(meaning?.code ?? 'failed', `Could not ${action}: ${reason(error)}.`, details)
  }
}

/** Whether the action succeeded; false where it failed with one of these codes. */
export async function tolerating(codes: readonly string[], run: () => Promise<unknown>): Promise<boolean> {
  try {
    await run()
    return true
  } catch (error) {
    if (codes.includes(systemCode(error) ?? '')) return false
    throw error
  }
}

/** Throws the signal's reason as a `ComebackError`. */
export function checkCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw asComebackError(signal.reason)
}

/** `ENOSPC: no space left on device, write` without the system call's arguments, which repeat the path. */
function reason(error: unknown): string {
  return error instanceof Error ? error.message.replace(/, [a-z]+( '.*)?$/s, '') : String(error)
}
