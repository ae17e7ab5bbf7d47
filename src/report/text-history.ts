/** What the page of `report --html` says first, on a terminal: a line for each component. */
import { doubtText } from './history-doubt.ts'
import type { ComponentHistory, HistoryReport } from './history-report.ts'
import type { Palette } from './palette.ts'
import { countText, timeText } from './quantities.ts'

export const STATE_WORDS: Readonly<Record<ComponentHistory['state'], string>> = {
  good: 'good',
  late: 'LATE',
  failing: 'LAST RUN FAILED',
  disproved: 'PROOF FAILED',
  none: 'NO GOOD BACKUP',
}

export function historyLines({ components, html, store }: HistoryReport, palette: Palette): readonly string[] {
  const { bold, green, red, yellow, dim } = palette
  const doubt = doubtText({ components })
  return [
    ...(components.length === 0 ? ['There is no backup yet.'] : []),
    ...components.map(history => {
      const style = history.state === 'good' ? green : red
      return `${bold(history.component)} ${style(STATE_WORDS[history.state])}, ${historyFacts(history).join(', ')}`
    }),
    ...(doubt === undefined ? [] : [yellow(doubt)]),
    `Written to ${html}: open it in a browser.`,
    dim(`from ${store}`),
  ]
}

export function historyFacts({ backups, lastGood, lastVerified, nextDue }: ComponentHistory): readonly string[] {
  return [
    countText(backups.length, 'record'),
    lastGood === undefined ? 'no complete backup' : `last good ${timeText(lastGood.time)}`,
    lastVerified?.proof === undefined ? 'never verified' : `last verified ${timeText(lastVerified.proof.time)}`,
    ...(nextDue === undefined ? [] : [`next due ${timeText(nextDue)}`]),
  ]
}
