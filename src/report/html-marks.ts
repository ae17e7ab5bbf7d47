/** What a backup came to, as a mark and a word: a colour alone says nothing to many, and nothing on paper. */
import type { HistoryBackup } from './history-report.ts'

export type Mark = 'verified' | 'complete' | 'unproved' | 'partial' | 'failed' | 'disproved' | 'safety'

export const MARK_WORDS: Readonly<Record<Mark, string>> = {
  verified: 'Verified: restored and compared',
  complete: 'Complete',
  unproved: 'Complete, could not be verified',
  partial: 'Partial',
  failed: 'Failed or damaged',
  disproved: 'Did not restore as it was',
  safety: 'Made before a restore',
}

/** Of several on one day the first of these counts: a proof that failed must not hide behind a backup that was not proved. */
const ORDER: readonly Mark[] = ['disproved', 'verified', 'complete', 'unproved', 'partial', 'failed', 'safety']

export function markOf({ status, discount, holds, purpose, proof }: HistoryBackup): Mark {
  // Whatever it claims: nobody with the key says so.
  if (discount !== undefined) return 'unproved'
  if (status === 'failed' || status === 'damaged') return 'failed'
  if (proof?.verdict === 'failed') return 'disproved'
  if (purpose === 'safety') return 'safety'
  if (status === 'partial' || holds !== undefined) return 'partial'
  if (proof?.verdict === 'verified') return 'verified'
  return proof === undefined ? 'complete' : 'unproved'
}

/** Undefined of none. */
export function markOfDay(backups: readonly HistoryBackup[]): Mark | undefined {
  const marks = new Set(backups.map(markOf))
  return ORDER.find(mark => marks.has(mark))
}

/** Whether something went wrong on a day that ended well. */
export function hasFlaw(backups: readonly HistoryBackup[]): boolean {
  const mark = markOfDay(backups)
  if (mark === 'failed' || mark === 'partial' || mark === 'disproved') return false
  return backups.some(backup => ['failed', 'partial'].includes(markOf(backup)))
}

export function markSvg(mark: Mark, flawed = false): string {
  const dot = flawed ? '<circle class="f" cx="11.4" cy="2.6" r="3.1"/>' : ''
  return `<svg class="m ${mark}" aria-hidden="true" viewBox="0 0 14 14"><use href="#m-${mark}"/>${dot}</svg>`
}

/** The shapes, once for the page; `a` is filled with the mark's own colour, `b` drawn in the one that stands out on it. */
export const MARK_SYMBOLS = `<svg class="symbols" aria-hidden="true">${Object.entries({
  verified: '<rect class="a" width="14" height="14" rx="3"/><path class="b" d="M3.6 7.3 6 9.7l4.6-5"/>',
  complete: '<rect class="a" width="14" height="14" rx="3"/>',
  unproved:
    '<rect class="a" width="14" height="14" rx="3"/><path class="b" d="M5 5.3a2 2 0 1 1 2.9 1.8c-.6.3-.9.7-.9 1.3"/><circle class="c" cx="7" cy="10.6" r=".9"/>',
  partial:
    '<rect class="o" x=".75" y=".75" width="12.5" height="12.5" rx="2.4"/><path class="a" d="M1 10.6 10.6 1H3a2 2 0 0 0-2 2z"/>',
  failed:
    '<rect class="o" x=".75" y=".75" width="12.5" height="12.5" rx="2.4"/><path class="x" d="m4.4 4.4 5.2 5.2m0-5.2L4.4 9.6"/>',
  disproved:
    '<rect class="a" width="14" height="14" rx="3"/><path class="b" d="M7 3.2v4.6"/><circle class="c" cx="7" cy="10.5" r="1"/>',
  safety: '<circle class="o" cx="7" cy="7" r="4"/>',
})
  .map(([name, shape]) => `<symbol id="m-${name}" viewBox="0 0 14 14">${shape}</symbol>`)
  .join('')}</svg>`
