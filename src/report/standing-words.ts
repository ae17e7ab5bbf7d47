/** What counts and what does not, in words, for every rendering of it. */
import type { Discount } from './history-report.ts'
import type { LaterRecord } from './status-report.ts'

export const HOLDS_WORDS: Readonly<Record<'some-rows' | 'structure', string>> = {
  'some-rows': 'without some rows',
  structure: 'structure only',
}

export const LATER_WORDS: Readonly<Record<LaterRecord['status'], string>> = {
  failed: 'failed',
  partial: 'partial',
  damaged: 'damaged',
  future: 'future',
  foreign: 'foreign',
  ...HOLDS_WORDS,
}

/** In a column, and as the end of a sentence about what is so marked. */
export const DISCOUNTS: Readonly<Record<Discount, { readonly word: string; readonly because: string }>> = {
  future: { word: 'future', because: 'is dated in the future' },
  'other-key': { word: 'other key', because: 'was made with another key than the one at hand' },
  'other-store': { word: 'foreign', because: 'was made for another store' },
  'unclear-store': { word: 'unclear', because: 'is of one of several stores, and nothing tells which this is' },
}

export const NO_KEY = 'No key was at hand: nothing here is authenticated, all is as the store claims.'

export function leftText(folders: readonly string[]): string {
  return `Runs that were killed have left ${folders.join(', ')}: decrypted data may lie there. The next run of the same kind on this machine removes it.`
}
