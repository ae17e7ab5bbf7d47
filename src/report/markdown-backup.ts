/** The summary of a backup run: failures first, then the numbers side by side, then each backup's particulars. */
import { sizeChart } from './markdown-chart.ts'
import { decryptSection, type MadeBackup } from './markdown-decrypt.ts'
import { code } from './markdown-escape.ts'
import { facts, folded, markdownTable } from './markdown-parts.ts'
import { failureBox, problemBox } from './markdown-problems.ts'
import { pruneMarkdown } from './markdown-prune.ts'
import { countText, durationText, rateText, sizeText, timeText } from './quantities.ts'
import type { BackupOutcome, BackupReport } from './report.ts'
import { HOLDS_WORDS } from './standing-words.ts'

/** Milliseconds. */
const DAY = 24 * 60 * 60 * 1000

export function backupMarkdown(
  { store, backups, pruned }: BackupReport,
  { details, now }: { readonly details: boolean; readonly now: Date },
): readonly string[] {
  const failed = backups.filter(outcome => outcome.status === 'failed')
  const made = backups.filter(outcome => outcome.status !== 'failed')
  return [
    `## ${title(backups)}`,
    ...failed.flatMap(({ component, error, placeholder }) => [
      ...failureBox(`The backup of ${component} failed`, error),
      ...(placeholder === undefined
        ? []
        : [`What it had stored is kept as placeholder ${code(placeholder)}; the next backup builds on it.`, '']),
    ]),
    ...(made.length === 0 ? [] : overview(made)),
    `In ${code(store)}.`,
    '',
    ...made.flatMap(backup => [
      ...(backups.length > 1 ? [`### ${backup.component}`, ''] : []),
      ...particulars(backup, now),
      ...problemBox(backup.problems),
      ...sizeChart(backup.history),
      ...largestSegments(backup, details),
      ...decryptSection(backup, store),
    ]),
    ...(pruned === undefined
      ? []
      : pruned.command === 'error'
        ? failureBox('The backups are made, but pruning failed', pruned.error)
        : pruneMarkdown(pruned)),
  ]
}

function title(backups: readonly BackupOutcome[]): string {
  const named = (wanted: BackupOutcome['status']): string =>
    backups
      .filter(({ status }) => status === wanted)
      .map(outcome => `${outcome.component}${lacksText(outcome)}`)
      .join(', ')
  const [failed, partial, complete] = [named('failed'), named('partial'), named('complete')]
  const parts = [
    ...(failed === '' ? [] : [`${failed} failed`]),
    ...(partial === '' ? [] : [`${partial} partial`]),
    ...(complete === '' ? [] : [`${complete} complete`]),
  ]
  return `${failed !== '' ? '❌' : partial !== '' ? '⚠️' : '✅'} Backup: ${parts.join('; ')}`
}

function overview(made: readonly MadeBackup[]): readonly string[] {
  return markdownTable(
    [
      { head: 'Component' },
      { head: 'Backup' },
      { head: 'Size', right: true },
      { head: 'New', right: true },
      { head: 'Stored', right: true },
      { head: 'Took', right: true },
      { head: 'Rate', right: true },
    ],
    made.map(({ component, status, id, bytes, seconds, ...backup }) => [
      `${status === 'complete' ? component : `${component} (${status})`}${lacksText(backup)}`,
      code(id),
      sizeText(bytes.read),
      `${sizeText(bytes.new)} (${percent(bytes.new, bytes.read)})`,
      sizeText(bytes.stored),
      durationText(seconds),
      rateText(bytes.read, seconds),
    ]),
  )
}

function lacksText(outcome: Pick<MadeBackup, 'holds'> | BackupOutcome): string {
  return 'holds' in outcome && outcome.holds !== undefined ? ` (${HOLDS_WORDS[outcome.holds]})` : ''
}

function particulars(backup: MadeBackup, now: Date): readonly string[] {
  const { expires } = backup
  return [
    ...facts([
      ['Taken', timeText(backup.time)],
      ['Holds', `${countText(backup.segments, 'segment')} in ${countText(backup.chunks, 'chunk')}`],
      ['Stands on', footing(backup)],
      expires === undefined
        ? undefined
        : ['Kept until', `${expires.slice(0, 10)} (for ${countText(daysUntil(expires, now), 'day')})`],
      backup.tool === undefined ? undefined : ['Schema read by', code(backup.tool)],
      ['Key id', code(backup.keyId)],
    ]),
    '',
  ]
}

function daysUntil(iso: string, now: Date): number {
  return Math.max(0, Math.round((new Date(iso).getTime() - now.getTime()) / DAY))
}

function footing({ full, leansOn, base }: MadeBackup): string {
  if (full) return 'itself: a full backup'
  if (leansOn === 0) return 'itself: it needs no older backup'
  return `${countText(leansOn, 'older pack')}${base === undefined ? '' : `; compared with ${code(base)}`}`
}

/** Summaries of public repositories are public, and so would be the names of tables and files. */
function largestSegments({ largest, bytes }: MadeBackup, details: boolean): readonly string[] {
  if (largest.length === 0) return []
  return folded(
    `Largest segments${details ? '' : ', without their names'}`,
    markdownTable(
      [{ head: details ? 'Segment' : '#' }, { head: 'Size', right: true }, { head: 'Share', right: true }],
      largest.map((segment, index) => [
        details ? code(segment.name) : `${index + 1}`,
        sizeText(segment.bytes),
        percent(segment.bytes, bytes.read),
      ]),
    ),
  )
}

/** `0 %`, `0.4 %`, `37 %`. */
function percent(part: number, whole: number): string {
  const value = whole === 0 ? 0 : (100 * part) / whole
  return `${value > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} %`
}
