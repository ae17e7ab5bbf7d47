/** What of a result a person must see without opening the log. */
import type { ProgressEvent } from '../engine/progress.ts'
import type { Component } from '../format/manifest.ts'
import { weightOf } from '../report/proof-words.ts'
import { durationText, sizeText } from '../report/quantities.ts'
import type { ErrorValue, Report, RestoreReport } from '../report/report.ts'
import type { RestorePlanReport } from '../report/restore-plan-report.ts'
import type { ComponentStatus, Space } from '../report/status-report.ts'
import { unmadeTexts } from '../report/unmade-words.ts'
import type { VerifyReport } from '../report/verify-report.ts'
import type { Annotation, Level } from './workflow-commands.ts'

type Problem = RestoreReport['problems'][number]
type ProofFinding = VerifyReport['proofs'][number]['findings'][number]

/** GitHub shows so many of a level for each step, and drops the rest without a word. */
const MOST = 10

/** The code in the title, what to do in the text. */
export function errorAnnotation({ code, message, hint }: ErrorValue, component?: Component): Annotation {
  return annotation('error', [component, code], message, hint)
}

export function remarkAnnotation(event: Extract<ProgressEvent, { type: 'warning' | 'notice' }>): Annotation {
  if (event.type === 'notice') return annotation('notice', [], event.message)
  return annotation('warning', [event.component], event.message, event.hint)
}

/** Errors for what makes the run fail, warnings for the rest that is not as it should be. */
export function reportAnnotations(report: Report): readonly Annotation[] {
  const annotations = annotationsOf(report)
  return (['error', 'warning'] as const).flatMap(level => limited(level, annotations))
}

function annotationsOf(report: Report): readonly Annotation[] {
  switch (report.command) {
    case 'backup':
      return [
        ...report.backups.flatMap(outcome =>
          outcome.status === 'failed'
            ? [errorAnnotation(outcome.error, outcome.component)]
            : problemAnnotations(outcome.problems, outcome.component),
        ),
        ...(report.pruned === undefined
          ? []
          : report.pruned.command === 'error'
            ? [errorAnnotation(report.pruned.error)]
            : annotationsOf(report.pruned)),
      ]
    case 'restore':
      return [
        ...unmadeTexts(report.unmade ?? []).map(({ message, hint }) =>
          annotation('warning', [report.component], message, hint),
        ),
        ...problemAnnotations(report.problems, report.component),
      ]
    case 'restore-plan':
      return planAnnotations(report)
    case 'check':
      return report.findings.map(({ component, code, message, hint }) =>
        annotation('error', [component, code], message, hint),
      )
    case 'prune':
      return report.problems.map(({ severity, message, hint }) =>
        annotation(severity === 'failed' ? 'error' : 'warning', [], message, hint),
      )
    case 'copy':
      return report.backups.flatMap(({ component, error }) =>
        error === undefined ? [] : [errorAnnotation(error, component)],
      )
    case 'status':
      return [...report.components.flatMap(statusAnnotation), ...quotaAnnotations(report.space)]
    case 'verify':
      return verifyAnnotations(report)
    default:
      return []
  }
}

function planAnnotations({ target, component }: RestorePlanReport): readonly Annotation[] {
  const refusals = target.refusal === undefined ? [] : [errorAnnotation(target.refusal, component)]
  return [...refusals, ...problemAnnotations(target.problems, component)]
}

/** What only needs to be known is a warning; the rest makes the run fail. */
function verifyAnnotations({ proofs, migration }: VerifyReport): readonly Annotation[] {
  const one = (of: string, { code, subject, message, hint }: ProofFinding) =>
    annotation(
      weightOf(code) === 'note' ? 'warning' : 'error',
      [of, code],
      subject === '' ? message : `${subject}: ${message}`,
      hint,
    )
  return [
    ...(migration?.findings ?? []).map(finding => one('migration', finding)),
    ...proofs.flatMap(({ component, findings }) => findings.map(finding => one(component, finding))),
  ]
}

/** What is missing from a backup first. */
function problemAnnotations(problems: readonly Problem[], component: Component): readonly Annotation[] {
  const isMissing = ({ severity }: Problem) => severity === 'partial'
  const sorted = [...problems.filter(isMissing), ...problems.filter(problem => !isMissing(problem))]
  return sorted.map(problem =>
    annotation('warning', [component, isMissing(problem) ? 'missing' : undefined], problem.message, problem.hint),
  )
}

function statusAnnotation({
  component,
  state,
  overdue: late,
  proofOverdue,
  last,
  next,
}: ComponentStatus): readonly Annotation[] {
  const overdue = late || proofOverdue === true
  if (!overdue && state !== 'bad') return []
  const message =
    last === undefined ? 'There is no good backup.' : `The last good backup is ${durationText(last.age)} old.`
  const hint = next.length === 0 ? undefined : next.join('\n')
  return [annotation(overdue ? 'error' : 'warning', [component, overdue ? 'overdue' : undefined], message, hint)]
}

function limited(level: Level, all: readonly Annotation[]): readonly Annotation[] {
  const annotations = all.filter(annotation => annotation.level === level)
  if (annotations.length <= MOST) return annotations
  const shown = annotations.slice(0, MOST - 1)
  return [...shown, annotation(level, [], `${annotations.length - shown.length} more stand in the log.`)]
}

function annotation(
  level: Level,
  subjects: readonly (string | undefined)[],
  message: string,
  hint?: string,
): Annotation {
  const words = subjects.filter(subject => subject !== undefined)
  return {
    level,
    title: words.length === 0 ? 'Comeback' : `Comeback: ${words.join(', ')}`,
    text: hint === undefined ? message : `${message}\n${hint}`,
  }
}

function quotaAnnotations({ stored, quota, exceeded, in30Days }: Space): readonly Annotation[] {
  if (quota === undefined) return []
  const hint = 'Prune, keep fewer days, copy old backups into a bucket, or raise the quota.'
  const limit = sizeText(quota)
  if (exceeded === true)
    return [annotation('error', ['quota'], `${sizeText(stored)} are stored: the quota is ${limit}.`, hint)]
  if (in30Days?.exceeded === undefined) return []
  const message = `At this pace the store holds more than its quota of ${limit} from ${in30Days.exceeded} on.`
  return [annotation('warning', ['quota'], message, hint)]
}
