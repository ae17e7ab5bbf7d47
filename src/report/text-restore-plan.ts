/** A restore that was only planned, as a person reads it before saying yes. */
import type { DatabaseTarget, FolderTarget } from '../engine/ports.ts'
import type { Palette } from './palette.ts'
import { ageText, countText, sizeText, timeText } from './quantities.ts'
import type { RestorePlanReport } from './restore-plan-report.ts'
import { indented } from './text-error.ts'

const MODES = {
  atomic: 'atomic: all of it in one transaction, or nothing',
  parallel: 'parallel: through several connections into the empty database',
} as const

export function restorePlanLines(report: RestorePlanReport, { bold, dim, red, yellow }: Palette): readonly string[] {
  const { component, id, status, time, age, bytes, store, target } = report
  const made = `${timeText(time)}, ${secondsText(age)} ago`
  return [
    `${bold(component)} restore plan; nothing was changed`,
    `  backup  ${id}, ${status === 'partial' ? yellow(status) : status}, ${sizeText(bytes)}`,
    `          made ${made}, in ${store}`,
    ...(target.kind === 'database' ? databaseLines(target) : folderLines(target)),
    ...target.losses.map(({ what, names }) => `  ${red('lost:')}   ${what}${namesText(names)}`),
    ...(target.losses.length === 0 ? [] : [`          and whatever else was written there since the backup was made`]),
    ...target.problems.flatMap(({ message, hint }) => [
      `  ${yellow('warning:')} ${indented(message)}`,
      ...(hint === undefined ? [] : [`    hint: ${indented(hint)}`]),
    ]),
    ...verdictLines(target, { red, dim }),
  ]
}

/** `3 tables, 1 view`. */
export function countsText(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([kind, number]) => countText(number, kind))
    .join(', ')
}

/** `100,000 files or more`. */
export function filesText({ files, more }: FolderTarget['holds']): string {
  if (files === 0) return 'no files'
  return `${countText(files, 'file')}${more ? ' or more' : ''}`
}

/** What the backup puts into a folder. */
export function bringsText({ files, folders, links, bytes }: FolderTarget['brings']): string {
  const more = [
    ...(folders === 0 ? [] : [countText(folders, 'folder')]),
    ...(links === 0 ? [] : [countText(links, 'link')]),
  ]
  return [`${countText(files, 'file')} (${sizeText(bytes)})`, ...more].join(', ')
}

export function modeText({ mode }: DatabaseTarget): string {
  return mode === undefined ? 'none that fits' : MODES[mode]
}

export function secondsText(seconds: number): string {
  return ageText(new Date(0), new Date(seconds * 1000))
}

function databaseLines(target: DatabaseTarget): readonly string[] {
  const { place, database, user, server, holds } = target
  const now =
    holds === undefined ? 'empty' : `${countsText(holds.counts)}${namesText(holds.examples)}, ${sizeText(holds.bytes)}`
  return [
    `  into    ${place} (database ${database}), as ${user}, ${server}`,
    `  now     ${now}`,
    `  mode    ${modeText(target)}`,
  ]
}

function folderLines({ place, brings, holds }: FolderTarget): readonly string[] {
  return [`  into    ${place}`, `  now     ${filesText(holds)}`, `  brings  ${bringsText(brings)}`]
}

function verdictLines(
  target: RestorePlanReport['target'],
  { red, dim }: Pick<Palette, 'red' | 'dim'>,
): readonly string[] {
  if (target.refusal !== undefined) {
    const { message, hint, code } = target.refusal
    return [
      `  ${red('would be refused:')} ${indented(message)}`,
      ...(hint === undefined ? [] : [`    hint: ${indented(hint)}`]),
      dim(`  code: ${code}`),
    ]
  }
  const confirm = target.kind === 'database' && target.needsConfirmation
  return [`  To carry it out: the same without --dry-run${confirm ? `, with --confirm ${target.database}` : ''}`]
}

function namesText(names: readonly string[]): string {
  return names.length === 0 ? '' : ` (${names.join(', ')})`
}
