/** One proof as Markdown: the answers to the reader's questions, then what is folded. */
import type { AssertionOutcome, ProofCheck, ProofFinding, Verdict } from '../engine/proof.ts'
import { code, prose } from './markdown-escape.ts'
import { alert, folded, markdownTable, questions } from './markdown-parts.ts'
import { proofCharts } from './markdown-proof-chart.ts'
import { fittingLines, type Section } from './markdown-sections.ts'
import { fitted } from './printable.ts'
import type { Proof } from './proof.ts'
import {
  changedTables,
  changeText,
  checksLine,
  isCompared,
  recordNote,
  stepsOf,
  wasNeverProved,
  weightOf,
} from './proof-words.ts'
import { ageText, countText, durationText, rateText, sizeText, timeText } from './quantities.ts'
import type { VerifyReport } from './verify-report.ts'

/** Bytes of what always stays, so that three components and a migration fit into one comment. */
const BOX_LIMIT = 5_000
const STEPS_LIMIT = 3_000
const CHANGES_LIMIT = 1_500
/** Columns of a message, an advice and a name there; the whole stands below. */
const MESSAGE = 400
const NAME = 60
const BOX_FINDINGS = 8
const STEPS = 5
const CHANGES = 5
const TABLES = 50
const FINDINGS = 200

export interface ProofMarkdown {
  readonly details: boolean
  readonly now: Date
  readonly brief: boolean
  /** Whether the page is of more than this one. */
  readonly heading: boolean
}

/** What always stays, and what is left out where there is no room. */
export interface Parts {
  readonly answers: readonly Section[]
  readonly details: readonly Section[]
}

const RESULT_MARKS: Readonly<Record<ProofCheck['result'], string>> = { passed: '✅', failed: '❌', 'not-run': '–' }
const OUTCOMES: Readonly<Record<AssertionOutcome['result'], string>> = {
  passed: '✅ holds',
  failed: '❌ does not hold',
  error: '– could not be asked',
}

export function proofSections(proof: Proof, kind: VerifyReport['kind'], options: ProofMarkdown): Parts {
  const { component, checks, findings, history, assertions } = proof
  const section = (what: string, lines: readonly string[]): readonly Section[] =>
    lines.length === 0 ? [] : [{ what: `${what} of ${component}`, lines }]
  const heading = options.heading ? ['', `### ${component}`, ''] : []
  if (wasNeverProved(proof)) return { answers: [{ what: '', lines: [...heading, ...neverProved(proof)] }], details: [] }
  return {
    answers: [
      {
        what: '',
        lines: [
          ...heading,
          ...(kind === 'recorded' ? recordBox(proof, options.now) : []),
          ...findingBox(findings),
          ...answers(proof, kind, options),
          ...(proof.recorded
            ? []
            : alert('WARNING', [
                `**Not recorded:** ${prose(proof.notRecorded ?? 'the store keeps nothing of this proof.')}`,
              ])),
        ],
      },
    ],
    details: [
      ...section('the checks', folded(`What was looked at: ${checksLine(checks)}`, checkTable(checks))),
      ...section('the assertions', assertionSection(assertions)),
      ...section('the findings', allFindings(findings)),
      ...section('the chart', proofCharts(history)),
      ...section('the tables', tableSection(proof, options)),
    ],
  }
}

function neverProved({ id, time, findings }: Proof): readonly string[] {
  return [
    ...findingBox(findings),
    `Nothing was restored now, and no proof is recorded. The newest backup is ${code(id)}, taken ${timeText(time)}.`,
    '',
    ...stepsOf(findings).map(step => `**What should I do?** ${prose(step)}`),
    '',
  ]
}

/** Nobody must take a record for a restore. */
function recordBox(proof: Proof, now: Date): readonly string[] {
  const { provedAt, authenticated } = proof
  return alert(authenticated ? 'NOTE' : 'WARNING', [
    `**Nothing was restored now.** This is the record of the proof of ${timeText(provedAt)}, ${ageText(new Date(provedAt), now)} ago. ${recordNote(proof)}`,
  ])
}

