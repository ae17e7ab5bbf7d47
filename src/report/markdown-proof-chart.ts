/** How long the restores took and how large the backups were, over the last proofs. */
import { dayLabels, distinct, sizeSteps, xyChart } from './markdown-chart.ts'
import { folded } from './markdown-parts.ts'
import type { ProofPoint } from './proof.ts'

const SHOWN = 30
/** With so many, a month and a day have room beside each other. */
const ROOMY = 16
const MINUTE = 60

/** Nothing where there is only one proof. */
export function proofCharts(history: readonly ProofPoint[]): readonly string[] {
  const points = history.slice(-SHOWN)
  if (points.length < 2) return []
  // A proof that did not come so far has no time, and a line has no gaps: it is left out there.
  const restored = points.flatMap(({ time, restoreSeconds }) =>
    restoreSeconds === undefined ? [] : [{ time, restoreSeconds }],
  )
  const slowest = Math.max(0, ...restored.map(({ restoreSeconds }) => restoreSeconds))
  const [unit, divisor] = slowest >= 10 * MINUTE ? (['minutes', MINUTE] as const) : (['seconds', 1] as const)
  const sizes = sizeSteps(Math.max(...points.map(({ bytes }) => bytes)))
  return folded(`The last ${points.length} proofs`, [
    ...(restored.length < 2
      ? []
      : [
          'How long the restore took.',
          '',
          ...xyChart({
            labels: labelsOf(restored),
            unit,
            height: 220,
            bars: restored.map(({ restoreSeconds }) => restoreSeconds / divisor),
          }),
          '',
        ]),
    'How much came back.',
    '',
    ...xyChart({
      labels: labelsOf(points),
      unit: sizes.unit,
      height: 220,
      bars: points.map(({ bytes }) => bytes / sizes.divisor),
    }),
  ])
}

function labelsOf(points: readonly { readonly time: string }[]): readonly string[] {
  return points.length > ROOMY ? dayLabels(points) : distinct(points.map(({ time }) => time.slice(5, 10)))
}
