/** The summaries of what leaves a store again: a restore, an export. */
import type { Unmade } from '../engine/ports.ts'
import { code, fenced, prose } from './markdown-escape.ts'
import { facts, folded } from './markdown-parts.ts'
import { problemBox } from './markdown-problems.ts'
import { ageText, countText, durationText, rateText, sizeText, timeText } from './quantities.ts'
import type { ExportReport, RestoreReport } from './report.ts'
import { laterStatements, shortText, unmadeTexts } from './unmade-words.ts'

export function restoreMarkdown(report: RestoreReport, now: Date, details: boolean): readonly string[] {
  const { component, id, time, bytes, seconds, summary, safety, problems, unmade = [] } = report
  const short = shortText(unmade)
  const isWhole = problems.length === 0 && unmade.length === 0
  return [
    `## ${isWhole ? '✅' : '⚠️'} Restored${short === '' ? '' : `, ${short}`}: ${component}`,
    '',
    ...facts([
      ['Backup', code(id)],
      ['State of', `${prose(timeText(time))} (${ageText(new Date(time), now)} ago)`],
      ['Took', `${durationText(seconds)} for ${sizeText(bytes)}, ${rateText(bytes, seconds)}`],
    ]),
    ...summary.map(line => `- ${prose(line)}`),
    ...(safety === undefined
      ? []
      : [
          `- What was there before is kept as safety backup ${code(safety.id)}. To bring it back, with the same options: ${code(safety.undo)}`,
        ]),
    '',
    ...unmadeSection(unmade, details),
    ...problemBox(problems),
  ]
}

/** Statements show how the database is built. */
function unmadeSection(unmade: readonly Unmade[], details: boolean): readonly string[] {
  if (unmade.length === 0) return []
  const statements = details ? laterStatements(unmade).flatMap(sql => sql.split('\n')) : []
  return [
    ...problemBox(unmadeTexts(unmade)),
    ...(statements.length === 0
      ? []
      : folded('To make it as it was, once the reasons are gone', fenced('sql', statements))),
  ]
}

export function exportMarkdown({ component, id, directory, files, bytes, decrypt }: ExportReport): readonly string[] {
  return [
    `## ✅ Exported: ${component}`,
    '',
    ...facts([
      ['Backup', code(id)],
      ['Files', `${countText(files.length, 'file')}, ${sizeText(bytes)}, in ${code(directory)}`],
    ]),
    '',
    'To restore it without Comeback, in that folder, with the key in a file outside of it:',
    '',
    ...fenced('sh', decrypt.split('\n')),
    '',
  ]
}
