/** Progress for logs and pipes: a line at each new phase, and now and then one on the bytes of each component. */
import type { ProgressEvent } from '../engine/progress.ts'
import { onOneLine } from '../report/printable.ts'
import { type Display, type DisplayOptions, isRemark, planLines, quietDisplay } from './display.ts'
import { createTally, numbersOf } from './tally.ts'

/** Milliseconds between two lines on the bytes of one component. */
const BYTES_INTERVAL = 30_000

export function plainDisplay(options: DisplayOptions): Display {
  const { scrub, now } = options
  const quiet = quietDisplay(options)
  const phases = new Map<string, string>()
  const spokenAt = new Map<string, number>()
  const tally = createTally(now)
  const report = (event: ProgressEvent): void => {
    tally.add(event)
    if (isRemark(event)) quiet.report(event)
    if (event.type === 'plan') for (const text of planLines(event.plan, options)) quiet.line(text)
    if (isRemark(event) || event.type === 'done' || event.type === 'plan' || event.type === 'names') return
    const { component } = event
    const last = spokenAt.get(component) ?? now()
    spokenAt.set(component, last)
    if (event.type === 'phase') {
      const text = onOneLine(scrub(event.text))
      if (phases.get(component) !== text) quiet.line(`${component}: ${text}`)
      phases.set(component, text)
    } else if (event.type === 'bytes' && now() - last >= BYTES_INTERVAL) {
      spokenAt.set(component, now())
      quiet.line(`${component}: ${numbersOf(tally.of(component), now()).join(', ')}`)
    }
  }
  return { ...quiet, report }
}
