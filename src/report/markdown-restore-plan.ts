/** The plan of a restore, for whoever has to approve it. */

import type { DatabaseTarget, FolderTarget } from '../engine/ports.ts'
import { code, prose } from './markdown-escape.ts'
import { alert, facts } from './markdown-parts.ts'
import { failureBox, problemBox } from './markdown-problems.ts'
import { sizeText, timeText } from './quantities.ts'
import type { RestorePlanReport } from './restore-plan-report.ts'
import { HOLDS_WORDS } from './standing-words.ts'
import {
  bringsText,
  countsText,
  filesText,
  modeText,
  proofText,
  safetyText,
  secondsText,
  sourceText,
  WAYS,
} from './text-restore-plan.ts'

export function restorePlanMarkdown(report: RestorePlanReport, details: boolean): readonly string[] {
  const { component, id, status, holds, time, age, bytes, store, target } = report
  const proof = proofText(report)
  return [
    `## ${target.refusal === undefined ? '📋' : '❌'} Restore plan: ${component}`,
    '',
    'Nothing was changed.',
    ...(target.refusal === undefined ? [] : failureBox('The restore would be refused', target.refusal)),
    '',
    ...facts([
      [
        'Backup',
        `${code(id)}, ${status}${holds === undefined ? '' : `, ${HOLDS_WORDS[holds]}`}, ${sizeText(bytes)}, in ${code(store)}`,
      ],
      ['State of', `${timeText(time)}, ${secondsText(age)} ago`],
      ...(proof === undefined ? [] : [['Proof', proof] as const]),
      ...(target.kind === 'database' ? databaseFacts(target, report, details) : folderFacts(target)),
      ...(report.safety === undefined ? [] : [['Safety', prose(safetyText(report.safety))] as const]),
    ]),
    ...lossBox(target.losses, details),
    ...problemBox(target.problems),
    ...(target.refusal === undefined ? ['', howTo(report), ''] : []),
  ]
}

function databaseFacts(
  target: DatabaseTarget,
  report: RestorePlanReport,
  details: boolean,
): readonly (readonly [string, string])[] {
  const source = sourceText(target, report)
  const { place, database, user, server, holds } = target
  const names = details && holds !== undefined ? ` (${holds.examples.map(code).join(', ')})` : ''
  return [
    ['Into', `${code(place)}, database ${code(database)}, as ${code(user)}, ${prose(server)}`],
    ...(source === undefined ? [] : [['That is', prose(source)] as const]),
    ...(target.chosen === undefined
      ? []
      : [['Only', details ? prose(target.chosen) : 'a part of the backup'] as const]),
    ['There now', holds === undefined ? 'nothing' : `${countsText(holds.counts)}${names}, ${sizeText(holds.bytes)}`],
    ['Mode', modeText(target)],
    ...(target.kept === undefined ? [] : [['Kept as', `${code(target.kept)}, until it is discarded`] as const]),
  ]
}

function folderFacts({ place, way, kept, brings, holds }: FolderTarget): readonly (readonly [string, string])[] {
  return [
    ['Into', code(place)],
    ['There now', filesText(holds)],
    ['Brings', bringsText(brings)],
    ['How', WAYS[way]],
    ...(kept === undefined ? [] : [['What is lost is kept in', code(kept)] as const]),
  ]
}

function lossBox(losses: RestorePlanReport['target']['losses'], details: boolean): readonly string[] {
  if (losses.length === 0) return []
  return alert('CAUTION', [
    '**This will be lost**, with whatever else was written there since the backup was made:',
    '',
    ...losses.map(({ what, names }) => {
      const shown = details && names.length > 0 ? ` (${names.map(code).join(', ')})` : ''
      return `- ${prose(what)}${shown}`
    }),
  ])
}

function howTo({ target, confirm }: RestorePlanReport): string {
  return `To carry it out, run the same without the dry run${confirm === undefined ? '' : `, and confirm the ${target.kind} by its name, ${code(confirm)}`}.`
}
