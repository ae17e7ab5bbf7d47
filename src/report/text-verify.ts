/** Proofs as text for people: the verdict first, then how old and how long, what was looked at, and what was found. */
import type { ProofCheck, ProofFinding } from '../engine/proof.ts'
import type { Palette } from './palette.ts'
import { onOneLine, widthOf } from './printable.ts'
import type { Proof } from './proof.ts'
import {
  changedTables,
  changeText,
  checkTexts,
  recordNote,
  stepsOf,
  VERDICT_WORDS,
  verdictLine,
  wasNeverProved,
} from './proof-words.ts'
import { ageText, countText, durationText, rateText, sizeText, timeText } from './quantities.ts'
import { indented } from './text-error.ts'
import { assertionLines, findingLine } from './text-findings.ts'
import { migrationLines } from './text-migration.ts'
import type { VerifyReport } from './verify-report.ts'
import { wrapped } from './wrap.ts'

/** Columns. */
const WIDTH = 80
/** Findings, and tables that changed, that are shown of one component; the rest are counted. */
const FINDINGS_SHOWN = 20
const TABLES_SHOWN = 10

export interface VerifyText {
  readonly now: Date
  /** Name the tables whose rows changed. */
  readonly details: boolean
}

export function verifyLines(report: VerifyReport, palette: Palette, { now, details }: VerifyText): readonly string[] {
  const { kind, proofs, absent, migration, store } = report
  const several = proofs.length + absent.length > 1
  return [
    ...(several ? [verdictLine(report)] : []),
    ...proofs.flatMap(proof => proofLines(proof, kind, palette, { now, details })),
    ...absent.map(component => `${palette.bold(component)} has nothing to verify here`),
    ...(migration === undefined ? [] : migrationLines(migration, palette)),
    palette.dim(`in ${store}`),
  ]
}

function proofLines(proof: Proof, kind: VerifyReport['kind'], palette: Palette, { now, details }: VerifyText) {
  const { component, id, verdict, checks, findings, assertions } = proof
  const { bold, red, green, yellow, dim } = palette
  if (wasNeverProved(proof)) return neverLines(proof, palette)
  const style = { verified: green, failed: red, 'could-not-verify': yellow }[verdict]
  const word = verdict === 'verified' ? VERDICT_WORDS[verdict] : VERDICT_WORDS[verdict].toUpperCase()
  // Anyone who can write to the store could have made it.
  const said = verdict === 'verified' && !proof.authenticated ? yellow(`${word}, by its record`) : style(word)
  return [
    `${bold(component)} ${said} ${id}`,
    ...(kind === 'recorded' ? recordLines(proof, palette, now) : []),
    `  the backup of ${timeText(proof.time)}, ${durationText(proof.age)} old when it was proved`,
    ...timeLines(proof).map(line => `  ${line}`),
    ...checkLines(checks, palette),
    ...findingLines(findings, palette),
    ...changeLines(proof, palette, details),
    ...assertionLines(assertions, palette),
    ...(proof.recorded
      ? []
      : [`  ${yellow('not recorded:')} ${indented(proof.notRecorded ?? 'the store keeps nothing of this proof.')}`]),
    dim(
      `  proved ${timeText(proof.provedAt)} by ${onOneLine(proof.engine)}${proof.server === undefined ? '' : ` on ${onOneLine(proof.server)}`}`,
    ),
  ]
}

function neverLines({ component, id, time, findings }: Proof, palette: Palette): readonly string[] {
  return [
    `${palette.bold(component)} ${palette.yellow('was never verified')}`,
    `  the newest backup is ${id}, of ${timeText(time)}; nothing was restored now`,
    ...findingLines(findings, palette),
  ]
}

/** Nobody must take a record for a restore. */
function recordLines(proof: Proof, { yellow }: Palette, now: Date): readonly string[] {
  const ago = ageText(new Date(proof.provedAt), now)
  return wrapped(
    `  Nothing was restored now: this was recorded on ${timeText(proof.provedAt)}, ${ago} ago. ${recordNote(proof)}`,
    WIDTH,
    2,
  ).map(yellow)
}

function timeLines({ restoreSeconds, compareSeconds, bytes, stored }: Proof): readonly string[] {
  const size = `${sizeText(bytes)}, ${sizeText(stored)} of its own in the store`
  if (restoreSeconds === undefined)
    return [`the restore did not come to its end, so how long it takes is not known`, ...(bytes === 0 ? [] : [size])]
  const compared = compareSeconds === undefined ? '' : `, compared in ${durationText(compareSeconds)}`
  return [`restored in ${durationText(restoreSeconds)} (${rateText(bytes, restoreSeconds)})${compared}`, size]
}

/** A tick is for what passed alone. */
function checkLines(checks: readonly ProofCheck[], { red, green, dim }: Palette): readonly string[] {
  const width = Math.max(0, ...checks.map(({ name }) => name.length))
  const marks = { passed: green('✓'), failed: red('✗'), 'not-run': dim('–') }
  const texts = checkTexts(checks)
  return checks.flatMap(({ name, result }, place) => {
    const [first = '', ...more] = wrapped(onOneLine(texts[place] ?? ''), WIDTH - width - 6, 0)
    return [
      `  ${marks[result]} ${name.padEnd(width)}  ${first}`.trimEnd(),
      ...more.map(line => `${' '.repeat(width + 6)}${line}`),
    ]
  })
}

function findingLines(findings: readonly ProofFinding[], palette: Palette): readonly string[] {
  const { dim } = palette
  const shown = findings.slice(0, FINDINGS_SHOWN)
  const more = findings.length - shown.length
  return [
    ...shown.flatMap((finding, index) => {
      // The same advice a hundred times would hide everything else.
      const advice = stepsOf([finding]).filter(hint => shown.findIndex(other => other.hint === hint) === index)
      return [...findingLine(finding, palette), ...advice.flatMap(hint => wrapped(`    hint: ${hint}`, WIDTH, 6))]
    }),
    ...(more > 0 ? [dim(`  and ${countText(more, 'more finding')}`)] : []),
  ]
}

function changeLines(proof: Proof, { red, dim }: Palette, details: boolean): readonly string[] {
  const changed = changedTables(proof)
  if (changed.length === 0) return []
  const halved = changed.filter(table => table.halved)
  const heading = `  rows since the proof before: other numbers in ${countText(changed.length, 'table')}`
  const warning = halved.length === 0 ? '' : `, ${red(`${halved.length} lost half or more`)}`
  if (!details) return [heading + warning]
  const shown = changed.slice(0, TABLES_SHOWN)
  const width = Math.min(40, Math.max(...shown.map(({ name }) => widthOf(onOneLine(name)))))
  const more = changed.length - shown.length
  return [
    heading + warning,
    ...shown.map(table => {
      const name = onOneLine(table.name)
      const text = changeText(table)
      return `    ${name}${' '.repeat(Math.max(0, width - widthOf(name)))}  ${table.halved ? red(text) : text}`
    }),
    ...(more > 0 ? [dim(`    and ${more.toLocaleString('en')} more`)] : []),
  ]
}
