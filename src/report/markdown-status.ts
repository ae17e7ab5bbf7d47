/** How the backups are doing, for the page that a scheduled check leaves behind. */
import { code, prose } from './markdown-escape.ts'
import { alert, markdownTable } from './markdown-parts.ts'
import { ageText, countText, durationText, sizeText, timeText } from './quantities.ts'
import { forecastText } from './space-words.ts'
import { HOLDS_WORDS, LATER_WORDS, leftText, NO_KEY } from './standing-words.ts'
import type { Ages, ComponentStatus, LaterRecord, Space, StatusReport } from './status-report.ts'

export function statusMarkdown(report: StatusReport): readonly string[] {
  const { store, time, maxAge, maxProofAge, components, space } = report
  const alarming = [...names(components.filter(isAlarming)), ...(space.exceeded === true ? ['the quota'] : [])]
  const now = new Date(time)
  return [
    `## ${alarming.length === 0 ? '✅ Backups are in order' : `❌ Backups need attention: ${alarming.join(', ')}`}`,
    ...(maxAge === undefined ? [] : ['', `The last good one may be ${limitText(maxAge)} old.`]),
    ...(maxProofAge === undefined ? [] : ['', `The last verified one may be proved ${limitText(maxProofAge)} ago.`]),
    ...components.flatMap(adviceBox),
    ...markdownTable(
      [
        { head: 'Component' },
        { head: 'Last good backup' },
        { head: 'Age', right: true },
        { head: 'Worst RPO', right: true },
        { head: 'Next due' },
        { head: 'Size', right: true },
        { head: 'Last verified' },
        { head: 'Restore takes (RTO)', right: true },
        { head: 'Backups of any kind', right: true },
        { head: 'Stored', right: true },
        { head: 'In 7 days', right: true },
        { head: 'In 30 days', right: true },
      ],
      components.map(row),
    ),
    ...spaceLines(space),
    ...(report.unauthenticated === true ? alert('WARNING', [NO_KEY]) : []),
    ...(report.left === undefined ? [] : alert('WARNING', [prose(leftText(report.left))])),
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
      : `${code(last.id)}${last.authenticated ? '' : ' ?'}${last.holds === undefined ? '' : `, ${HOLDS_WORDS[last.holds]}`}`,
    last === undefined ? '' : secondsText(last.age),
    status.largestGap === undefined ? '' : secondsText(status.largestGap),
    status.nextDue === undefined ? '' : timeText(status.nextDue).replace(/:\d\d UTC$/, ' UTC'),
    last === undefined ? '' : sizeText(last.bytes),
    lastVerified === undefined ? 'never' : `${secondsText(lastVerified.age)} ago`,
    lastVerified?.restoreSeconds === undefined ? '' : durationText(lastVerified.restoreSeconds),
    backups.toLocaleString('en'),
    sizeText(stored),
    sizeText(grown.days7),
    sizeText(grown.days30),
  ]
}

function spaceLines({ stored, quota, exceeded, in30Days }: Space): readonly string[] {
  const full = in30Days?.exceeded
  return [
    ...(exceeded === true && quota !== undefined
      ? alert('WARNING', [`${sizeText(stored)} are stored, and the quota is ${sizeText(quota)}.`])
      : []),
    ...(full !== undefined && quota !== undefined
      ? alert('WARNING', [`From ${full} on the store holds more than the quota of ${sizeText(quota)}, at this pace.`])
      : []),
    ...(in30Days === undefined ? [] : [forecastText(in30Days), '']),
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
  const when =
    status === 'future' ? 'dated in the future' : `${LATER_WORDS[status]}, ${ageText(new Date(time), now)} ago`
  return `- ${code(id)} ${when}${reason === undefined ? '' : `: ${prose(reason)}`}`
}

function names(components: readonly ComponentStatus[]): readonly string[] {
  return components.map(({ component }) => component)
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
