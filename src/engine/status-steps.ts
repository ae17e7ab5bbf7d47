/** What a person should do next about a component, in words. */
import type { ComponentStatus } from '../report/status-report.ts'

const HOUR = 60 * 60 * 1000

/** Empty if all is well. `maxAge` in milliseconds. */
export function nextSteps(
  status: Omit<ComponentStatus, 'next'>,
  maxAge: number | undefined,
  maxProofAge?: number,
): readonly string[] {
  const { component, state, overdue, since, lastProof, lastVerified, proofOverdue } = status
  const run = `comeback backup ${component}`
  if (state === 'never') {
    return overdue
      ? [`There is no ${component} backup here at all: is this the right store? If so, run ${run}.`]
      : [`If it should be backed up: ${run}`]
  }
  const steps: string[] = []
  const [newest] = since
  if (newest?.status === 'failed') steps.push(`The newest run failed. Its log says why; then run ${run} again.`)
  if (newest?.status === 'partial') steps.push('The newest backup is partial. Its log names what is missing.')
  if (since.some(({ status }) => status === 'damaged')) {
    steps.push(`A newer backup is damaged. comeback check ${component} looks closer; ${run} makes a good one.`)
  }
  if (since.some(({ status }) => status === 'future')) {
    steps.push('A backup is dated in the future: a clock was wrong. It counts for nothing here.')
  }
  if (since.some(({ status }) => status === 'foreign')) {
    steps.push(
      'A newer record is of another key or of another store, and counts for nothing here. See who else writes to this store.',
    )
  }
  if (since.some(({ status }) => status === 'structure' || status === 'some-rows')) {
    steps.push(
      `Newer backups lack rows that the last good one holds. ${run} without leaving rows out makes a whole one. If nobody wants those rows, delete the older one by hand.`,
    )
  }
  if (state === 'bad' && steps.length === 0) steps.push(`No backup is complete. Run ${run}.`)
  if (state === 'good' && overdue) {
    const why = since.length === 0 ? ' and nothing ran since. See whether the schedule is still on, or' : ':'
    steps.push(`The last good backup is older than ${hours(maxAge ?? 0)}${why} run ${run} now.`)
  }
  if (lastProof !== undefined && lastProof.verdict !== 'verified') {
    const said = lastProof.verdict === 'failed' ? 'FAILED' : 'could not be made'
    steps.push(`The last proof ${said}, of ${lastProof.id}: comeback verify ${component} tells why.`)
  }
  if (proofOverdue === true) {
    const why =
      lastVerified === undefined
        ? 'No backup was ever verified'
        : `The last verified proof is older than ${hours(maxProofAge ?? 0)}`
    steps.push(`${why}: run comeback verify ${component}.`)
  }
  return steps
}

function hours(milliseconds: number): string {
  const count = milliseconds / HOUR
  return count < 72 ? `${Number(count.toFixed(1))} h` : `${Number((count / 24).toFixed(1))} days`
}
