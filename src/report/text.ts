/** A report as text for people. Its strings come in scrubbed and printable; nothing here decides, it only shows. */

import type { Unmade } from '../engine/ports.ts'
import type { Palette } from './palette.ts'
import { countText, durationText, rateText, sizeText, timeText } from './quantities.ts'
import type { BackupOutcome, BackupReport, ExportReport, KeyReport, Report, RestoreReport } from './report.ts'
import { HOLDS_WORDS } from './standing-words.ts'
import { checkLines } from './text-check.ts'
import { copyLines } from './text-copy.ts'
import { indented } from './text-error.ts'
import { historyLines } from './text-history.ts'
import { importLines } from './text-import.ts'
import { initLines } from './text-init.ts'
import { renderList } from './text-list.ts'
import { pruneLines } from './text-prune.ts'
import { restorePlanLines } from './text-restore-plan.ts'
import { statusLines } from './text-status.ts'
import { verifyLines } from './text-verify.ts'
import { isShort, laterStatements, shortText, unmadeTexts } from './unmade-words.ts'

export interface Rendering {
  readonly palette: Palette
  readonly now: Date
  /** Of the reader, where that is not UTC. */
  readonly zone?: string | undefined
  /** Name the tables whose rows changed; not where the whole world reads the log. Default: true. */
  readonly details?: boolean
}

/** Ends in a line break. */
export function renderReport(report: Report, rendering: Rendering): string {
  return `${linesOf(report, rendering).join('\n')}\n`
}

function linesOf(report: Report, { palette, now, zone, details = true }: Rendering): readonly string[] {
  switch (report.command) {
    case 'backup':
      return backupLines(report, palette)
    case 'restore':
      return restoreLines(report, palette)
    case 'discard':
      return [
        `${palette.bold(report.component)} ${palette.green('discarded')}`,
        ...report.summary.map(line => `  ${indented(line)}`),
      ]
    case 'restore-plan':
      return restorePlanLines(report, palette)
    case 'verify':
      return verifyLines(report, palette, { now, details })
    case 'list':
      return renderList(report, palette, { now, zone })
    case 'status':
      return statusLines(report, palette)
    case 'report':
      return historyLines(report, palette)
    case 'check':
      return checkLines(report, palette)
    case 'prune':
      return pruneLines(report, palette)
    case 'import':
      return importLines(report, palette)
    case 'init':
      return initLines(report, palette)
    case 'copy':
      return copyLines(report, palette)
    case 'export':
      return exportLines(report, palette)
    case 'key':
      return keyLines(report)
  }
}

function backupLines({ store, backups, pruned }: BackupReport, palette: Palette): readonly string[] {
  return [
    ...backups.flatMap(outcome => outcomeLines(outcome, palette)),
    ...(pruned === undefined ? [] : prunedLines(pruned, palette)),
    palette.dim(`in ${store}`),
  ]
}

function prunedLines(pruned: NonNullable<BackupReport['pruned']>, palette: Palette): readonly string[] {
  if (pruned.command === 'error') {
    const { message, hint } = pruned.error
    return [
      `${palette.red('Pruning FAILED')}: ${indented(message)}`,
      ...(hint === undefined ? [] : [`  hint: ${indented(hint)}`]),
    ]
  }
  const { removed, problems } = pruned
  const went = `pruned: ${countText(removed.backups, 'backup')} and ${countText(removed.objects, 'object')} went, ${sizeText(removed.bytes)}`
  return [went, ...problems.map(({ message }) => `  ${palette.yellow('warning:')} ${indented(message)}`)]
}

function outcomeLines(outcome: BackupOutcome, palette: Palette): readonly string[] {
  const { bold, red, green, yellow, dim } = palette
  if (outcome.status === 'failed') {
    const { error, placeholder } = outcome
    return [
      `${bold(outcome.component)} ${red('FAILED')}: ${indented(error.message)}`,
      ...(error.hint === undefined ? [] : [`  hint: ${indented(error.hint)}`]),
      ...(placeholder === undefined ? [] : [`  kept as placeholder ${placeholder}, on which the next backup builds`]),
      dim(`  code: ${error.code}`),
    ]
  }
  const { read, new: fresh, stored } = outcome.bytes
  const status = outcome.status === 'complete' ? green('complete') : yellow('partial')
  return [
    `${bold(outcome.component)} ${status} ${outcome.id}${outcome.holds === undefined ? '' : yellow(`, ${HOLDS_WORDS[outcome.holds]}`)}`,
    `  ${sizeText(read)} read, ${sizeText(fresh)} new, ${sizeText(stored)} stored`,
    `  ${durationText(outcome.seconds)}, ${rateText(read, outcome.seconds)}`,
    `  ${footing(outcome.full, outcome.leansOn)}`,
    ...(outcome.tool === undefined ? [] : [`  schema read by ${outcome.tool}`]),
    ...problemLines(outcome.problems, palette),
  ]
}

function footing(full: boolean, leansOn: number): string {
  if (full) return 'full: stands on its own'
  return leansOn === 0 ? 'needs no older backup' : `leans on ${countText(leansOn, 'older pack')}`
}

function restoreLines(report: RestoreReport, palette: Palette): readonly string[] {
  const { bold, green, yellow } = palette
  const { unmade = [] } = report
  const how = isShort(unmade) ? yellow(`restored, ${shortText(unmade)},`) : green('restored')
  return [
    `${bold(report.component)} ${how} from ${report.id} (${timeText(report.time)})`,
    `  ${sizeText(report.bytes)} in ${durationText(report.seconds)}, ${rateText(report.bytes, report.seconds)}`,
    ...report.summary.map(line => `  ${indented(line)}`),
    ...safetyLines(report),
    ...unmadeLines(unmade, palette),
    ...problemLines(report.problems, palette),
  ]
}

function unmadeLines(unmade: readonly Unmade[], palette: Palette): readonly string[] {
  const statements = laterStatements(unmade)
  return [
    ...problemLines(unmadeTexts(unmade), palette),
    ...(statements.length === 0
      ? []
      : ['  To make it as it was, once the reasons are gone:', ...statements.map(sql => `    ${indented(sql)}`)]),
  ]
}

function safetyLines({ safety }: RestoreReport): readonly string[] {
  if (safety === undefined) return []
  return [
    `  What was there before is kept as safety backup ${safety.id}, in ${safety.store}.`,
    `  To bring it back, with the same options: ${safety.undo}`,
  ]
}

function exportLines(report: ExportReport, { bold, green }: Palette): readonly string[] {
  return [
    `${bold(report.component)} ${green('exported')} from ${report.id}`,
    `  ${countText(report.files.length, 'file')}, ${sizeText(report.bytes)}, in ${report.directory}`,
    '  To restore it without Comeback, in that folder, with the key in a file outside of it:',
    `    ${indented(report.decrypt)}`,
  ]
}

function keyLines({ keyId, file }: KeyReport): readonly string[] {
  if (file === undefined) return [keyId]
  return [
    `A new key was written to ${file}.`,
    `  key id: ${keyId}`,
    '  Without it nobody can read the backups: keep a copy elsewhere, in a password manager for example.',
  ]
}

function problemLines(problems: RestoreReport['problems'], { yellow }: Palette): readonly string[] {
  return problems.flatMap(({ severity, message, hint }) => [
    `  ${yellow(severity === 'partial' ? 'missing:' : 'warning:')} ${indented(message)}`,
    ...(hint === undefined ? [] : [`    hint: ${indented(hint)}`]),
  ])
}
