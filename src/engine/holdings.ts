/** Of backups that hold different things the one that holds most: the structure alone never displaces rows, however new it is. */
import type { Holds } from '../format/manifest.ts'

const MOST_FIRST = ['all', 'some-rows', 'structure'] as const satisfies readonly Holds[]

/** The newest of those that hold most. */
export function newestOfMost<T>(newestFirst: readonly T[], holds: (item: T) => Holds): T | undefined {
  for (const most of MOST_FIRST) {
    const found = newestFirst.find(item => holds(item) === most)
    if (found !== undefined) return found
  }
  return undefined
}

/** Whether `held` is no less than `wanted`. */
export function holdsNoLess(held: Holds, wanted: Holds): boolean {
  return MOST_FIRST.indexOf(held) <= MOST_FIRST.indexOf(wanted)
}
