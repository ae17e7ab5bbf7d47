/** How a component's backups grew, as a chart that GitHub draws. */
import { fenced } from './markdown-escape.ts'
import { folded } from './markdown-parts.ts'
import type { HistoryPoint } from './report.ts'

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const

/** Nothing where there is only one backup. */
export function sizeChart(history: readonly HistoryPoint[]): readonly string[] {
  if (history.length < 2) return []
  const { unit, divisor } = sizeSteps(Math.max(...history.flatMap(({ bytes, stored }) => [bytes, stored])))
  const lines = [
    'Bars: what a backup restores to. Line: what it added to the store.',
    '',
    ...xyChart({
      labels: dayLabels(history),
      unit,
      height: 300,
      bars: history.map(({ bytes }) => bytes / divisor),
      line: history.map(({ stored }) => stored / divisor),
    }),
  ]
  return folded(`Sizes of the last ${history.length} backups`, lines, true)
}

/** In which unit sizes up to this one are drawn. */
export function sizeSteps(largest: number): { readonly unit: string; readonly divisor: number } {
  const step = Math.min(Math.max(0, Math.floor(Math.log10(Math.max(1, largest)) / 3)), UNITS.length - 1)
  return { unit: UNITS[step] ?? 'B', divisor: 1000 ** step }
}

export interface XyChart {
  /** No two alike. */
  readonly labels: readonly string[]
  readonly unit: string
  /** Pixels. */
  readonly height: number
  readonly bars: readonly number[]
  readonly line?: readonly number[]
}

/** A fenced block that GitHub draws. */
export function xyChart({ labels, unit, height, bars, line = [] }: XyChart): readonly string[] {
  const rounded = (values: readonly number[]) => values.map(value => Number(value.toPrecision(4))).join(', ')
  const top = Number((Math.max(...bars, ...line) * 1.1 || 1).toPrecision(4))
  return fenced('mermaid', [
    '---',
    'config:',
    '    xyChart:',
    '        width: 900',
    `        height: ${height}`,
    '---',
    'xychart-beta',
    `    x-axis [${labels.map(label => `"${label}"`).join(', ')}]`,
    `    y-axis "${unit}" 0 --> ${top}`,
    `    bar [${rounded(bars)}]`,
    ...(line.length === 0 ? [] : [`    line [${rounded(line)}]`]),
  ])
}

/** The day of the month, as thirty whole dates have no room beside each other. */
export function dayLabels(history: readonly { readonly time: string }[]): readonly string[] {
  return distinct(history.map(({ time }) => String(new Date(time).getUTCDate())))
}

/** Two equal labels would be one place on the axis, so the later ones get a space of no width behind them. */
export function distinct(labels: readonly string[]): readonly string[] {
  const seen = new Map<string, number>()
  return labels.map(label => {
    const before = seen.get(label) ?? 0
    seen.set(label, before + 1)
    return label + '\u200b'.repeat(before)
  })
}
