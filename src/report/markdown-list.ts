/** What a store holds, as a table. */
import { code, prose } from './markdown-escape.ts'
import { markdownTable } from './markdown-parts.ts'
import { ageText, countText, sizeText } from './quantities.ts'
import type { ListedBackup, ListReport } from './report.ts'
import { DISCOUNTS, HOLDS_WORDS, NO_KEY } from './standing-words.ts'

/** Strange names that are shown; the rest are counted. */
const FOREIGN_SHOWN = 5

export function listMarkdown(report: ListReport, now: Date): readonly string[] {
  const { store, backups, foreign, unauthenticated } = report
  const failed = backups.filter(({ status }) => status === 'failed').length
  const stored = backups.reduce((sum, backup) => sum + backup.stored, 0)
  const doubtful = backups.some(
    ({ authenticated, status }) => !authenticated && status !== 'damaged' && status !== 'unread',
  )
  return [
    `## Backups: ${backups.length === 0 ? 'none' : countText(backups.length - failed, 'backup')}`,
    '',
    `${failed === 0 ? '' : `And ${countText(failed, 'failed run')}. `}${sizeText(stored)} stored in ${code(store)}.`,
    ...(backups.length === 0 ? [''] : table(backups, now)),
    ...(unauthenticated === true && backups.length > 0
      ? [NO_KEY, '']
      : doubtful
        ? ['? Made with another key than the one at hand, so listed as it claims to be.', '']
        : []),
    ...[...new Set(backups.flatMap(({ discount }) => discount ?? []))].flatMap(discount => [
      `⚠️ ${DISCOUNTS[discount].word}: it ${DISCOUNTS[discount].because}, and counts for nothing here.`,
      '',
    ]),
    ...foreignLines(foreign),
  ]
}

const STATUS = {
  complete: '✅ complete',
  partial: '⚠️ partial',
  failed: '❌ failed',
  damaged: '❌ damaged',
  unread: 'unread',
} as const

function table(backups: readonly ListedBackup[], now: Date): readonly string[] {
  const proved = backups.some(({ proof }) => proof !== undefined)
  const dropped = backups.some(({ expires }) => expires !== undefined)
  const reasons = backups.some(({ reason }) => reason !== undefined)
  return markdownTable(
    [
      { head: 'Status' },
      { head: 'Component' },
      { head: 'Backup (UTC)' },
      { head: 'Age', right: true },
      { head: 'Size', right: true },
      { head: 'New', right: true },
      { head: 'Stored', right: true },
      { head: 'Kind' },
      ...(proved ? [{ head: 'Proved' }] : []),
      ...(dropped ? [{ head: 'The store keeps it until' }] : []),
      ...(reasons ? [{ head: 'Why' }] : []),
    ],
    backups.map(backup => {
      const damaged = backup.status === 'damaged'
      const unread = backup.status === 'unread'
      return [
        `${backup.discount === undefined ? STATUS[backup.status] : `⚠️ ${DISCOUNTS[backup.discount].word}`}${backup.purpose === undefined ? '' : `, ${backup.purpose}`}`,
        backup.component,
        `${code(backup.id)}${backup.authenticated || damaged || unread ? '' : ' ?'}`,
        ageText(new Date(backup.time), now),
        damaged || unread ? '' : sizeText(backup.bytes),
        backup.new === undefined ? '' : sizeText(backup.new),
        damaged ? '' : sizeText(backup.stored),
        kindText(backup),
        ...(proved ? [proofText(backup, now)] : []),
        ...(dropped ? [backup.expires?.slice(0, 10) ?? ''] : []),
        ...(reasons ? [backup.reason === undefined ? '' : prose(backup.reason)] : []),
      ]
    }),
  )
}

function kindText({ full, holds, leansOn }: ListedBackup): string {
  if (holds !== undefined) return HOLDS_WORDS[holds]
  if (leansOn.length > 0) return `leans on ${leansOn.length}`
  return full === true ? 'full' : ''
}

function proofText({ proof }: ListedBackup, now: Date): string {
  if (proof === undefined) return ''
  const age = `${ageText(new Date(proof.time), now)} ago`
  return { verified: `✅ ${age}`, failed: `❌ failed, ${age}`, 'could-not-verify': `⚠️ could not, ${age}` }[
    proof.verdict
  ]
}

function foreignLines(foreign: readonly string[]): readonly string[] {
  if (foreign.length === 0) return []
  const more = foreign.length - FOREIGN_SHOWN
  const names = foreign.slice(0, FOREIGN_SHOWN).map(code).join(', ')
  return [`Not of a backup, left alone: ${names}${more > 0 ? `, and ${more.toLocaleString('en')} more` : ''}.`, '']
}
