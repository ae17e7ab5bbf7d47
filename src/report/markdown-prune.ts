/** What prune removed, or would remove, and why it keeps the rest. */

import { code, prose } from './markdown-escape.ts'
import { alert, facts, folded, markdownTable } from './markdown-parts.ts'
import type { PrunedBackup, PruneProblem, PruneReport } from './prune-report.ts'
import { countText, sizeText } from './quantities.ts'
import { HOLDS_WORDS } from './standing-words.ts'

export function pruneMarkdown(report: PruneReport): readonly string[] {
  const { store, applied, policy, backups, leftovers, kept, removed, problems } = report
  const failed = problems.some(({ severity }) => severity === 'failed')
  const gone = backups.filter(({ action }) => action !== 'keep')
  const stay = backups.filter(({ action }) => action === 'keep')
  return [
    `## ${failed ? '❌' : '✅'} Prune: ${title(report)}`,
    ...problemBoxes(problems),
    '',
    ...facts([
      ['Store', code(store)],
      ['Keeps', policy.length === 0 ? 'everything' : policy.map(prose).join('; ')],
      [applied ? 'Removed' : 'Would remove', `${countText(removed.objects, 'object')}, ${sizeText(removed.bytes)}`],
      ['Kept', `${countText(kept.backups, 'backup')}, ${sizeText(kept.bytes)}`],
      leftovers.length === 0 ? undefined : ['Left over from interrupted runs', countText(leftovers.length, 'folder')],
    ]),
    ...(gone.length === 0 ? [''] : table(gone, applied ? 'Removed because' : 'Would go because')),
    ...(applied || gone.length === 0
      ? []
      : ['Nothing was changed: this is a plan. <code>--apply</code> carries it out.', '']),
    ...(stay.length === 0 ? [] : folded(`Kept: ${countText(stay.length, 'backup')}`, table(stay, 'Kept because'))),
  ]
}

function title({ applied, removed }: PruneReport): string {
  if (removed.backups === 0 && removed.objects === 0) return 'nothing to remove'
  return `${countText(removed.backups, 'backup')} ${applied ? 'removed' : 'would go'}`
}

function table(backups: readonly PrunedBackup[], why: string): readonly string[] {
  return markdownTable(
    [
      { head: 'Component' },
      { head: 'Backup (UTC)' },
      { head: 'Status' },
      { head: 'Frees', right: true },
      { head: why },
    ],
    backups.map(({ component, id, status, holds, action, frees, outlived, reasons }) => [
      component,
      code(id),
      `${status}${holds === undefined ? '' : `, ${HOLDS_WORDS[holds]}`}${action === 'refused' ? ', refused by the store' : ''}`,
      action === 'keep' ? '' : sizeText(frees.bytes),
      [
        ...reasons.map(prose),
        ...(outlived === 0 ? [] : [`${countText(outlived, 'object')} stay, as newer backups lean on them`]),
      ].join('; '),
    ]),
  )
}

function problemBoxes(problems: readonly PruneProblem[]): readonly string[] {
  const boxOf = (kind: 'CAUTION' | 'WARNING', severity: PruneProblem['severity']): readonly string[] => {
    const lines = problems.filter(problem => problem.severity === severity).map(problemLine)
    return lines.length === 0 ? [] : alert(kind, lines)
  }
  return [...boxOf('CAUTION', 'failed'), ...boxOf('WARNING', 'warning')]
}

function problemLine({ message, hint }: PruneProblem): string {
  return `- ${prose(message)}${hint === undefined ? '' : `<br>**What to do:** ${prose(hint)}`}`
}
