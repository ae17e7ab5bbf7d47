/** What a check found: the damage first, then how far it looked. */
import type { Amount, CheckedComponent, CheckFinding, CheckReport } from './check-report.ts'
import { code, prose } from './markdown-escape.ts'
import { alert, facts, markdownTable } from './markdown-parts.ts'
import { countText, durationText, sizeText } from './quantities.ts'

/** Findings that are shown; the rest are counted. */
const SHOWN = 40
/** Backups that are named of those which one finding hurts. */
const HURT_SHOWN = 5

export function checkMarkdown(report: CheckReport): readonly string[] {
  const { store, seconds, key, percent, components, findings, foreign } = report
  return [
    `## ${findings.length === 0 ? '✅ Check: all is whole' : `❌ Check: ${countText(findings.length, 'finding')}`}`,
    ...findingBox(findings),
    ...markdownTable(
      [
        { head: 'Component' },
        { head: 'Whole', right: true },
        { head: 'Hurt', right: true },
        { head: 'Authenticated', right: true },
        { head: 'Objects there', right: true },
        { head: 'Read', right: true },
        { head: 'Chunks compared', right: true },
        { head: 'Of no backup', right: true },
      ],
      components.map(row),
    ),
    ...facts([
      ['Store', code(store)],
      ['Took', durationText(seconds)],
      ['Read', percent === 0 ? 'nothing: names and sizes were compared' : `${percent} % of the objects`],
      key ? undefined : ['Key', 'none at hand, so nothing was authenticated or decrypted'],
      foreign === 0 ? undefined : ['Not of a backup', `${countText(foreign, 'name')}, left alone`],
    ]),
    '',
  ]
}

function row({ component, backups, ...checked }: CheckedComponent): readonly string[] {
  return [
    `${backups.hurt === 0 ? '✅' : '❌'} ${component}`,
    backups.whole.toLocaleString('en'),
    backups.hurt.toLocaleString('en'),
    checked.authenticated.toLocaleString('en'),
    `${checked.present.objects.toLocaleString('en')} of ${amountText(checked.named)}`,
    amountText(checked.read),
    checked.chunks.toLocaleString('en'),
    amountText(checked.orphans),
  ]
}

function findingBox(findings: readonly CheckFinding[]): readonly string[] {
  if (findings.length === 0) return []
  const more = findings.length - SHOWN
  return alert('CAUTION', [
    ...findings.slice(0, SHOWN).map(findingLine),
    ...(more > 0 ? [`- … and ${more.toLocaleString('en')} more.`] : []),
  ])
}

function findingLine({ code: kind, message, hint, hurts }: CheckFinding): string {
  const more = hurts.length - HURT_SHOWN
  const ids = hurts.slice(0, HURT_SHOWN).map(code).join(', ')
  const hurt = hurts.length === 0 ? '' : `<br>Hurts ${ids}${more > 0 ? ` and ${more.toLocaleString('en')} more` : ''}.`
  return `- ${prose(message)} (${code(kind)})${hurt}<br>**What to do:** ${prose(hint)}`
}

function amountText({ objects, bytes }: Amount): string {
  return objects === 0 ? '0' : `${objects.toLocaleString('en')} (${sizeText(bytes)})`
}
