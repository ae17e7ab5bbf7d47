/** The plan of `prune`, or what it did: a line for each backup with the reasons, and the sum. */

import type { Palette } from './palette.ts'
import { onOneLine, widthOf } from './printable.ts'
import type { PrunedBackup, PruneProblem, PruneReport } from './prune-report.ts'
import { countText, sizeText } from './quantities.ts'
import { HOLDS_WORDS } from './standing-words.ts'
import { foreignLines } from './text-list.ts'
import { wrapped } from './wrap.ts'

/** Columns of a terminal, and of what stands before the reasons: action, component, id, size. */
const WIDTH = 80
const COLUMNS = [7, 8, 23, 6] as const
const REASONS_AT = COLUMNS.reduce((sum, width) => sum + width + 2, 0)

const LEGEND = {
  keep: 'keep',
  remove: 'remove',
  refused: 'REFUSED',
} as const

export function pruneLines(report: PruneReport, palette: Palette): readonly string[] {
  const { store, applied, backups, leftovers, removed } = report
  const { dim } = palette
  const notes = [
    ...foreignLines(report.foreign, palette),
    ...report.problems.flatMap(problem => problemLines(problem, palette)),
  ]
  if (backups.length === 0 && leftovers.length === 0) return [`There is nothing to prune in ${store}.`, ...notes]
  return [
    ...backups.flatMap(backup => backupLines(backup, palette)),
    ...leftovers.flatMap(({ component, id, objects, bytes }) =>
      rowLines('remove', component, id, bytes, `left over: ${countText(objects, 'object')} without a record`, palette),
    ),
    '',
    ...wrapped(`The rule: ${report.policy.join(', ')}.`, WIDTH, 2),
    ...wrapped(sumText(report), WIDTH, 2),
    ...notes,
    ...(applied || removed.objects === 0
      ? []
      : [dim('This is a plan; nothing was changed. With --apply it is carried out.')]),
  ]
}

function backupLines(backup: PrunedBackup, palette: Palette): readonly string[] {
  const { component, id, status, holds, action, reasons, frees, outlived } = backup
  const words = [
    ...(status === 'complete' ? [] : [status === 'failed' ? 'failed run' : status]),
    ...(holds === undefined ? [] : [HOLDS_WORDS[holds]]),
    ...reasons,
    ...(action === 'remove' && outlived > 0 ? [`${countText(outlived, 'object')} of it still needed`] : []),
  ]
  return rowLines(action, component, id, frees.bytes, words.join(', '), palette)
}

function rowLines(
  action: PrunedBackup['action'],
  component: string,
  id: string,
  bytes: number,
  words: string,
  { green, red, yellow, dim }: Palette,
): readonly string[] {
  const style = { keep: green, remove: yellow, refused: red }[action]
  const [first, second, third, fourth] = COLUMNS
  const head = [
    style(LEGEND[action]) + ' '.repeat(first - LEGEND[action].length),
    component.padEnd(second),
    id.padEnd(third),
    (bytes === 0 ? '' : sizeText(bytes)).padStart(fourth),
  ].join('  ')
  const why = onOneLine(words)
  if (widthOf(why) <= WIDTH - REASONS_AT) return [`${head}  ${dim(why)}`]
  const margin = ' '.repeat(first + 2)
  return [head.trimEnd(), ...wrapped(why, WIDTH - margin.length, 0).map(line => margin + dim(line))]
}

function sumText({ store, applied, kept, removed }: PruneReport): string {
  const stay = `${countText(kept.backups, 'backup')} (${sizeText(kept.bytes)})`
  if (removed.objects === 0) return `${applied ? 'Nothing was removed' : 'Nothing would go'}: ${stay} in ${store}.`
  const gone = `${countText(removed.backups, 'backup')}, ${countText(removed.objects, 'object')}, ${sizeText(removed.bytes)}`
  return `${applied ? 'Removed' : 'Would remove'} ${gone}. ${stay} ${applied ? 'stay' : 'would stay'} in ${store}.`
}

function problemLines({ severity, message, hint }: PruneProblem, { red, yellow }: Palette): readonly string[] {
  const [label, style] = severity === 'failed' ? ['failed:', red] : ['warning:', yellow]
  const [first = '', ...more] = wrapped(`${label} ${onOneLine(message)}`, WIDTH, 2)
  return [
    style(label) + first.slice(label.length),
    ...more,
    ...(hint === undefined ? [] : wrapped(`  hint: ${onOneLine(hint)}`, WIDTH, 4)),
  ]
}
