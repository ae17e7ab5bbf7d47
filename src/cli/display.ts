/** How a run is followed: what every kind of display has in common, and the quietest of them. */
import type { Progress, ProgressEvent } from '../engine/progress.ts'
import type { Palette } from './palette.ts'
import { onOneLine } from './printable.ts'

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
export function quietDisplay({ output, palette, scrub }: DisplayOptions): Display {
  const line = (text: string): void => {
    output.write(`${text}\n`)
  }
  const report = (event: ProgressEvent): void => {
    if (isRemark(event)) line(remarkText(event, palette, scrub))
  }
  return { report, line, stop: () => undefined }
}

/** What a person must see, whatever else is shown. */
export type Remark = Extract<ProgressEvent, { type: 'warning' | 'notice' }>

export function isRemark(event: ProgressEvent): event is Remark {
  return event.type === 'warning' || event.type === 'notice'
}

export function remarkText(event: Remark, { yellow, bold }: Palette, scrub: (text: string) => string): string {
  if (event.type === 'notice') return `${bold('note:')} ${onOneLine(scrub(event.message))}`
  const component = event.component === undefined ? '' : `${event.component}: `
  const hint = event.hint === undefined ? '' : `\n  hint: ${onOneLine(scrub(event.hint))}`
  return `${yellow('warning:')} ${component}${onOneLine(scrub(event.message))}${hint}`
}
