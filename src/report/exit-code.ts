/** What a finished run tells the shell. */
import type { Verdict } from '../engine/proof.ts'
import { ComebackError, EXIT_PARTIAL } from '../errors.ts'
import type { CopyReport } from './copy-report.ts'
import type { ImportReport } from './import-report.ts'
import type { ErrorValue, Report, RestoreReport } from './report.ts'
import type { StatusReport } from './status-report.ts'
import { isShort } from './unmade-words.ts'

const EXIT_DAMAGE = new ComebackError('damaged', 'A check found damage.').exitCode
/** Something is overdue, or a store refused what it was asked for. */
const EXIT_FAILED = new ComebackError('failed', 'Not all is well.').exitCode

const VERDICT_CODES: Readonly<Record<Verdict, number>> = {
  verified: 0,
  failed: EXIT_DAMAGE,
  'could-not-verify': new ComebackError('could-not-verify', 'A check could not run.').exitCode,
}

/** 0, or the code of the first component that failed, or else `EXIT_PARTIAL` if something is missing from a backup, or from what was restored. */
export function exitCodeOf(report: Report): number {
  if (report.command === 'verify') return VERDICT_CODES[report.verdict]
  if (report.command === 'copy') return copyCode(report)
  if (report.command === 'check') return report.findings.length > 0 ? EXIT_DAMAGE : 0
  if (report.command === 'prune') return report.problems.some(({ severity }) => severity === 'failed') ? EXIT_FAILED : 0
  if (report.command === 'status') return statusCode(report)
  if (report.command === 'restore-plan') return refusalCode(report.target.refusal)
  if (report.command === 'import') return importCode(report)
  if (report.command === 'restore') return isShort(report.unmade) || lacksRows(report) ? EXIT_PARTIAL : 0
  if (report.command !== 'backup') return 0
  for (const outcome of report.backups) {
    if (outcome.status === 'failed') return new ComebackError(outcome.error.code, outcome.error.message).exitCode
  }
  if (report.backups.some(({ status }) => status === 'partial')) return EXIT_PARTIAL
  const { pruned } = report
  if (pruned === undefined) return 0
  return pruned.command === 'prune' ? exitCodeOf(pruned) : refusalCode(pruned.error)
}

function lacksRows({ problems }: RestoreReport): boolean {
  return problems.some(({ severity }) => severity === 'partial')
}

/** A quota that will be exceeded at this pace is told of; one that is, fails. */
function statusCode({ components, space }: StatusReport): number {
  const late = components.some(({ overdue, proofOverdue }) => overdue || proofOverdue === true)
  return late || space.exceeded === true ? EXIT_FAILED : 0
}

/** Where some are in the store and some are not, something is missing; where all failed alike, that is what failed. */
function importCode({ files, left }: ImportReport): number {
  const errors = files.flatMap(file => (file.status === 'failed' ? [file.error] : []))
  const [first] = errors
  if (first === undefined) return left === 0 ? 0 : EXIT_FAILED
  const alike = errors.length === files.length && errors.every(({ code }) => code === first.code)
  return alike || first.code === 'cancelled' ? refusalCode(first) : EXIT_DAMAGE
}

/** Of the first that failed. */
function copyCode({ backups }: CopyReport): number {
  return refusalCode(backups.find(({ error }) => error !== undefined)?.error)
}

/** A plan that could not be carried out as it was asked for fails as the restore itself would. */
function refusalCode(refusal: ErrorValue | undefined): number {
  return refusal === undefined ? 0 : new ComebackError(refusal.code, refusal.message).exitCode
}
