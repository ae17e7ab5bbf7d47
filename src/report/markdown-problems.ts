/** What went wrong, or is not as it should be, and what to do about it. */
import type { Problem } from '../engine/ports.ts'
import { code, prose } from './markdown-escape.ts'
import { alert } from './markdown-parts.ts'
import type { ErrorValue } from './report.ts'

/** Problems that are shown of one component; the rest are counted. */
const SHOWN = 20

/** A box: what failed, why, and what to do. `what` is ours: it goes in as it is. */
export function failureBox(what: string, { message, hint, code: kind }: ErrorValue): readonly string[] {
  return alert('CAUTION', [
    `**${what}:** ${prose(message)}`,
    ...(hint === undefined ? [] : ['', `**What to do:** ${prose(hint)}`]),
    '',
    `Code: ${code(kind)}`,
  ])
}

/** A box of warnings, what is missing first; nothing where there are none. */
export function problemBox(problems: readonly Problem[]): readonly string[] {
  if (problems.length === 0) return []
  const sorted = [...problems].sort((a, b) => rank(a) - rank(b))
  const more = sorted.length - SHOWN
  return alert('WARNING', [
    ...sorted.slice(0, SHOWN).map(({ severity, message, hint }) => {
      const label = severity === 'partial' ? '**Missing:** ' : ''
      return `- ${label}${prose(message)}${hint === undefined ? '' : `<br>**What to do:** ${prose(hint)}`}`
    }),
    ...(more > 0 ? [`- … and ${more.toLocaleString('en')} more.`] : []),
  ])
}

function rank({ severity }: Problem): number {
  return severity === 'partial' ? 0 : 1
}
