/** A restore that was only planned, as a person reads it before saying yes. */

import type { DatabaseTarget, FolderTarget } from '../engine/ports.ts'
import type { Palette } from './palette.ts'
import { VERDICT_WORDS } from './proof-words.ts'
import { ageText, countText, durationText, sizeText, timeText } from './quantities.ts'
import type { PlannedSafety, RestorePlanReport } from './restore-plan-report.ts'
import { HOLDS_WORDS } from './standing-words.ts'
import { indented } from './text-error.ts'

const MODES = {
  atomic: 'atomic: all of it in one transaction, or nothing',
  swap: 'swap: into a new database beside this one; then they exchange their names, and this one is kept',
  parallel: 'parallel: through several connections into the empty database',
} as const

export const WAYS = {
  new: 'made beside its place and renamed into it: whole or not at all',
  swap: 'made beside its place and switched in for what is there, which is kept',
  merge: 'file by file, all or none; what the backup does not hold stays',
} as const

/** `now`: it is about to be carried out, and its report will hold the warnings. */
export function restorePlanLines(
  report: RestorePlanReport,
  palette: Palette,
  when: 'dry-run' | 'now' = 'dry-run',
): readonly string[] {
  const { bold, dim, red, yellow } = palette
  const { component, id, status, holds, time, age, bytes, store, target, safety } = report
  const made = `${timeText(time)}, ${secondsText(age)} ago`
  const facts = [
    `${bold(component)} ${when === 'now' ? 'restore:' : 'restore plan; nothing was changed'}`,
    `  backup  ${id}, ${status === 'partial' ? yellow(status) : status}${holds === undefined ? '' : `, ${yellow(HOLDS_WORDS[holds])}`}, ${sizeText(bytes)}`,
    `          made ${made}, in ${store}`,
    ...proofLines(report, palette),
    ...(target.kind === 'database' ? databaseLines(target, report) : folderLines(target)),
    ...target.losses.map(({ what, names }) => `  ${red('lost:')}   ${what}${namesText(names)}`),
    ...(target.losses.length === 0 ? [] : [`          and whatever else was written there since the backup was made`]),
    ...(safety === undefined ? [] : [safetyLine(safety, palette)]),
  ]
  if (when === 'now') return facts
  return [
    ...facts,
    ...target.problems.flatMap(({ message, hint }) => [
      `  ${yellow('warning:')} ${indented(message)}`,
      ...(hint === undefined ? [] : [`    hint: ${indented(hint)}`]),
    ]),
    ...verdictLines(report, { red, dim }),
  ]
}

/** `verified on 2026-11-22 04:27:00 UTC, restored in 90 s`; undefined where nothing was ever proved. */
export function proofText({ id, proof }: Pick<RestorePlanReport, 'id' | 'proof'>): string | undefined {
  if (proof === undefined) return undefined
  const { verdict, time, restoreSeconds } = proof
  const took = restoreSeconds === undefined ? 'not restored to its end' : `restored in ${durationText(restoreSeconds)}`
  if (proof.id !== id) return `none of this backup; ${proof.id} was ${took} on ${timeText(time)}`
  return `${VERDICT_WORDS[verdict]} on ${timeText(time)}, ${took}`
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

export function modeText({ mode, tolerates }: DatabaseTarget): string {
  if (mode === undefined) return 'none that fits'
  if (!tolerates) return MODES[mode]
  const how = mode === 'atomic' ? 'atomic: in one transaction' : MODES[mode]
  return `${how}. All rows, or nothing; what else the server refuses is left out and listed`
}

/** Whether it would be restored over its own source. */
export function sourceText(
  { madeFrom }: DatabaseTarget,
  { ownSource }: Pick<RestorePlanReport, 'ownSource'>,
): string | undefined {
  if (ownSource === undefined) return undefined
  if (ownSource) return 'the database that the backup was made from'
  const from = madeFrom === undefined ? '' : `: made from ${madeFrom.database}, ${madeFrom.server}`
  return `by its address not what was backed up${from}`
}

export function secondsText(seconds: number): string {
  return ageText(new Date(0), new Date(seconds * 1000))
}

function databaseLines(target: DatabaseTarget, plan: RestorePlanReport): readonly string[] {
  const { place, database, user, server, holds, kept, chosen } = target
  const source = sourceText(target, plan)
  const now =
    holds === undefined ? 'empty' : `${countsText(holds.counts)}${namesText(holds.examples)}, ${sizeText(holds.bytes)}`
  return [
    `  into    ${place} (database ${database}), as ${user}, ${server}`,
    ...(source === undefined ? [] : [`          ${source}`]),
    ...(chosen === undefined ? [] : [`  only    ${chosen}`]),
    `  now     ${now}`,
    `  mode    ${modeText(target)}`,
    ...(kept === undefined ? [] : [`  kept    as ${kept}, until it is discarded; the disk must hold both`]),
  ]
}

function folderLines({ place, way, kept, brings, holds }: FolderTarget): readonly string[] {
  return [
    `  into    ${place}`,
    `  now     ${filesText(holds)}`,
    `  brings  ${bringsText(brings)}`,
    `  how     ${WAYS[way]}`,
    ...(kept === undefined ? [] : [`  kept    ${kept}`]),
  ]
}

function proofLines(report: RestorePlanReport, { red }: Palette): readonly string[] {
  const text = proofText(report)
  if (text === undefined) return []
  const { id, proof } = report
  return [`  proof   ${proof?.id === id && proof.verdict === 'failed' ? red(text) : text}`]
}

function safetyLine(safety: PlannedSafety, { red }: Palette): string {
  return `  safety  ${safety.wanted ? safetyText(safety) : red(safetyText(safety))}`
}

/** `a backup of it is made first, in file:./backups (12 MB on its disk)`. */
export function safetyText({ wanted, store, bytes }: PlannedSafety): string {
  if (!wanted) return 'no backup of it is made first, as was asked for'
  return `a backup of it is made first, in ${store}${bytes === undefined ? '' : ` (it takes ${sizeText(bytes)} on its disk)`}`
}

function verdictLines(
  { target, confirm }: RestorePlanReport,
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
  return [`  To carry it out: the same without --dry-run${confirm === undefined ? '' : `, with --confirm ${confirm}`}`]
}

function namesText(names: readonly string[]): string {
  return names.length === 0 ? '' : ` (${names.join(', ')})`
}
