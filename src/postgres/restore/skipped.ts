/** What of a backup's schema a restore leaves out: each entry with its reason, in one line a kind and reason for people. */
import type { Problem } from '../../engine/ports.ts'

export interface SkippedEntry {
  /** pg_dump's word: `FK CONSTRAINT`, `EXTENSION`. */
  readonly kind: string
  readonly name: string
  readonly reason: string
}

/** Names that a line lists; the problem's entries have them all. */
const NAMED = 5

export function skippedProblems(skipped: readonly SkippedEntry[]): Problem[] {
  const groups = Map.groupBy(skipped, ({ kind, reason }) => JSON.stringify([kind, reason]))
  return [...groups.values()].flatMap(group => {
    const [first] = group
    if (first === undefined) return []
    const names = group.slice(0, NAMED).map(({ name }) => name)
    const more = group.length > NAMED ? ` and ${group.length - NAMED} more` : ''
    return [
      {
        severity: 'warning' as const,
        message: `Left out: ${first.kind} ${names.join(', ')}${more}: ${first.reason}.`,
        entries: group.map(({ kind, name }) => `${kind} ${name}`),
      },
    ]
  })
}
