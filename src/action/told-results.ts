/** What other jobs of the workflow found, as one result: theirs had the key, or ran code of a pull request; this one has neither. */
import { ComebackError } from '../errors.ts'
import { continued } from '../report/continued.ts'
import { type Result, unpack } from '../report/packed-result.ts'
import type { VerifyReport } from '../report/verify-report.ts'

/** Stands for the result of a job that left none. */
const NONE = 'none'

/** The proof first, then what came of the database that it left. Throws what kept the proof from being made. */
export function toldResults(results: readonly string[]): VerifyReport {
  const [proof, next] = results.map(result => (result === NONE ? undefined : unpack(result)))
  if (proof === undefined) {
    throw new ComebackError('could-not-verify', 'The job that was to verify left no result.', {
      hint: 'Its log says why.',
    })
  }
  if ('error' in proof) {
    const { code, message, hint } = proof.error
    throw new ComebackError(code, message, { hint })
  }
  if (proof.command !== 'verify') throw new ComebackError('usage', 'The first of the results is no proof.')
  return continued(proof, nextOf(next))
}

function nextOf(next: Result | undefined) {
  return next === undefined || 'error' in next || next.command === 'continuation' ? next : undefined
}
