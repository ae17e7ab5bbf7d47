/** What of a result a person must see without opening the log. */
import type { ProgressEvent } from '../engine/progress.ts'
import type { Component } from '../format/manifest.ts'
import type { ErrorValue, Report, RestoreReport } from '../report/report.ts'
import type { Annotation, Level } from './workflow-commands.ts'

type Problem = RestoreReport['problems'][number]

/** GitHub shows ten of a kind for each step, and drops the rest without a word. */
const MOST = 10

/** The code in the title, what to do in the text. */
export function errorAnnotation({ code, message, hint }: ErrorValue, component?: Component): Annotation {
  return annotation('error', [component, code], message, hint)
}

export function remarkAnnotation(event: Extract<ProgressEvent, { type: 'warning' | 'notice' }>): Annotation {
  if (event.type === 'notice') return annotation('notice', [], event.message, undefined)
  return annotation('warning', [event.component], event.message, event.hint)
}

/** An error for each component that failed; a warning for each problem, what is missing from a backup first. */
export function reportAnnotations(report: Report): readonly Annotation[] {
  if (report.command === 'restore') return problemAnnotations(report.problems, report.component)
  if (report.command !== 'backup') return []
  return report.backups.flatMap(outcome =>
    outcome.status === 'failed'
      ? [errorAnnotation(outcome.error, outcome.component)]
      : problemAnnotations(outcome.problems, outcome.component),
  )
}

function problemAnnotations(problems: readonly Problem[], component: Component): readonly Annotation[] {
  const sorted = [...problems.filter(isMissing), ...problems.filter(problem => !isMissing(problem))]
  const shown = sorted.length > MOST ? sorted.slice(0, MOST - 1) : sorted
  const annotations = shown.map(problem =>
    annotation('warning', [component, isMissing(problem) ? 'missing' : undefined], problem.message, problem.hint),
  )
  const more = sorted.length - shown.length
  if (more === 0) return annotations
  return [...annotations, annotation('warning', [component], `${more} more warnings stand in the log.`, undefined)]
}

function isMissing({ severity }: Problem): boolean {
  return severity === 'partial'
}

function annotation(
  level: Level,
  subjects: readonly (string | undefined)[],
  message: string,
  hint: string | undefined,
): Annotation {
  const words = subjects.filter(subject => subject !== undefined)
  return {
    level,
    title: words.length === 0 ? 'Comeback' : `Comeback: ${words.join(', ')}`,
    text: hint === undefined ? message : `${message}\n${hint}`,
  }
}
