/** What came of every point that was tried. */
import type { StoreKind } from './subject.ts'

/** `loss`: what was safe is gone. `lie`: said to be well, and is not. `stuck`: the next run fails. `left`: remains that nobody takes away. */
export type Fault = 'loss' | 'lie' | 'hang' | 'stuck' | 'left'

export interface Point {
  /** What is done to the run: `killed`, `cut`, … */
  readonly campaign: string
  /** What was running: `restore, atomic`. */
  readonly what: string
  readonly store: StoreKind
  /** Whether it came while the run was under way; it may have ended before. */
  readonly met: boolean
  readonly faults: readonly { readonly fault: Fault; readonly why: string }[]
}

export interface Tally {
  readonly points: readonly Point[]
  add(point: Point): void
  /** Of the points so far. */
  readonly failed: readonly Point[]
}

export function startTally(note: (line: string) => void): Tally {
  const points: Point[] = []
  return {
    points,
    add(point) {
      points.push(point)
      const { campaign, what, store, met, faults } = point
      const said = faults.map(({ fault, why }) => `\n    ${fault}: ${why}`).join('')
      note(`${points.length} ${campaign}: ${what} (${store})${met ? '' : ', too late'}${said}`)
    },
    get failed() {
      return points.filter(({ faults }) => faults.length > 0)
    },
  }
}
