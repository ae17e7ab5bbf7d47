/** What was copied into another store. */
import type { CopiedBackup, CopyReport } from './copy-report.ts'
import { code, prose } from './markdown-escape.ts'
import { alert, markdownTable } from './markdown-parts.ts'
import { sizeText } from './quantities.ts'
import { copySum } from './text-copy.ts'

const MARKS: Readonly<Record<CopiedBackup['status'], string>> = {
  copied: '✅ copied',
  planned: 'planned',
  present: 'there already',
  failed: '❌ failed',
  left: 'not begun',
}
/** A table has room for some: what went wrong, and what was done, come first. */
const ORDER: readonly CopiedBackup['status'][] = ['failed', 'copied', 'planned', 'left', 'present']

export function copyMarkdown(report: CopyReport): readonly string[] {
  const { backups, warnings, from, to } = report
  const failed = backups.some(({ status }) => status === 'failed')
  return [
    `## ${failed ? '❌' : '✅'} ${copySum(report)}`,
    '',
    `From ${code(from)} to ${code(to)}.`,
    ...warnings.flatMap(text => alert('WARNING', [prose(text)])),
    ...markdownTable(
      [
        { head: 'Status' },
        { head: 'Component' },
        { head: 'Backup (UTC)' },
        { head: 'Copied', right: true },
        { head: 'Why' },
      ],
      backups
        .toSorted((a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status))
        .map(({ status, component, id, bytes, error }) => [
          MARKS[status],
          component,
          code(id),
          sizeText(bytes),
          error === undefined ? '' : prose(error.message),
        ]),
    ),
  ]
}
