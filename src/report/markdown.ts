/**
 * A report as Markdown, for GitHub's job summary. Its strings come in scrubbed of secrets; whatever a server, a store or a
 * file's name had a say in is escaped here.
 */
import { backupMarkdown } from './markdown-backup.ts'
import { checkMarkdown } from './markdown-check.ts'
import { copyMarkdown } from './markdown-copy.ts'
import { code, prose } from './markdown-escape.ts'
import { historyMarkdown } from './markdown-history.ts'
import { listMarkdown } from './markdown-list.ts'
import { failureBox } from './markdown-problems.ts'
import { pruneMarkdown } from './markdown-prune.ts'
import { exportMarkdown, restoreMarkdown } from './markdown-restore.ts'
import { restorePlanMarkdown } from './markdown-restore-plan.ts'
import { statusMarkdown } from './markdown-status.ts'
import { verifyMarkdown } from './markdown-verify.ts'
import type { ErrorValue, Report } from './report.ts'
import { importSum } from './text-import.ts'

export interface MarkdownOptions {
  /** Name tables and files. Summaries of public repositories are public. */
  readonly details: boolean
  readonly now: Date
}

/** One page, below GitHub's limit of 1 MiB. Ends in an empty line, so that another may follow. */
export function renderMarkdown(report: Report, options: MarkdownOptions): string {
  return joined(linesOf(report, options))
}

/** A run that failed before it had anything to report. */
export function markdownError(error: ErrorValue): string {
  return joined(['## ❌ Comeback failed', ...failureBox('Failed', error)])
}

function linesOf(report: Report, options: MarkdownOptions): readonly string[] {
  switch (report.command) {
    case 'backup':
      return backupMarkdown(report, options)
    case 'restore':
      return restoreMarkdown(report, options.now, options.details)
    case 'discard':
      return [`## ✅ Discarded: ${report.component}`, '', ...report.summary.map(line => `- ${prose(line)}`)]
    case 'restore-plan':
      return restorePlanMarkdown(report, options.details)
    case 'verify':
      return verifyMarkdown(report, options)
    case 'list':
      return listMarkdown(report, options.now)
    case 'copy':
      return copyMarkdown(report)
    case 'export':
      return exportMarkdown(report)
    case 'key':
      return ['## Key', '', `Key id: ${code(report.keyId)}`]
    case 'status':
      return statusMarkdown(report)
    case 'report':
      return historyMarkdown(report)
    case 'check':
      return checkMarkdown(report)
    case 'prune':
      return pruneMarkdown(report)
    case 'import':
      return [`## Import: ${importSum(report)}`]
    case 'init':
      // Made for a terminal: nobody starts a repository's workflows from a workflow.
      return ['## Init']
  }
}

/** Bytes. GitHub refuses a whole summary of more than 1 MiB. */
const LIMIT = 1_000_000

/** Parts bring their own empty lines; two in a row are one too many. */
function joined(lines: readonly string[]): string {
  const kept = lines.filter((line, index) => line !== '' || lines[index - 1] !== '')
  let room = LIMIT
  const cut = kept.findIndex(line => {
    room -= Buffer.byteLength(line) + 1
    return room < 0
  })
  if (cut >= 0) kept.splice(cut, Number.POSITIVE_INFINITY, '', 'The rest is too long for this page.')
  return `${kept.join('\n').trimEnd()}\n\n`
}
