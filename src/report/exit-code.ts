/** What a finished run tells the shell. */
import { ComebackError, EXIT_PARTIAL } from '../errors.ts'
import type { Report } from './report.ts'

/** 0, or the code of the first component that failed, or else `EXIT_PARTIAL` if something is missing from a backup. */
export function exitCodeOf(report: Report): number {
  if (report.command !== 'backup') return 0
  for (const outcome of report.backups) {
    if (outcome.status === 'failed') return new ComebackError(outcome.error.code, outcome.error.message).exitCode
  }
  return report.backups.some(({ status }) => status === 'partial') ? EXIT_PARTIAL : 0
}
