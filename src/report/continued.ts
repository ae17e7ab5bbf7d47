/** A proof and what came of the database that it left standing, as one report. */
import type { Continuation } from '../engine/migration.ts'
import { PROOF_CODES, type ProofFinding, verdictOf, worst } from '../engine/proof.ts'
import type { Proof } from './proof.ts'
import type { ErrorValue } from './report.ts'
import type { VerifyReport } from './verify-report.ts'

const NOT_RUN: ProofFinding = {
  code: 'migration-not-run',
  subject: 'migration',
  message: 'Nothing came of what was to follow the restore: its set-up, its migrations and its assertions.',
  hint: 'The log of that step says why.',
}

/** `result` is undefined where nothing came of it, which passes nothing, as an error does not. */
export function continued(
  { left, ...report }: VerifyReport,
  result: Continuation | { readonly error: ErrorValue } | undefined,
): VerifyReport {
  if (left === undefined) return report
  const next = result !== undefined && 'command' in result && result.backup === left.backup ? result : undefined
  const notRun = result !== undefined && 'error' in result ? { ...NOT_RUN, message: result.error.message } : NOT_RUN
  const proofs = report.proofs.map(proof =>
    proof.id !== left.backup
      ? proof
      : next === undefined
        ? withFindings(proof, [notRun])
        : withFindings(withAssertions(proof, next), next.findings),
  )
  const migration = next?.migration
  const gate = migration === undefined ? [] : [verdictOf(migration.findings)]
  return {
    ...report,
    verdict: worst([...proofs.map(({ verdict }) => verdict), ...gate]),
    proofs,
    ...(migration === undefined ? {} : { migration }),
  }
}

function withAssertions(proof: Proof, { check, assertions }: Continuation): Proof {
  const others = proof.checks.filter(({ name }) => name !== check.name)
  return { ...proof, checks: [...others, check], assertions }
}

function withFindings(proof: Proof, more: readonly ProofFinding[]): Proof {
  const rank = ({ code }: ProofFinding) => ['failed', 'could-not-verify', 'note'].indexOf(PROOF_CODES[code])
  const findings = [...more, ...proof.findings].sort((a, b) => rank(a) - rank(b))
  return { ...proof, findings, verdict: worst([proof.verdict, verdictOf(more)]) }
}
