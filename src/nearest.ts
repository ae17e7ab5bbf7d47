/** What somebody who mistyped a word probably meant. */

/** The candidate that begins with the word, or else the one that the fewest slips lie between; none if all are far off. */
export function nearest<Word extends string>(word: string, candidates: readonly Word[]): Word | undefined {
  const longer = candidates.find(candidate => word.length >= 3 && candidate.startsWith(word))
  if (longer !== undefined) return longer
  const ranked = candidates
    .map(candidate => ({ candidate, slips: slipsBetween(word.toLowerCase(), candidate) }))
    .filter(({ candidate, slips }) => slips <= Math.max(1, Math.floor(candidate.length / 3)))
    .sort((left, right) => left.slips - right.slips)
  return ranked[0]?.candidate
}

/** Letters added, dropped, replaced, or swapped with their neighbour (optimal string alignment). */
function slipsBetween(left: string, right: string): number {
  let before: number[] = []
  let row = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let i = 1; i <= left.length; i++) {
    const next = [i]
    for (let j = 1; j <= right.length; j++) {
      const same = left[i - 1] === right[j - 1] ? 0 : 1
      const swapped = i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1]
      next[j] = Math.min(
        (row[j] ?? 0) + 1,
        (next[j - 1] ?? 0) + 1,
        (row[j - 1] ?? 0) + same,
        swapped ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      )
    }
    before = row
    row = next
  }
  return row[right.length] ?? 0
}
