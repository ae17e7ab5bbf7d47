/** What the page of `report --html` says first, in a job summary. */
import { doubtText } from './history-doubt.ts'
import type { HistoryReport } from './history-report.ts'
import { code } from './markdown-escape.ts'
import { markdownTable } from './markdown-parts.ts'
import { timeText } from './quantities.ts'
import { STATE_WORDS } from './text-history.ts'

export function historyMarkdown({ components, html, store }: HistoryReport): readonly string[] {
  const isGood = components.length > 0 && components.every(({ state }) => state === 'good')
  const doubt = doubtText({ components })
  return [
    `## ${isGood && doubt === undefined ? '✅' : '⚠️'} Report of backups`,
    '',
    `The page is in ${code(html)}, of what ${code(store)} holds.${doubt === undefined ? '' : ` ${doubt}`}`,
    ...markdownTable(
      [
        { head: 'Component' },
        { head: 'State' },
        { head: 'Last good' },
        { head: 'Last verified' },
        { head: 'Next due' },
      ],
      components.map(({ component, state, lastGood, lastVerified, nextDue }) => [
        component,
        `${state === 'good' ? '✅' : '❌'} ${STATE_WORDS[state]}`,
        lastGood === undefined ? 'none' : timeText(lastGood.time),
        lastVerified?.proof === undefined ? 'never' : timeText(lastVerified.proof.time),
        nextDue === undefined ? '' : timeText(nextDue),
      ]),
    ),
  ]
}
