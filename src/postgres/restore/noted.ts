/** What was noted before a restore began may hold the cure of its failure, and would be lost with it. */
import type { Problem } from '../../engine/ports.ts'
import { asComebackError, ComebackError } from '../../errors.ts'

/** Of what was noted, the error tells as many; a dry run tells all. */
const TOLD = 5

/** The same error, whose hint also tells what was noted: so it is told wherever the error is. */
export function tellingNoted(error: unknown, noted: readonly Problem[]): unknown {
  const known = asComebackError(error)
  if (noted.length === 0 || known.code === 'cancelled') return error
  const told = noted.slice(0, TOLD).map(({ message, hint }) => (hint === undefined ? message : `${message} ${hint}`))
  const more = noted.length > TOLD ? [`And ${noted.length - TOLD} more, which --dry-run shows.`] : []
  const { code, message, hint } = known
  const hints = [...(hint === undefined ? [] : [hint]), 'Noted before it began:', ...told.map(ended), ...more]
  return new ComebackError(code, message, { hint: hints.map(ended).join(' '), cause: error })
}

/** Some hints end in a statement; the next sentence must not run into it. */
function ended(text: string): string {
  return /[.:!?]$/.test(text) ? text : `${text}.`
}
