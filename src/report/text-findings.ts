/** What a proof found, and what became of the user's assertions: lines that proofs and migrations have in common. */
import type { AssertionOutcome, ProofFinding } from '../engine/proof.ts'
import type { Palette } from './palette.ts'
import { onOneLine } from './printable.ts'
import { weightOf } from './proof-words.ts'
import { wrapped } from './wrap.ts'

/** Columns. */
const WIDTH = 80

export function findingLine({ code, subject, message }: ProofFinding, { red, yellow }: Palette): readonly string[] {
  const style = weightOf(code) === 'failed' ? red : yellow
  const about = subject === '' ? '' : `${onOneLine(subject)}: `
  const [first = '', ...more] = wrapped(`  ${code}: ${about}${message}`, WIDTH, 4)
  return [first.replace(`${code}:`, style), ...more]
}

export function assertionLines(
  outcomes: readonly AssertionOutcome[],
  { red, green, yellow }: Palette,
): readonly string[] {
  if (outcomes.length === 0) return []
  const passed = outcomes.filter(({ result }) => result === 'passed').length
  const marks = { passed: green('✓'), failed: red('✗'), error: yellow('–') }
  return [
    `  assertions: ${passed} of ${outcomes.length} hold`,
    ...outcomes.map(outcome => `    ${marks[outcome.result]} ${onOneLine(outcome.name)}${valueText(outcome)}`),
  ]
}

function valueText({ result, value, before }: AssertionOutcome): string {
  const failed = result === 'error' ? ' could not be asked' : ''
  if (value === undefined) return failed
  const earlier = before === undefined || before === value ? '' : ` (${before.toLocaleString('en')} before)`
  return `${failed}: ${value.toLocaleString('en')}${earlier}`
}
