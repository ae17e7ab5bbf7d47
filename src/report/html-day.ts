/** What a day has: for each component its records, and the command that brings one back. Hidden until the day is chosen. */
import type { Component } from '../format/manifest.ts'
import { longDay } from './calendar-days.ts'
import { isDoubtful } from './history-doubt.ts'
import type { HistoryBackup, HistoryReport } from './history-report.ts'
import type { ByDay } from './html-calendar.ts'
import { escaped } from './html-escape.ts'
import { MARK_WORDS, markOf, markSvg } from './html-marks.ts'
import { shellWord } from './markdown-escape.ts'
import { durationText, sizeText } from './quantities.ts'
import { DISCOUNTS, HOLDS_WORDS } from './standing-words.ts'

type Place = Pick<HistoryReport, 'storeArguments'>

/** `own`: each component's backups by day. */
export function dayHtml(day: string, own: ReadonlyMap<Component, ByDay>, place: Place): string {
  const parts = [...own].flatMap(([component, days]) => {
    const backups = days.get(day)
    return backups === undefined ? [] : [componentHtml(component, backups, place)]
  })
  return `<article id="d-${day}" class="day" hidden><h3>${longDay(day)}</h3>
${parts.join('\n')}
</article>`
}

/** Words of a shell that restore exactly this backup. It shows its plan, and asks, before it touches anything. */
export function restoreCommand(component: Component, { id }: HistoryBackup, { storeArguments }: Place): string {
  // Configuration is never restored over its original: where it goes must be named.
  const into = component === 'config' ? ['--into', './restored-config'] : []
  return ['comeback', 'restore', component, id, ...storeArguments, ...into].map(shellWord).join(' ')
}

/** The newest that is complete, and not known to be bad, first, with its command; the others behind a fold. */
function componentHtml(component: Component, backups: readonly HistoryBackup[], place: Place): string {
  const newestFirst = backups.toReversed()
  const best =
    newestFirst.find(backup => isWhole(backup) && backup.holds === undefined) ??
    newestFirst.find(isWhole) ??
    newestFirst.find(canRestore) ??
    newestFirst[0]
  if (best === undefined) return ''
  const others = newestFirst.filter(backup => backup !== best)
  const more =
    others.length === 0
      ? ''
      : `<details><summary>${others.length} more on this day</summary>${others.map(other => recordHtml(component, other, place)).join('')}</details>`
  return `<section class="record"><h4>${component}</h4>${recordHtml(component, best, place)}${more}</section>`
}

function recordHtml(component: Component, backup: HistoryBackup, place: Place): string {
  const { time, reason, proof } = backup
  const mark = markOf(backup)
  const facts = [
    `<time datetime="${escaped(time)}">${escaped(time.slice(11, 16))} UTC</time>`,
    ...(backup.bytes > 0 ? [sizeText(backup.bytes)] : []),
    ...(backup.new === undefined || !canRestore(backup) ? [] : [`${sizeText(backup.new)} new`]),
    ...(proof?.restoreSeconds === undefined ? [] : [`restored in ${durationText(proof.restoreSeconds)}`]),
    ...(backup.expires === undefined ? [] : [`expires ${escaped(backup.expires.slice(0, 10))}`]),
    ...(backup.discount === undefined ? [] : [`${DISCOUNTS[backup.discount].because}, and counts for nothing`]),
    ...(isDoubtful(backup) ? ['not authenticated'] : []),
  ]
  return `<div class="one"><p class="line">${markSvg(mark)} <strong>${wordsOf(backup)}</strong> <span class="facts">${facts.join(' · ')}</span></p>${
    reason === undefined ? '' : `<p class="reason">${escaped(reason)}</p>`
  }${canRestore(backup) ? commandHtml(restoreCommand(component, backup, place)) : ''}</div>`
}

function commandHtml(command: string): string {
  return `<div class="command"><code tabindex="0" aria-label="Restore command">${escaped(command)}</code><button type="button" class="copy">Copy</button></div>`
}

function wordsOf({ status, ...backup }: HistoryBackup): string {
  if (backup.discount !== undefined) return 'Counts for nothing'
  if (status === 'unread') return 'A file of the old scripts'
  if (status === 'damaged') return 'Damaged'
  if (status === 'failed') return 'Failed'
  if (backup.holds !== undefined && status === 'complete') return `Complete, ${HOLDS_WORDS[backup.holds]}`
  return MARK_WORDS[markOf({ status, ...backup })]
}

function isWhole(backup: HistoryBackup): boolean {
  return backup.discount === undefined && ['verified', 'complete', 'unproved'].includes(markOf(backup))
}

/** A partial one may be named by its id, too. */
function canRestore({ status }: HistoryBackup): boolean {
  return status === 'complete' || status === 'partial' || status === 'unread'
}
