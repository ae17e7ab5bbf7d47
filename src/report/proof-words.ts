/** What all renderings of a proof say in the same words: its verdict, what was looked at, and what is another than before. */
import {
  PROOF_CODES,
  type ProofCheck,
  type ProofCode,
  type ProofFinding,
  type ProvenTable,
  type Verdict,
} from '../engine/proof.ts'
import type { Proof } from './proof.ts'
import { countText } from './quantities.ts'
import type { VerifyReport } from './verify-report.ts'

export const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  verified: 'verified',
  failed: 'failed',
  'could-not-verify': 'could not be verified',
}
/** The gravest first. */
const GRAVITY = ['failed', 'could-not-verify', 'verified'] as const
const CHECK_WORDS: Readonly<Record<ProofCheck['result'], string>> = {
  passed: 'passed',
  failed: 'failed',
  'not-run': 'did not run',
}

/** `database failed; files verified; nothing to verify of config`, the gravest first. */
export function verdictLine({ proofs, absent, migration }: VerifyReport): string {
  const proved = proofs.filter(proof => !wasNeverProved(proof))
  const unproved = proofs.filter(wasNeverProved).map(({ component }) => component)
  const parts = GRAVITY.flatMap(verdict => {
    const components = proved.filter(proof => proof.verdict === verdict).map(({ component }) => component)
    return components.length === 0 ? [] : [`${components.join(', ')} ${VERDICT_WORDS[verdict]}`]
  })
  const untold = unproved.length === 0 ? [] : [`${unproved.join(', ')} never verified`]
  const never = absent.length === 0 ? [] : [`nothing to verify of ${absent.join(', ')}`]
  const migrated = migration === undefined ? [] : [`migration ${MIGRATION_WORDS[migration.result]}`]
  return [...parts, ...untold, ...never, ...migrated].join('; ') || 'there is no backup'
}

export const MIGRATION_WORDS = { succeeded: 'succeeded', failed: 'failed', 'could-not-run': 'could not run' } as const

/** `10 of 11 checks passed, 1 did not run`. */
export function checksLine(checks: readonly ProofCheck[]): string {
  const count = (wanted: ProofCheck['result']) => checks.filter(({ result }) => result === wanted).length
  const passed = count('passed')
  const rest = (['failed', 'not-run'] as const).flatMap(result =>
    count(result) === 0 ? [] : [`${count(result)} ${CHECK_WORDS[result]}`],
  )
  const all =
    checks.length === passed ? countText(passed, 'check') : `${passed} of ${countText(checks.length, 'check')}`
  return [`${all} passed`, ...rest].join(', ')
}

/** A record may come from a newer version, with codes that this one does not know. */
export function weightOf(code: ProofCode): 'failed' | 'could-not-verify' | 'note' {
  return Object.hasOwn(PROOF_CODES, code) ? PROOF_CODES[code] : 'note'
}

/** What to do, each once, that of the gravest finding first. */
export function stepsOf(findings: readonly ProofFinding[]): readonly string[] {
  return [...new Set(findings.flatMap(({ hint }) => (hint === undefined ? [] : [hint])))]
}

export interface ChangedTable extends ProvenTable {
  readonly before: number
  /** It has half as many rows as before, or fewer. */
  readonly halved: boolean
}

/** Those with another number of rows than by the proof before, what was lost first, by its share; then by rows gained. */
export function changedTables({ tables = [] }: Pick<Proof, 'tables'>): readonly ChangedTable[] {
  const share = ({ rows, before }: ChangedTable) => (before === 0 ? 0 : Math.max(0, (before - rows) / before))
  return tables
    .flatMap(table => {
      const { before, rows } = table
      return before === undefined || before === rows ? [] : [{ ...table, before, halved: rows * 2 <= before }]
    })
    .sort((a, b) => share(b) - share(a) || b.rows - b.before - (a.rows - a.before))
}

/** `1,000 → 400 rows, 60 % lost`. */
export function changeText({ rows, before }: ChangedTable): string {
  const counts = `${before.toLocaleString('en')} → ${rows.toLocaleString('en')} rows`
  if (rows >= before) return counts
  const lost = (100 * (before - rows)) / before
  // All but one row of a million is not all of them.
  const shown = lost < 0.95 ? lost.toFixed(1) : String(rows > 0 ? Math.min(99, Math.round(lost)) : 100)
  return `${counts}, ${shown} % lost`
}

/** Whether anything is known of the proof before. */
export function isCompared({ tables = [] }: Pick<Proof, 'tables'>): boolean {
  return tables.some(({ before }) => before !== undefined)
}

/** Why one must not believe more of a recorded proof than it deserves. */
export function recordNote({ authenticated }: Pick<Proof, 'authenticated'>): string {
  return authenticated
    ? 'The record was authenticated with the key.'
    : 'The record was not authenticated, as the key is not at hand (pull requests from forks get no secrets): whoever can write to the store could have made it.'
}

/** It stands for a backup of which no proof is recorded: all it knows is the backup. */
export function wasNeverProved({ findings }: Pick<Proof, 'findings'>): boolean {
  return findings.some(({ code }) => code === 'never-verified')
}

/** Of each, `not run: the extension is missing`; one reason is told once. A record without the key does not tell why. */
export function checkTexts(checks: readonly ProofCheck[]): readonly string[] {
  const told = new Set<string>()
  return checks.map(({ result, detail }) => {
    if (result !== 'not-run') return detail
    const isTold = told.has(detail)
    told.add(detail)
    return detail === '' ? 'not run' : isTold ? 'not run, as above' : `not run: ${detail}`
  })
}
