/** What a proof comes to where something kept it from its end: findings in place of exceptions, and checks that say why they did not run. */
import type { ProofResult } from '../../engine/ports.ts'
import { CHECKS, type CheckName, type ProofCheck, type ProofFinding } from '../../engine/proof.ts'
import { asComebackError, type ComebackError, hasCode } from '../../errors.ts'
import { databaseErrorIn, safeMessage } from '../connection/safe-message.ts'

/** Those that a database has. */
const OF_DATABASE = CHECKS.filter(name => name !== 'files')
/** Where no restore is to be had, nothing is wrong with the backup. */
const OF_SERVER = ['connection', 'authentication', 'timeout', 'server-too-new'] as const
const OF_BACKUP = ['damaged', 'wrong-key', 'not-found'] as const

export function unproved(...findings: readonly ProofFinding[]): ProofResult {
  return { checks: checksWith([], findings[0]?.message), findings, tables: [], assertions: [] }
}

/** All of them, in their order: what did not run says so. */
export function checksWith(run: readonly ProofCheck[], why = 'the restore did not get so far'): readonly ProofCheck[] {
  const byName = new Map<CheckName, ProofCheck>(run.map(check => [check.name, check]))
  return OF_DATABASE.map(name => byName.get(name) ?? { name, result: 'not-run', detail: why })
}

export function noServer(message: string, hint: string | undefined): ProofFinding {
  return { code: 'no-server', subject: 'server', message, hint }
}

/** What ended the restore. A statement that the server refuses is the backup's fault, a right that the role lacks is not. */
export function restoreFinding(error: unknown): ProofFinding {
  const known = asComebackError(error)
  const { code, hint } = known
  if (code === 'permission') return { ...otherFinding(known), subject: 'restore', hint: SUPERUSER_HINT }
  if (code !== 'server-error' && code !== 'mismatch' && code !== 'unsupported') return otherFinding(known)
  return { code: 'restore-failed', subject: 'restore', message: withoutStatement(known), hint }
}

/** What ended anything else: a check that could not be made says nothing against the backup. */
export function otherFinding(error: unknown): ProofFinding {
  const known = asComebackError(error)
  const { hint } = known
  const message = withoutStatement(known)
  if (hasCode(known, ...OF_SERVER)) return noServer(message, hint)
  if (hasCode(known, ...OF_BACKUP)) return { code: 'backup-damaged', subject: 'backup', message, hint }
  if (hasCode(known, 'store-unavailable')) return { code: 'store-unavailable', subject: 'store', message, hint }
  return { code: 'check-failed', subject: 'proof', message, hint }
}

export const SUPERUSER_HINT =
  'Give the URL of a superuser of the disposable server, as images of PostgreSQL have one: a proof creates a database, roles, and whatever the backup holds.'

/** What was attempted, as the message begins, and what the server said: not the statement, which a report is read without. */
function withoutStatement(error: ComebackError): string {
  const said = databaseErrorIn(error)
  if (said === undefined) return error.message
  const attempted = /^(.*?) failed: /s.exec(error.message)?.[1] ?? 'The restore'
  return `${attempted} failed: ${safeMessage(said)} [${said.code ?? ''}]`
}