function answers(proof: Proof, kind: VerifyReport['kind'], options: ProofMarkdown): readonly string[] {
  const { id, verdict, checks, age, time, authenticated } = proof
  const sure: Readonly<Record<Verdict, string>> = {
    verified: `${authenticated ? '✅ Yes' : 'By the record, yes'}, ${code(id)} came back`,
    failed: `❌ No, not as it was backed up (${code(id)})`,
    'could-not-verify': `⚠️ That is not known: ${code(id)} could not be verified`,
  }
  const older = kind === 'recorded' ? `, ${ageText(new Date(time), options.now)} by now` : ''
  return [
    '',
    ...questions([
      ['Does it restore?', `${sure[verdict]}: ${checksLine(checks)}.`],
      ['How old is it?', `Taken ${timeText(time)}: ${durationText(age)} old when it was proved${older}.`],
      ['How long would it take?', howLong(proof)],
      ['What changed?', whatChanged(proof, options.details)],
      ['What should I do?', whatToDo(proof)],
    ]),
    '',
  ]
}

function howLong({ restoreSeconds, compareSeconds, bytes, history, server }: Proof): string {
  const where = server === undefined ? '' : `, on ${prose(server)}`
  if (restoreSeconds === undefined) return `Not known: the restore did not come to its end${where}.`
  const before = history.at(-2)?.restoreSeconds
  const parts = [
    `**${durationText(restoreSeconds)}** for ${sizeText(bytes)} (${rateText(bytes, restoreSeconds)})${where}`,
    ...(before === undefined ? [] : [`${durationText(before)} the time before`]),
    ...(compareSeconds === undefined ? [] : [`the comparison took ${durationText(compareSeconds)}`]),
  ]
  return `${parts.join('; ')}.`
}

function whatChanged(proof: Proof, details: boolean): string {
  const { history, bytes, tables } = proof
  const before = history.at(-2)
  if (history.length === 0) return 'Not known: nothing was restored.'
  if (before === undefined) return 'This is the first proof: there is nothing to compare it with.'
  const size =
    sizeText(before.bytes) === sizeText(bytes)
      ? `${sizeText(bytes)}, as in the proof of ${before.time.slice(0, 10)}`
      : `${sizeText(before.bytes)} → ${sizeText(bytes)} since the proof of ${before.time.slice(0, 10)}`
  const changed = changedTables(proof)
  if (tables === undefined || !isCompared(proof)) return `${size}.`
  if (changed.length === 0) return `${size}; every table has as many rows as before.`
  const halved = changed.filter(table => table.halved)
  const warning =
    halved.length === 0 ? '' : `; ⚠️ **half of the rows or more are gone from ${countText(halved.length, 'table')}**`
  const named = changed.filter(({ rows, before }) => rows < before).slice(0, CHANGES)
  const list = fittingLines(
    named.map(table => `<br>${table.halved ? '⚠️ ' : ''}${code(fitted(table.name, NAME))} ${changeText(table)}`),
    CHANGES_LIMIT,
  )
  return `${size}; ${countText(changed.length, 'table')} with another number of rows${warning}.${details ? list.join('') : ''}`
}

function whatToDo({ findings, verdict }: Proof): string {
  const steps = stepsOf(findings)
  if (steps.length === 0) return verdict === 'verified' ? 'Nothing.' : 'See what was found.'
  const lines = fittingLines(
    steps.slice(0, STEPS).map(step => `\n    - ${prose(fitted(step, MESSAGE))}`),
    STEPS_LIMIT,
  )
  const more = steps.length - lines.length
  return `${lines.join('')}${more > 0 ? `\n    - … and ${more.toLocaleString('en')} more, with the findings` : ''}`
}

