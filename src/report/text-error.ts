/** An error as a person reads it. */

import type { Palette } from './palette.ts'
import type { ErrorValue } from './report.ts'
import { wrapped } from './wrap.ts'

const NAME = 'comeback:'

/** What went wrong, what to do, the code, each on lines of at most `width` columns. Ends in a line break. */
export function renderError(error: ErrorValue, { red, dim }: Palette, width = Number.POSITIVE_INFINITY): string {
  const message = wrapped(`${NAME} ${error.message}`, width, 4).join('\n')
  const hint = error.hint === undefined ? [] : wrapped(`  hint: ${error.hint}`, width, 4)
  return [red(NAME) + message.slice(NAME.length), ...hint, dim(`  code: ${error.code}`), ''].join('\n')
}

/** For whoever looks for the reason: each cause with its stack, outermost first. */
export function causesOf(error: unknown): string {
  const parts: string[] = []
  const seen = new Set<unknown>()
  for (
    let cause = error;
    cause !== undefined && !seen.has(cause);
    cause = cause instanceof Error ? cause.cause : undefined
  ) {
    seen.add(cause)
    parts.push(cause instanceof Error ? (cause.stack ?? `${cause.name}: ${cause.message}`) : String(cause))
  }
  return `${parts.join('\ncaused by: ')}\n`
}

export function indented(text: string): string {
  return text.trimEnd().replaceAll('\n', '\n    ')
}
