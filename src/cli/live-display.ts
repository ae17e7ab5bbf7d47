/** One live line for each component at work, redrawn in place, with warnings and notices above them. */
import type { ProgressEvent } from '../engine/progress.ts'
import { fitted, onOneLine, widthOf } from '../report/printable.ts'
import { type Display, type DisplayOptions, isRemark, planLines, remarkText } from '../run/display.ts'
import { type Count, createTally, numbersOf } from '../run/tally.ts'

/** Milliseconds between two drawings: ten a second are enough for any eye. */
const FRAME = 100
/** Milliseconds after which the line is drawn again though nothing happened: rates and times go on. */
const IDLE_FRAME = 1_000
const DEFAULT_COLUMNS = 80
const COMPONENT_COLUMNS = 9
/** One, as a terminal wraps when its last one is written, and two for the `^C` that it writes itself. */
const FREE_COLUMNS = 3
/** Columns that the phase gets before numbers are left out for it, and the most that it is padded to. */
const PHASE_LEAST = 16
const PHASE_COLUMNS = 26

export interface LiveOptions extends DisplayOptions {
  /** Calls back each so many milliseconds, until the returned function is called. */
  readonly every: (interval: number, tick: () => void) => () => void
}

export function liveDisplay(options: LiveOptions): Display {
  const { output, scrub, now, every } = options
  const tally = createTally(now)
  const columns = () => output.columns ?? DEFAULT_COLUMNS
  let shown: readonly string[] = []
  let drawnAt = Number.NEGATIVE_INFINITY
  let changed = false
  let stopped = false

  const draw = (above = ''): void => {
    const before = erasing(shown, columns())
    shown = tally.running().map(count => lineOf(count, columns() - FREE_COLUMNS, now(), scrub))
    if (before !== '' || above !== '' || shown.length > 0) output.write(before + above + shown.join('\n'))
    drawnAt = now()
    changed = false
  }
  const cancel = every(FRAME, () => {
    const due = changed ? FRAME : IDLE_FRAME
    if (now() - drawnAt >= due && tally.running().length + shown.length > 0) draw()
  })
  const line = (text: string): void => {
    if (!stopped) draw(`${text}\n`)
    else output.write(`${text}\n`)
  }
  const report = (event: ProgressEvent): void => {
    tally.add(event)
    changed = true
    if (isRemark(event)) line(remarkText(event, options))
    if (event.type === 'plan') line(planLines(event.plan, options).join('\n'))
  }
  const stop = (): void => {
    if (stopped) return
    stopped = true
    cancel()
    output.write(erasing(shown, columns()))
    shown = []
  }
  return { report, line, stop }
}

/** Component, phase and as many of the numbers as there is room for. */
function lineOf(count: Count, width: number, now: number, scrub: (text: string) => string): string {
  const name = `${count.component.padEnd(COMPONENT_COLUMNS)} `
  const phase = onOneLine(scrub(count.phase))
  const numbers = [...numbersOf(count, now)]
  const room = () => width - name.length - widthOf(numbers.join('  ')) - 2
  while (numbers.length > 0 && room() < Math.min(PHASE_LEAST, widthOf(phase))) numbers.pop()
  if (numbers.length === 0) return fitted(name + phase, width)
  const shortened = fitted(phase, room())
  const padding = Math.max(0, Math.min(PHASE_COLUMNS, room()) - widthOf(shortened))
  return fitted(`${name}${shortened}${' '.repeat(padding)}  ${numbers.join('  ')}`, width)
}

/** Goes back to the first of the lines and clears to the end, also if the terminal became narrower since. */
function erasing(lines: readonly string[], columns: number): string {
  if (lines.length === 0) return ''
  const rows = lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / Math.max(1, columns))), 0)
  return `\r${rows > 1 ? `\x1b[${rows - 1}A` : ''}\x1b[J`
}
