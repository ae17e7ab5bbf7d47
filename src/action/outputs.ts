/** The outputs of the Action: which there are, what each is after a run, and how the runner takes them. */
import { randomUUID } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import type { CheckReport } from '../report/check-report.ts'
import { unchecked } from '../report/check-unchecked.ts'
import { exitCodeOf } from '../report/exit-code.ts'
import { pack } from '../report/packed-result.ts'
import type { BackupReport, ErrorValue, Report } from '../report/report.ts'

/** In the order in which action.yml and README show them. Each is empty where it says nothing. */
export const OUTPUTS = {
  status:
    'How it went: for backup complete, partial (a file changed or vanished while it was read) or failed, the worst of the components; for the other commands ok or failed.',
  'backup-ids': 'The ids of the backups that were made, restored or exported, with commas between them.',
  verdict:
    'Of verify: verified, failed or could-not-verify. Of check: failed if it found damage, verified if it read everything, with the key, and found none; could-not-verify if it could not look.',
  'bytes-new': 'Of backup: how many bytes no earlier backup held.',
  'bytes-total': 'How many bytes were read by a backup, or restored.',
  result: 'Of verify: all of it, as the input results of another job takes it.',
  report: 'Path of a file that holds the whole result as JSON, until the job ends.',
} as const

export type OutputName = keyof typeof OUTPUTS
export type Outputs = Partial<Record<OutputName, string>>

export function outputsOf(report: Report): Outputs {
  const status = exitCodeOf(report) === 0 ? 'ok' : 'failed'
  switch (report.command) {
    case 'backup':
      return backupOutputs(report)
    case 'restore':
    case 'restore-plan':
      return { status, 'backup-ids': report.id, 'bytes-total': String(report.bytes) }
    case 'export':
      return { status, 'backup-ids': report.id }
    case 'verify':
      return { status, verdict: report.verdict, result: pack(report) }
    case 'check':
      return { status, verdict: verdictOf(report) }
    default:
      return { status }
  }
}

/** Of a run that threw. A check that could not run never passes. */
export function outputsOfError(error: ErrorValue, verb: string | undefined): Outputs {
  if (verb !== 'check' && verb !== 'verify') return { status: 'failed' }
  const found = error.code === 'damaged' || error.code === 'mismatch'
  const { code, message, hint } = error
  const result = verb === 'verify' ? { result: pack({ error: { code, message, hint } }) } : {}
  return { status: 'failed', verdict: found ? 'failed' : 'could-not-verify', ...result }
}

/** Appends to the file that the runner reads when the step ends. Throws if it can't be written. */
export function writeOutputs(file: string, outputs: Outputs): void {
  const blocks = Object.entries(outputs).map(([name, value]) => {
    // Random, so that no value can end itself and begin another output.
    const end = `end_${randomUUID()}`
    return `${name}<<${end}\n${value}\n${end}\n`
  })
  appendFileSync(file, blocks.join(''))
}

/** Looking at names and sizes verifies nothing: of a check that left something out, there is nothing to say. */
function verdictOf(report: CheckReport): string {
  if (report.findings.length > 0) return 'failed'
  return unchecked(report).length === 0 ? 'verified' : ''
}

function backupOutputs({ backups }: BackupReport): Outputs {
  const made = backups.filter(outcome => outcome.status !== 'failed')
  const sum = (sizes: readonly number[]) => String(sizes.reduce((total, size) => total + size, 0))
  const statuses = backups.map(({ status }) => status)
  return {
    status: (['failed', 'partial'] as const).find(status => statuses.includes(status)) ?? 'complete',
    'backup-ids': made.map(({ id }) => id).join(','),
    'bytes-new': sum(made.map(({ bytes }) => bytes.new)),
    'bytes-total': sum(made.map(({ bytes }) => bytes.read)),
  }
}
