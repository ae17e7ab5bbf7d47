/** How a run is followed: what every kind of display has in common, and the quietest of them. */
import type { Progress, ProgressEvent } from '../engine/progress.ts'
import type { Palette } from '../report/palette.ts'
import { onOneLine, printable } from '../report/printable.ts'
import type { RestorePlanReport } from '../report/restore-plan-report.ts'
import { scrubbed } from '../report/scrub.ts'
import { restorePlanLines } from '../report/text-restore-plan.ts'
import { wrapped } from '../report/wrap.ts'

export interface Output {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

export interface Display {
  readonly report: Progress
  /** A line of its own, of text that is safe to show. */
  line(text: string): void
  /** Clears what is live. */
  stop(): void
}

export interface DisplayOptions {
  readonly output: Output
  readonly palette: Palette
  /** Keeps secrets out of a text. */
  readonly scrub: (text: string) => string
  /** Milliseconds, monotonic. */
  readonly now: () => number
}

/** Warnings and notices alone. */
export function quietDisplay(options: DisplayOptions): Display {
  const { output } = options
  const line = (text: string): void => {
    output.write(`${text}\n`)
  }
  const report = (event: ProgressEvent): void => {
    if (isRemark(event)) line(remarkText(event, options))
  }
  return { report, line, stop: () => undefined }
}

/** What a person must see, whatever else is shown. */
export type Remark = Extract<ProgressEvent, { type: 'warning' | 'notice' }>

export function isRemark(event: ProgressEvent): event is Remark {
  return event.type === 'warning' || event.type === 'notice'
}

/** What a restore is about to do. */
export function planLines(
  plan: RestorePlanReport,
  { palette, scrub }: Pick<DisplayOptions, 'palette' | 'scrub'>,
): readonly string[] {
  return restorePlanLines(scrubbed(scrubbed(plan, scrub), printable), palette, 'now')
}

/** Wrapped between words on a terminal, one line elsewhere. */
export function remarkText(
  event: Remark,
  { palette, scrub, output }: Pick<DisplayOptions, 'palette' | 'scrub' | 'output'>,
): string {
  const width = output.isTTY ? (output.columns ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY
  const clean = (text: string) => onOneLine(scrub(text))
  const said = (head: string, style: (text: string) => string, text: string) =>
    style(head) +
    wrapped(`${head} ${clean(text)}`, width, 2)
      .join('\n')
      .slice(head.length)
  if (event.type === 'notice') return said('note:', palette.bold, event.message)
  const component = event.component === undefined ? '' : `${event.component}: `
  const hint = event.hint === undefined ? [] : wrapped(`  hint: ${clean(event.hint)}`, width, 4)
  return [said('warning:', palette.yellow, component + event.message), ...hint].join('\n')
}
