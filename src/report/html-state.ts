/** The state of each component, as it is to be read first: is there a good backup, was it proved, when comes the next. */
import { shortDay } from './calendar-days.ts'
import { doubtText } from './history-doubt.ts'
import type { ComponentHistory, HistoryReport } from './history-report.ts'
import { escaped } from './html-escape.ts'
import { type Mark, markSvg } from './html-marks.ts'
import { ageText, countText, durationText, sizeText } from './quantities.ts'

const STATES: Readonly<Record<ComponentHistory['state'], { readonly mark: Mark; readonly words: string }>> = {
  good: { mark: 'complete', words: 'Good' },
  late: { mark: 'partial', words: 'Late' },
  failing: { mark: 'failed', words: 'Last run failed' },
  disproved: { mark: 'disproved', words: 'Proof failed' },
  none: { mark: 'failed', words: 'No good backup' },
}

export function statesHtml({ components, time }: HistoryReport): string {
  return `<div class="states">${components.map(history => stateHtml(history, new Date(time))).join('\n')}</div>`
}

/** One sentence for all of them. What nobody has vouched for gets no tick. */
export function verdictHtml({ components }: HistoryReport): string {
  const claimed = doubtText({ components }) !== undefined
  const well = (mark: Mark) => markSvg(claimed ? 'unproved' : mark)
  const bad = components.filter(({ state }) => state !== 'good')
  const unproved = components.filter(({ lastVerified }) => lastVerified === undefined)
  if (components.length === 0) return `${markSvg('failed')} There is no backup here yet.`
  if (bad.length > 0) {
    const sentences = bad.map(({ component, state }) => `${STATES[state].words}: ${component}.`)
    return `${markSvg(bad.every(({ state }) => state === 'late') ? 'partial' : 'failed')} ${sentences.join(' ')}`
  }
  if (unproved.length > 0) {
    const names = new Intl.ListFormat('en').format(unproved.map(({ component }) => component))
    return `${well('complete')} Backups are on time. Never verified: ${names}.`
  }
  return `${well('verified')} Backups are on time, and verified.`
}

function stateHtml(history: ComponentHistory, now: Date): string {
  const { component, state, lastGood, lastVerified, nextDue, usualGap, failedSince, stored, backups } = history
  const mark = state === 'good' && lastVerified !== undefined ? 'verified' : STATES[state].mark
  const proof = lastVerified?.proof
  const facts: readonly (readonly [string, string, string | undefined])[] = [
    ['Last good', lastGood === undefined ? 'none' : moment(lastGood.time), lastGood ? ago(lastGood.time, now) : ''],
    ['Last verified', proof === undefined ? 'never' : moment(proof.time), proof ? ago(proof.time, now) : ''],
    [
      'Next due',
      nextDue === undefined ? 'no rhythm yet' : moment(nextDue),
      nextDue === undefined ? '' : dueIn(nextDue, now),
    ],
    ['Rhythm', usualGap === undefined ? 'unknown' : rhythmText(usualGap), undefined],
    ...(failedSince === 0 ? [] : [['Failed since', countText(failedSince, 'record'), undefined] as const]),
    ['Kept', `${countText(backups.length, 'record')}, ${sizeText(stored)}`, undefined],
  ]
  return `<section class="state ${state}" aria-label="State of ${component}"><h3>${component}</h3><p class="word">${markSvg(mark)} ${STATES[state].words}</p><dl>${facts
    .map(
      ([name, value, more]) =>
        `<dt>${name}</dt><dd>${value}${more === undefined ? '' : more === '' ? '<span class="ago pad">&nbsp;</span>' : ` <span class="ago">${more}</span>`}</dd>`,
    )
    .join('')}</dl></section>`
}

/** `daily`, `every 8 h`. */
function rhythmText(seconds: number): string {
  const text = durationText(seconds)
  const named: Readonly<Record<string, string>> = { '1 h': 'hourly', '1 d': 'daily', '7 d': 'weekly' }
  return named[text] ?? `every ${text}`
}

/** `25 Nov 2026, 02:00`, in UTC as all on the page. */
function moment(iso: string): string {
  const time = new Date(iso)
  return `<time datetime="${escaped(iso)}">${shortDay(time.getTime())}, ${time.toISOString().slice(11, 16)}</time>`
}

function ago(iso: string, now: Date): string {
  return `${ageText(new Date(iso), now)} ago`
}

function dueIn(iso: string, now: Date): string {
  const due = new Date(iso)
  return due >= now ? `in ${ageText(now, due)}` : `${ageText(due, now)} late`
}
