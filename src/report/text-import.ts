/** What an import brought over: a line for each file, and the sum. */
import type { ImportedFile, ImportReport } from './import-report.ts'
import type { Palette } from './palette.ts'
import { countText, sizeText, timeText } from './quantities.ts'
import { indented } from './text-error.ts'
import { foreignLines } from './text-list.ts'

export function importLines(report: ImportReport, palette: Palette): readonly string[] {
  const { files, left, from, store, foreign, problems } = report
  const { yellow } = palette
  const notes = [
    ...problems.flatMap(({ message, hint }) => [
      `${yellow('warning:')} ${indented(message)}`,
      ...(hint === undefined ? [] : [`  hint: ${indented(hint)}`]),
    ]),
    ...foreignLines(foreign, palette),
  ]
  if (files.length === 0) return [`There is nothing to import in ${from}.`, ...notes]
  return [
    ...files.flatMap(file => fileLines(file, palette)),
    '',
    `${importSum(report)}, from ${from} into ${store}`,
    ...(left === 0 ? [] : [yellow(`${countText(left, 'file')} not tried any more; run it again.`)]),
    ...notes,
  ]
}

export function importSum({ files }: ImportReport): string {
  const count = (status: ImportedFile['status']) => files.filter(file => file.status === status).length
  const parts = [`${countText(count('imported'), 'backup')} imported`]
  if (count('present') > 0) parts.push(`${count('present')} there already`)
  if (count('failed') > 0) parts.push(`${count('failed')} failed`)
  return parts.join(', ')
}

function fileLines(file: ImportedFile, { bold, green, red, dim, yellow }: Palette): readonly string[] {
  const name = `${bold(file.component)} ${file.file}`
  switch (file.status) {
    case 'imported': {
      const { read, new: fresh } = file.bytes
      return [
        `${green('imported')} ${name} as ${file.id} (${timeText(file.time)})`,
        dim(`  ${sizeText(read)} read, ${sizeText(fresh)} new`),
        ...file.problems.map(({ message }) => `  ${yellow('warning:')} ${indented(message)}`),
      ]
    }
    case 'present':
      return [`${dim('present')}  ${name} as ${file.id}`]
    case 'failed':
      return [
        `${red('FAILED')}   ${name}: ${indented(file.error.message)}`,
        ...(file.error.hint === undefined ? [] : [`  hint: ${indented(file.error.hint)}`]),
        dim(`  code: ${file.error.code}`),
      ]
  }
}
