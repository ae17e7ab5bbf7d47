/** How the backups are doing, for the page that a scheduled check leaves behind. */
import { code, prose } from './markdown-escape.ts'
import { alert, markdownTable } from './markdown-parts.ts'
import { ageText, countText, durationText, sizeText } from './quantities.ts'
import type { Ages, ComponentStatus, LaterRecord, StatusReport } from './status-report.ts'

export function statusMarkdown({ store, time, maxAge, maxProofAge, components }: StatusReport): readonly string[] {
  const alarming = components.filter(isAlarming)
  const now = new Date(time)
  return [
    `## ${alarming.length === 0 ? '✅ Backups are in order' : `❌ Backups need attention: ${names(alarming)}`}`,
    ...(maxAge === undefined ? [] : ['', `The last good one may be ${limitText(maxAge)} old.`]),
    ...(maxProofAge === undefined ? [] : ['', `The last verified one may be proved ${limitText(maxProofAge)} ago.`]),
    ...components.flatMap(adviceBox),
    ...markdownTable(
      [
        { head: 'Component' },
        { head: 'Last good backup' },
        { head: 'Age', right: true },
        { head: 'Size', right: true },
        { head: 'Last verified' },
        { head: 'Restore takes', right: true },
        { head: 'Backups', right: true },
        { head: 'Stored', right: true },
        { head: 'In 7 days', right: true },
        { head: 'In 30 days', right: true },
      ],
      components.map(row),
    ),
    `In ${code(store)}.`,
    '',
    ...components.flatMap(component => laterLines(component, now)),
  ]
}

function row(status: ComponentStatus): readonly string[] {
  const { component, last, lastVerified, state, backups, stored, grown } = status
  const mark = isAlarming(status) ? '❌' : state === 'never' ? '–' : '✅'
  return [
    `${mark} ${component}`,
    last === undefined
      ? state === 'never'
        ? 'never backed up'
        : 'none'
      : `${code(last.id)}${last.authenticated ? '' : ' ?'}`,
    last === undefined ? '' : secondsText(last.age),
    last === undefined ? '' : sizeText(last.bytes),
    lastVerified === undefined ? 'never' : `${secondsText(lastVerified.age)} ago`,
    lastVerified?.restoreSeconds === undefined ? '' : durationText(lastVerified.restoreSeconds),
    backups.toLocaleString('en'),
    sizeText(stored),
    sizeText(grown.days7),
    sizeText(grown.days30),
  ]
}

function isAlarming({ state, overdue, proofOverdue }: ComponentStatus): boolean {
  return overdue || proofOverdue === true || state === 'bad'
}

function adviceBox({ component, next }: ComponentStatus): readonly string[] {
  if (next.length === 0) return []
  return alert('WARNING', [`**${component}:**`, '', ...next.map(text => `- ${prose(text)}`)])
}

function laterLines({ component, since, sinceCount }: ComponentStatus, now: Date): readonly string[] {
  if (since.length === 0) return []
  const more = sinceCount - since.length
  return [
    `Since the last good backup of ${component}: ${countText(sinceCount, 'record')}.`,
    '',
    ...since.map(record => laterLine(record, now)),
    ...(more > 0 ? [`- … and ${more.toLocaleString('en')} more`] : []),
    '',
  ]
}

function laterLine({ id, time, status, reason }: LaterRecord, now: Date): string {
  const when = status === 'future' ? 'dated in the future' : `${status}, ${ageText(new Date(time), now)} ago`
  return `- ${code(id)} ${when}${reason === undefined ? '' : `: ${prose(reason)}`}`
}

function names(components: readonly ComponentStatus[]): string {
  return components.map(({ component }) => component).join(', ')
}

function limitText(ages: Ages): string {
  if (typeof ages === 'number') return secondsText(ages)
  return Object.entries(ages)
    .map(([component, age]) => `${secondsText(age)} (${component})`)
    .join(', ')
}

function secondsText(seconds: number): string {
  return ageText(new Date(0), new Date(seconds * 1000))
}
