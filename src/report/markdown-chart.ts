/** How a component's backups grew, as a chart that GitHub draws. */
import { fenced } from './markdown-escape.ts'
import { folded } from './markdown-parts.ts'
import type { HistoryPoint } from './report.ts'

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const

/** Nothing where there is only one backup. */
export function sizeChart(history: readonly HistoryPoint[]): readonly string[] {
  if (history.length < 2) return []
  const largest = Math.max(...history.flatMap(({ bytes, stored }) => [bytes, stored]))
  const step = Math.min(Math.max(0, Math.floor(Math.log10(Math.max(1, largest)) / 3)), UNITS.length - 1)
  const values = (pick: (point: HistoryPoint) => number): string =>
    history.map(point => Number((pick(point) / 1000 ** step).toPrecision(4))).join(', ')
  const lines = [
    'Bars: what a backup restores to. Line: what it added to the store.',
    '',
    ...fenced('mermaid', [
      '---',
      'config:',
      '    xyChart:',
      '        width: 900',
      '        height: 300',
      '---',
      'xychart-beta',
      `    x-axis [${dayLabels(history)
        .map(label => `"${label}"`)
        .join(', ')}]`,
      `    y-axis "${UNITS[step]}" 0 --> ${Number(((largest * 1.1) / 1000 ** step || 1).toPrecision(4))}`,
      `    bar [${values(({ bytes }) => bytes)}]`,
      `    line [${values(({ stored }) => stored)}]`,
    ]),
  ]
  return folded(`Sizes of the last ${history.length} backups`, lines, true)
}

/**
 * The day of the month, as thirty whole dates have no room beside each other. Two equal labels would be one place on the
 * axis, so the later ones get a space of no width behind them.
 */
function dayLabels(history: readonly HistoryPoint[]): readonly string[] {
  const seen = new Map<string, number>()
  return history.map(({ time }) => {
    const day = String(new Date(time).getUTCDate())
    const before = seen.get(day) ?? 0
    seen.set(day, before + 1)
    return day + '\u200b'.repeat(before)
  })
}
