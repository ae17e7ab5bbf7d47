/** What the operating system refuses while files are being restored. */
import { ComebackError, type ErrorCode } from '../errors.ts'
import { shownPath } from './held-folder.ts'
import { systemReason } from './walk.ts'

const CODES: Readonly<Record<string, ErrorCode>> = {
  EACCES: 'permission',
  EPERM: 'permission',
  EROFS: 'permission',
  // The first reading found nothing there.
  EEXIST: 'not-empty',
  EISDIR: 'not-empty',
  ENOTDIR: 'not-empty',
}

const HINTS: Readonly<Record<string, string>> = {
  EACCES: 'The target is as it was. Let the user that restores write there, or restore into another folder.',
  EPERM: 'The target is as it was. Let the user that restores write there, or restore into another folder.',
  ENAMETOOLONG: 'The target is as it was. Restore into a folder whose own name, or path, is shorter.',
  ENOSPC: 'The target is as it was. Make room, or restore into a folder on another disk.',
  EDQUOT: 'The target is as it was. Make room, or restore into a folder on another disk.',
}

export async function writing<T>(path: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof ComebackError) throw error
    const code = CODES[systemCode(error) ?? ''] ?? 'failed'
    throw new ComebackError(code, `Could not write ${shownPath(path)}: ${systemReason(error)}.`, {
      hint: HINTS[systemCode(error) ?? ''] ?? 'The target is as it was. Remove the cause and restore again.',
      cause: error,
    })
  }
}

export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
