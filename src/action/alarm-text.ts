/** What the alarm's issue says: what is wrong, since when, what to do. */
import { code, prose } from '../report/markdown-escape.ts'
import { sizeText } from '../report/quantities.ts'
import type { ErrorValue } from '../report/report.ts'
import { forecastText } from '../report/space-words.ts'
import type { ComponentStatus, Space, StatusReport } from '../report/status-report.ts'
import type { WatchedWorkflow } from './watched-workflows.ts'

export interface Trouble {
  /** Stays the same for as long as the trouble is the same. */
  readonly key: string
  /** Markdown, one line. */
  readonly text: string
}

/** Empty if all is well. */
export function troublesOf(report: StatusReport | undefined, error: ErrorValue | undefined): readonly Trouble[] {
  const failed =
    error === undefined
      ? []
      : [{ key: `error ${error.code}`, text: `The state of the backups could not be read: ${prose(error.message)}` }]
  if (report === undefined) return failed
  return [...failed, ...report.components.flatMap(troublesOfComponent), ...troublesOfSpace(report.space)]
}

/** The day on which it will be full changes from look to look; the trouble is the same. */
function troublesOfSpace({ stored, quota, exceeded, in30Days }: Space): readonly Trouble[] {
  if (quota === undefined) return []
  const limit = sizeText(quota)
  if (exceeded === true) return [{ key: 'store full', text: `${sizeText(stored)} are stored: the quota is ${limit}.` }]
  if (in30Days?.exceeded === undefined) return []
  const text = `At this pace the store exceeds its quota of ${limit} on ${in30Days.exceeded}. ${forecastText(in30Days)}`
  return [{ key: 'store filling', text }]
}

function troublesOfComponent(status: ComponentStatus): readonly Trouble[] {
  const { component, state, overdue, proofOverdue, last, since, lastProof, lastVerified } = status
  const troubles: Trouble[] = []
  const add = (what: string, text: string) =>
    troubles.push({ key: `${component} ${what}`, text: `**${component}:** ${text}` })
  if (overdue || state === 'bad') {
    add(
      'overdue',
      last === undefined
        ? 'there is no good backup.'
        : `the last good backup is of ${day(last.time)}, ${code(last.id)}.`,
    )
  }
  const [newest] = since
  if (newest?.status === 'failed') {
    add(
      'failed',
      `the newest run failed${newest.reason === undefined ? '' : ` (${code(newest.reason)})`}, ${day(newest.time)}.`,
    )
  }
  if (proofOverdue === true) {
    add(
      'unproved',
      lastVerified === undefined
        ? 'no backup was ever verified.'
        : `the last verified proof is of ${day(lastVerified.time)}.`,
    )
  }
  if (lastProof?.verdict === 'failed') add('proof failed', `the last proof FAILED, of ${code(lastProof.id)}.`)
  return troubles
}

export function workflowTroubles(workflows: readonly WatchedWorkflow[]): readonly Trouble[] {
  return workflows.flatMap(({ file, state, lastScheduled, switchedOn }) => {
    const name = code(file)
    if (switchedOn) {
      const text = `The workflow ${name} had been switched off by GitHub, as nothing happened in the repository for 60 days. It was switched on again.`
      return [{ key: `${file} switched on`, text }]
    }
    if (state === 'missing') return [{ key: `${file} missing`, text: `There is no workflow ${name}.` }]
    if (state !== 'active')
      return [{ key: `${file} ${state}`, text: `The workflow ${name} is switched off (${code(state)}).` }]
    if (lastScheduled === undefined) return []
    return lastScheduled.late
      ? [
          {
            key: `${file} late`,
            text: `The schedule of ${name} last ran ${day(lastScheduled.time)}: GitHub drops runs when it is busy.`,
          },
        ]
      : []
  })
}

export function alarmTitle(troubles: readonly Trouble[]): string {
  return troubles.some(({ key }) => /overdue|failed|error|full/.test(key))
    ? 'Backups need attention'
    : 'Backups: something is not as it should be'
}

export function alarmBody(troubles: readonly Trouble[], steps: readonly string[], run: string | undefined): string {
  return [
    'Comeback looked at the backups of this repository, and not all is well.',
    '',
    ...troubles.map(({ text }) => `- ${text}`),
    ...(steps.length === 0 ? [] : ['', '**What to do**', '', ...steps.map(step => `1. ${prose(step)}`)]),
    '',
    ...(run === undefined ? [] : [`Seen by [this run](${run}). `]),
    'This issue is kept up to date, and closed when all is well again.',
  ].join('\n')
}

export function allClear(run: string | undefined): string {
  return `All is well again${run === undefined ? '' : `, says [this run](${run})`}.`
}

function day(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`
}
