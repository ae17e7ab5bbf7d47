/** The result of `comeback check`: what was looked at, what is wrong with it, and what was not looked at. */
import type { Amount, CheckedComponent, CheckFinding, CheckReport } from './check-report.ts'
import { unchecked } from './check-unchecked.ts'
import type { Palette } from './palette.ts'
import { onOneLine } from './printable.ts'
import { countText, durationText, sizeText } from './quantities.ts'
import { indented } from './text-error.ts'

/** Ids of one finding that are shown; the rest are counted. */
const IDS_SHOWN = 3

export function checkLines(report: CheckReport, palette: Palette): readonly string[] {
  const { yellow, dim } = palette
  return [
    ...report.components.flatMap(checked => componentLines(checked, palette)),
    ...report.findings.flatMap(finding => findingLines(finding, palette)),
    ...unchecked(report).map(text => `${yellow('not checked:')} ${indented(text)}`),
    ...(report.foreign === 0 ? [] : [dim(`${countText(report.foreign, 'file')} in the store, not of a backup`)]),
    dim(`in ${report.store}, ${durationText(report.seconds)}`),
  ]
}

function componentLines(checked: CheckedComponent, { bold, red, green, dim }: Palette): readonly string[] {
  const { component, backups, placeholders, named, present, read, opened, chunks, orphans } = checked
  if (backups.whole + backups.hurt + placeholders === 0) return [`${bold(component)} has no backups`]
  const hurt = backups.hurt === 0 ? '' : `, ${red(`${backups.hurt} hurt`)}`
  const count = countText(backups.whole, 'backup')
  return [
    `${bold(component)} ${backups.whole > 0 ? green(`${count} whole`) : `${count} whole`}${hurt}`,
    `  ${amountText(present)}${present.objects === named.objects ? '' : ` of ${named.objects.toLocaleString('en')}`} there with the right size`,
    ...(read.objects === 0 ? [] : [`  ${amountText(read)} read, with the right SHA-256`]),
    ...(opened === 0
      ? []
      : [`  ${countText(opened, 'object')} decrypted, ${countText(chunks, 'chunk')} with the right content`]),
    ...(placeholders === 0 ? [] : [dim(`  ${countText(placeholders, 'placeholder')} of failed runs`)]),
    ...(orphans.objects === 0 ? [] : [dim(`  harmless: ${amountText(orphans)} that no backup names`)]),
  ]
}

function findingLines({ code, message, hint, hurts }: CheckFinding, { red }: Palette): readonly string[] {
  const more = hurts.length - IDS_SHOWN
  const ids = hurts.slice(0, IDS_SHOWN).map(onOneLine).join(', ')
  return [
    `${red(`${code}:`)} ${indented(message)}`,
    hurts.length === 0 ? '  hurts no backup' : `  hurts ${ids}${more > 0 ? ` and ${more} more` : ''}`,
    `  hint: ${indented(hint)}`,
  ]
}

function amountText({ objects, bytes }: Amount): string {
  return `${countText(objects, 'object')} (${sizeText(bytes)})`
}
