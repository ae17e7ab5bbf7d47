/** What a forecast says, and what it takes for granted: in the terminal, in a summary, in the alarm. */
import { sizeText } from './quantities.ts'
import type { SpaceForecast } from './status-report.ts'

export function forecastText({ bytes, came }: SpaceForecast): string {
  return `In 30 days the store holds up to ${sizeText(bytes)}, if as much comes as in the last 30 (${sizeText(came)}) and retention removes nothing.`
}
