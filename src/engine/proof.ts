/** The words of a proof: what is looked at, what may be found, and what each finding means. */
/** A check that could not run never passes. */
export type Verdict = 'verified' | 'failed' | 'could-not-verify'

export const CHECKS = [
  'restore',
  'rows',
  'schema',
  'sequences',
  'large-objects',
  'constraints',
  'indexes',
  'extensions',
  'amcheck',
  'files',
  'assertions',
] as const
export type CheckName = (typeof CHECKS)[number]

export interface ProofCheck {
  readonly name: CheckName
  readonly result: 'passed' | 'failed' | 'not-run'
  /** `1,234,567 rows of 43 tables, byte for byte`; of what did not run, why. */
  readonly detail: string
}

/** Stable: scripts may rely on them. What each means for the verdict stands in `PROOF_CODES`. */
export const PROOF_CODES = {
  'backup-damaged': 'failed',
  'restore-failed': 'failed',
  'rows-differ': 'failed',
  'rows-missing': 'failed',
  'rows-extra': 'failed',
  'table-missing': 'failed',
  'schema-differs': 'failed',
  'schema-missing': 'failed',
  'schema-extra': 'failed',
  'sequence-differs': 'failed',
  'large-object-differs': 'failed',
  'constraint-invalid': 'failed',
  'index-invalid': 'failed',
  'index-corrupt': 'failed',
  'table-corrupt': 'failed',
  'assertion-failed': 'failed',
  'assertion-threshold': 'failed',
  'file-missing': 'failed',
  'file-differs': 'failed',
  'file-extra': 'failed',
  'no-server': 'could-not-verify',
  'wrong-major': 'could-not-verify',
  'extension-unavailable': 'could-not-verify',
  'locale-unavailable': 'could-not-verify',
  'entry-skipped': 'could-not-verify',
  'schema-not-comparable': 'could-not-verify',
  'assertion-error': 'could-not-verify',
  'migration-failed': 'failed',
  'migration-not-run': 'could-not-verify',
  'never-verified': 'could-not-verify',
  interrupted: 'could-not-verify',
  'store-unavailable': 'could-not-verify',
  'check-failed': 'could-not-verify',
  'migration-errors': 'note',
  'rows-reordered': 'note',
  'columns-moved': 'note',
  'table-shrank': 'note',
  'extension-version': 'note',
  'not-cleared': 'note',
  'not-last-verified': 'note',
  'partial-backup': 'note',
  'target-differs': 'note',
} as const satisfies Readonly<Record<string, 'failed' | 'could-not-verify' | 'note'>>

export type ProofCode = keyof typeof PROOF_CODES

export interface ProofFinding {
  readonly code: ProofCode
  /** What it is about: `public.users`, `sequence public.users_id_seq`, `uploads/a.png`, the name of an assertion. */
  readonly subject: string
  /** Says what and where (row 17, column email), and never what stands there: reports are read by many. */
  readonly message: string
  readonly hint?: string | undefined
}

export interface ProvenTable {
  readonly name: string
  readonly rows: number
  /** Plain bytes. */
  readonly bytes: number
  /** Rows by the proof of the last older backup. */
  readonly before?: number | undefined
}

export interface AssertionOutcome {
  /** The file's name without `.sql`. */
  readonly name: string
  readonly result: 'passed' | 'failed' | 'error'
  /** What it measured, where it measures something; and by the proof of the last older backup. */
  readonly value?: number | undefined
  readonly before?: number | undefined
}

/** What the verdict is when these are the verdicts of its parts. */
export function worst(verdicts: readonly Verdict[]): Verdict {
  return (['failed', 'could-not-verify'] as const).find(verdict => verdicts.includes(verdict)) ?? 'verified'
}

export function verdictOf(findings: readonly { readonly code: ProofCode }[]): Verdict {
  return worst(findings.map(({ code }) => (PROOF_CODES[code] === 'note' ? 'verified' : PROOF_CODES[code])))
}

/** A restored and compared database that stands for what comes next, which needs neither key nor store. */
export interface LeftDatabase {
  /** The backup's id. */
  readonly backup: string
  /** Its name on the disposable server. */
  readonly database: string
  /** That the restore made, and that go with the database. */
  readonly roles: readonly string[]
  /** The backup holds no rows. */
  readonly schemaOnly: boolean
  /** By the proof of the last older backup. */
  readonly assertions: readonly AssertionOutcome[]
}
