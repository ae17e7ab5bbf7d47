/**
 * The page of `report --html`: one file that asks the network for nothing. Its policy lets exactly this style and this script
 * run, by their hashes, so that markup which slipped through would do nothing either.
 */
import { createHash } from 'node:crypto'
import type { Component } from '../format/manifest.ts'
import { calendarStart, dayOf } from './calendar-days.ts'
import { doubtText } from './history-doubt.ts'
import type { HistoryReport } from './history-report.ts'
import { type ByDay, byDay, calendarHtml, legendHtml } from './html-calendar.ts'
import { chartsHtml } from './html-charts.ts'
import { dayHtml } from './html-day.ts'
import { escaped } from './html-escape.ts'
import { MARK_SYMBOLS } from './html-marks.ts'
import { PAGE_SCRIPT } from './html-script.ts'
import { statesHtml, verdictHtml } from './html-state.ts'
import { PAGE_STYLE } from './html-style.ts'
import { timeText } from './quantities.ts'

const POLICY = `default-src 'none'; style-src '${hashOf(PAGE_STYLE)}'; script-src '${hashOf(PAGE_SCRIPT)}'; img-src data:; base-uri 'none'; form-action 'none'`
/** Browsers ask the server for one where a page names none. */
const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 14 14'%3E%3Crect width='14' height='14' rx='3' fill='%230b4a8f'/%3E%3Cpath d='M3.6 7.3 6 9.7l4.6-5' fill='none' stroke='%23fff' stroke-width='1.9' stroke-linecap='round'/%3E%3C/svg%3E"

/** Ends in a line break. */
export function htmlPage(report: HistoryReport): string {
  const { store, time, components } = report
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>Backups in ${escaped(store)}</title>
<link rel="icon" href="${ICON}">
<style>${PAGE_STYLE}</style>
</head>
<body>
${MARK_SYMBOLS}
<header>
<h1>${verdictHtml(report)}</h1>
<button type="button" id="theme" aria-pressed="false" aria-label="Dark theme"><svg viewBox="0 0 18 18" aria-hidden="true"><circle cx="9" cy="9" r="6.5"/><path d="M9 2.5a6.5 6.5 0 0 1 0 13z"/></svg></button>
<p>What <code>${escaped(store)}</code> holds, as of <time id="built" datetime="${escaped(time)}">${timeText(time)}</time>. All times are UTC. <span id="stale" hidden></span></p>${doubtHtml(report)}
</header>
<main>
${components.length === 0 ? emptyHtml() : bodyHtml(report)}
</main>
<footer>
<p>The next backup is due after the usual gap, the median of those between the last ten complete backups: no schedule is known here. A backup counts as late when a quarter of that gap has passed beyond it.</p>
<p>How long backups took is not recorded in the store, so it is not shown.</p>
<p id="said" class="sr" role="status"></p>
</footer>
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`
}

function bodyHtml(report: HistoryReport): string {
  const { components, time } = report
  const today = dayOf(time)
  const start = new Date(calendarStart(today)).toISOString().slice(0, 10)
  const own = new Map<Component, ByDay>(components.map(({ component, backups }) => [component, byDay(backups)]))
  const days = new Set([...own.values()].flatMap(found => [...found.keys()]))
  const shown = [...days].filter(day => day >= start && day <= today).sort()
  const calendars = components.map(
    history =>
      `<div><h3>${history.component}</h3>${calendarHtml(history, own.get(history.component) ?? new Map(), today)}</div>`,
  )
  return `<h2 class="sr">State</h2>
${statesHtml(report)}
<h2>The last year</h2>
<p>Choose a day for its backups and the command that restores them. It shows its plan before it touches anything, and needs the key; for a database, DATABASE_URL or --target-url, too. <span class="hint">Arrow keys move by day and week.</span></p>
<noscript><p>Without scripts no day can be chosen here; comeback list shows the same backups.</p></noscript>
<div class="board">
${calendars.join('\n')}
${legendHtml()}
</div>
<div role="region" aria-label="The chosen day">
${shown.map(day => dayHtml(day, own, report)).join('\n')}
<article id="nothing" class="day" hidden><h3></h3><p class="note">Nothing was backed up on this day.</p><button type="button">Go to the last day before it that has a record</button></article>
</div>
<h2>Size, growth, recovery</h2>
<p>Each chart begins at zero and has its own scale. Gaps are those between the backups that are kept: further back, what retention removed leaves gaps, too.</p>
${components.map(history => chartsHtml(history, time)).join('\n')}`
}

function doubtHtml(report: HistoryReport): string {
  const text = doubtText(report)
  return text === undefined ? '' : `\n<p class="doubt">${text}</p>`
}

/** The script finds what it looks for, on a page that has nothing to choose, too. */
function emptyHtml(): string {
  return `<div class="blank"><p>When the first backup is made, its day appears here.</p><code>comeback backup all</code></div>
<article id="nothing" class="day" hidden><h3></h3><button type="button"></button></article>`
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}
