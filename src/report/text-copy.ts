/** What was copied: a line for each backup that was not there already, and the sum. */
import type { CopiedBackup, CopyReport } from './copy-report.ts'
import type { Palette } from './palette.ts'
import { countText, sizeText } from './quantities.ts'
import { indented } from './text-error.ts'

const WORDS: Readonly<Record<CopiedBackup['status'], string>> = {
  copied: 'copied',
  planned: 'would be copied',
  present: 'there already',
  failed: 'FAILED',
  left: 'not begun',
}

export function copyLines(report: CopyReport, palette: Palette): readonly string[] {
  const { warnings, from, to } = report
  return [
    ...report.backups.filter(({ status }) => status !== 'present').flatMap(backup => backupLines(backup, palette)),
    copySum(report),
    ...warnings.map(text => `${palette.yellow('warning:')} ${indented(text)}`),
    palette.dim(`from ${from} to ${to}`),
  ]
}

/** `3 backups copied, 1 there already: 12 objects, 34 MB`. */
export function copySum({ backups, objects, bytes }: CopyReport): string {
  const parts = Object.entries(WORDS).flatMap(([status, text]) => {
    const count = backups.filter(backup => backup.status === status).length
    return count === 0 ? [] : [`${countText(count, 'backup')} ${text}`]
  })
  return `${parts.join(', ')}: ${countText(objects, 'object')}, ${sizeText(bytes)}`
}

function backupLines(
  { component, id, status, objects, bytes, error }: CopiedBackup,
  palette: Palette,
): readonly string[] {
  const { bold, green, red, yellow, dim } = palette
  const style = { copied: green, planned: dim, present: dim, failed: red, left: yellow }[status]
  const size = objects === 0 ? '' : `, ${countText(objects, 'object')}, ${sizeText(bytes)}`
  return [
    `${bold(component)} ${id} ${style(WORDS[status])}${size}`,
    ...(error === undefined ? [] : [`  ${indented(error.message)}`]),
    ...(error?.hint === undefined ? [] : [`  hint: ${indented(error.hint)}`]),
  ]
}
