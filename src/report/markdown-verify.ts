/**
 * Proofs as Markdown: the job summary and, shorter, the comment of a pull request and the text of a check. A reader's questions
 * come in their order: does it restore, how old is it and how long would it take, what changed, what should I do. The rest is
 * folded.
 */
import type { Verdict } from '../engine/proof.ts'
import { code } from './markdown-escape.ts'
import { migrationSections } from './markdown-migration.ts'
import { failureBox } from './markdown-problems.ts'
import { proofSections } from './markdown-proof.ts'
import { fittingSections, type Section } from './markdown-sections.ts'
import { VERDICT_WORDS, verdictLine } from './proof-words.ts'
import type { ErrorValue } from './report.ts'
import type { VerifyReport } from './verify-report.ts'

/** Bytes. GitHub takes 1 MiB of summary, 65,536 characters of a comment and 65,535 of a check. */
const SUMMARY_LIMIT = 950_000
const BRIEF_LIMIT = 60_000
const VERDICT_MARKS: Readonly<Record<Verdict, string>> = {
  verified: '✅',
  failed: '❌',
  'could-not-verify': '⚠️',
}

export interface VerifyMarkdown {
  /** Name tables; what was found wrong is named in any case. */
  readonly details: boolean
  readonly now: Date
}

export function verifyMarkdown(report: VerifyReport, options: VerifyMarkdown): readonly string[] {
  return fittingSections(
    sectionsOf(report, { ...options, brief: false }),
    SUMMARY_LIMIT,
    'It stands in the JSON of the result.',
  )
}

/** What a comment or a check is of. */
export interface Origin {
  /** Where the run can be looked at, a URL. */
  readonly run?: string | undefined
  /** In full. */
  readonly commit?: string | undefined
}

/** For a comment or a check. */
export function briefVerifyMarkdown(report: VerifyReport, options: VerifyMarkdown, origin: Origin): string {
  const lines = fittingSections(
    sectionsOf(report, { ...options, brief: true }),
    BRIEF_LIMIT,
    'The summary of the run has it.',
  )
  return page([...lines, ...linkTo(origin)])
}

/** Of a run that threw. */
export function briefErrorMarkdown(error: ErrorValue, verdict: Verdict, origin: Origin): string {
  const why = verdict === 'failed' ? 'The proof failed' : 'The proof could not be made'
  return page([
    `## ${VERDICT_MARKS[verdict]} Proof: ${VERDICT_WORDS[verdict]}`,
    ...failureBox(why, error),
    ...linkTo(origin),
  ])
}

/** `✅ Proof: database verified`, one line in plain text. No tick for a record that anyone could have made. */
export function verifyTitle(report: VerifyReport): string {
  const { kind, verdict, proofs } = report
  if (kind === 'made') return `${VERDICT_MARKS[verdict]} Proof: ${verdictLine(report)}`
  const doubtful = verdict === 'verified' && proofs.some(({ authenticated }) => !authenticated)
  return doubtful
    ? `📄 Last proof: ${verdictLine(report)}, by a record that was not authenticated`
    : `${VERDICT_MARKS[verdict]} Last proof: ${verdictLine(report)}`
}

function sectionsOf(report: VerifyReport, options: VerifyMarkdown & { readonly brief: boolean }): readonly Section[] {
  const { proofs, absent, migration, store, kind } = report
  const several = proofs.length > 1 || migration !== undefined
  const parts = [
    ...(migration === undefined ? [] : [migrationSections(migration, options)]),
    ...proofs.map(proof => proofSections(proof, kind, { ...options, heading: several })),
  ]
  return [
    { what: '', lines: [`## ${verifyTitle(report)}`, ''] },
    ...parts.flatMap(({ answers, details }) => [...answers, ...details]),
    ...(absent.length === 0 ? [] : [{ what: '', lines: ['', `– Nothing to verify here: ${absent.join(', ')}.`, ''] }]),
    { what: '', lines: ['', `In ${code(store)}.`, ''] },
  ]
}

function linkTo({ run, commit }: Origin): readonly string[] {
  const parts = [
    ...(run === undefined ? [] : [`[The run and its summary](${run})`]),
    ...(commit === undefined ? [] : [`for commit ${code(commit.slice(0, 7))}`]),
  ]
  return parts.length === 0 ? [] : ['', parts.join(' '), '']
}

/** Parts bring their own empty lines; two in a row are one too many. */
function page(lines: readonly string[]): string {
  return `${lines
    .filter((line, index) => line !== '' || lines[index - 1] !== '')
    .join('\n')
    .trim()}\n`
}