export function findingBox(findings: readonly ProofFinding[]): readonly string[] {
  if (findings.length === 0) return []
  const weights = findings.map(({ code }) => weightOf(code))
  const kind = weights.includes('failed') ? 'CAUTION' : weights.includes('could-not-verify') ? 'WARNING' : 'NOTE'
  const lines = fittingLines(
    findings
      .slice(0, BOX_FINDINGS)
      .map(finding => findingText({ ...finding, message: fitted(finding.message, MESSAGE) })),
    BOX_LIMIT,
  )
  const more = findings.length - lines.length
  return alert(kind, [...lines, ...(more > 0 ? [`- … and ${more.toLocaleString('en')} more, below.`] : [])])
}

function findingText({ code: kind, subject, message }: ProofFinding): string {
  return `- **${kind}** ${subject === '' ? '' : `${code(subject)}: `}${prose(message)}`
}

function checkTable(checks: readonly ProofCheck[]): readonly string[] {
  const before = (place: number) => checks.slice(0, place).filter(({ result }) => result === 'not-run')
  return markdownTable(
    [{ head: 'Check' }, { head: 'Result' }, { head: 'What' }],
    checks.map(({ name, result, detail }, place) => [
      name,
      `${RESULT_MARKS[result]} ${result === 'not-run' ? 'not run' : result}`,
      result === 'not-run' && before(place).some(check => check.detail === detail) ? 'as above' : prose(detail),
    ]),
  )
}

export function assertionSection(outcomes: readonly AssertionOutcome[]): readonly string[] {
  if (outcomes.length === 0) return []
  const passed = outcomes.filter(({ result }) => result === 'passed').length
  const number = (value: number | undefined) => (value === undefined ? '' : value.toLocaleString('en'))
  return folded(
    `Assertions: ${passed} of ${outcomes.length} hold`,
    markdownTable(
      [{ head: 'Assertion' }, { head: 'Result' }, { head: 'Value', right: true }, { head: 'Before', right: true }],
      outcomes.map(({ name, result, value, before }) => [code(name), OUTCOMES[result], number(value), number(before)]),
    ),
    passed < outcomes.length,
  )
}

/** Whole, each with its advice; nothing where one can see that from the box and the steps. */
function allFindings(findings: readonly ProofFinding[]): readonly string[] {
  if (findings.length < 2) return []
  const more = findings.length - FINDINGS
  return folded(countText(findings.length, 'finding'), [
    ...findings.slice(0, FINDINGS).map(finding => {
      const { hint } = finding
      return `${findingText(finding)}${hint === undefined ? '' : `<br>**What to do:** ${prose(hint)}`}`
    }),
    ...(more > 0 ? [`- … and ${more.toLocaleString('en')} more.`] : []),
  ])
}

/** The largest. Summaries of public repositories are public, and so would be the names of tables. */
function tableSection(proof: Proof, { details }: ProofMarkdown): readonly string[] {
  const { tables = [] } = proof
  if (tables.length === 0) return []
  const compared = isCompared(proof)
  const shown = tables.slice(0, TABLES)
  const rest = tables.slice(TABLES)
  const sum = (pick: 'rows' | 'bytes', of: typeof tables) => of.reduce((total, table) => total + table[pick], 0)
  const title = `${countText(tables.length, 'table')}, ${countText(sum('rows', tables), 'row')}, ${sizeText(sum('bytes', tables))}`
  return folded(`${title}${details ? '' : ', without their names'}`, [
    ...markdownTable(
      [
        { head: details ? 'Table' : '#' },
        { head: 'Rows', right: true },
        ...(compared ? [{ head: 'Before', right: true } as const] : []),
        { head: 'Size', right: true },
      ],
      shown.map(({ name, rows, before, bytes }, index) => [
        details ? code(name) : `${index + 1}`,
        `${before !== undefined && rows * 2 <= before && before > 0 ? '⚠️ ' : ''}${rows.toLocaleString('en')}`,
        ...(compared ? [before === undefined ? '' : before.toLocaleString('en')] : []),
        sizeText(bytes),
      ]),
    ),
    ...(rest.length === 0
      ? []
      : [
          `… and ${countText(rest.length, 'smaller table')} with ${countText(sum('rows', rest), 'row')}, ${sizeText(sum('bytes', rest))}.`,
        ]),
  ])
}
