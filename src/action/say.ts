/** What is left of a run: the log's last lines, annotations, outputs, the result as JSON and the job summary. */
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { asComebackError } from '../errors.ts'
import { exitCodeOf } from '../report/exit-code.ts'
import { markdownError, renderMarkdown } from '../report/markdown.ts'
import { createPalette } from '../report/palette.ts'
import { printable } from '../report/printable.ts'
import type { ErrorValue, Report } from '../report/report.ts'
import { scrubbed } from '../report/scrub.ts'
import { renderReport } from '../report/text.ts'
import { causesOf, renderError } from '../report/text-error.ts'
import type { RunLog } from '../run/log.ts'
import { errorAnnotation, reportAnnotations } from './annotations.ts'
import { type Outputs, outputsOf, outputsOfError, writeOutputs } from './outputs.ts'
import { appendSummary } from './summary.ts'
import type { Voice } from './voice.ts'
import { inputsInsteadOfFlags } from './wording.ts'

const PLAIN = createPalette(false)
const LEFT_OUT =
  'Names of tables, roles and hosts are left out here and in annotations. The log of the step has them; `summary-details: true` shows them.'

/** Where the runner takes results from, and what it says about itself. */
export interface Files {
  readonly outputs: string | undefined
  readonly summary: string | undefined
  /** Folder for files that live as long as the job. */
  readonly temporary: string
}

export interface Speech {
  readonly voice: Voice
  readonly files: Files
  readonly now: Date
  /** Names of tables and files in the summary, which may be public. */
  readonly details: boolean
  /** Show the causes of an error. */
  readonly debug: boolean
  readonly verb: string | undefined
  readonly log?: RunLog | undefined
}

/** Returns the exit code. */
export function sayReport(report: Report, speech: Speech): number {
  const { voice, now, details, log } = speech
  const readable = voice.readable(report)
  const text = renderReport(readable, { palette: PLAIN, now, details })
  const code = exitCodeOf(report)
  log?.block(text)
  log?.line(`exit code ${code}`)
  voice.log.write(text)
  for (const annotation of reportAnnotations(report)) voice.annotate(annotation)
  const result = scrubbed(report, voice.scrub)
  leave(result, outputsOf(result), () => renderMarkdown(voice.public(report), { details, now }), speech)
  return code
}

/** Returns the exit code. */
export function sayError(thrown: unknown, speech: Speech): number {
  const { voice, debug, verb, log } = speech
  const known = asComebackError(thrown)
  const { code, message, hint, exitCode } = known
  const value: ErrorValue = { code, message, hint }
  const readable = voice.readable(value)
  const causes = printable(voice.scrub(causesOf(thrown)))
  log?.block(`${renderError(readable, PLAIN)}\n${causes}`)
  log?.line(`exit code ${exitCode}`)
  voice.annotate(errorAnnotation(value))
  if (debug) voice.log.write(causes)
  const error = scrubbed(value, voice.scrub)
  leave({ error }, outputsOfError(error, verb), () => markdownError(voice.public(value)), speech)
  return exitCode
}

/** Each on its own: a full disk must cost one of them at most, and never turn a good backup into a failed job. */
function leave(result: object, outputs: Outputs, summary: () => string, { voice, files }: Speech): void {
  const attempt = <Value>(what: string, action: () => Value): Value | undefined => {
    try {
      return action()
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      voice.annotate({ level: 'warning', title: 'Comeback', text: `${what} could not be written: ${reason}` })
      return undefined
    }
  }
  const report = attempt('The result as JSON', () => writeResult(files.temporary, result))
  const { outputs: outputFile, summary: summaryFile } = files
  if (outputFile !== undefined) {
    attempt('The outputs', () => writeOutputs(outputFile, { ...outputs, ...(report === undefined ? {} : { report }) }))
  }
  if (summaryFile !== undefined)
    attempt('The job summary', () => appendSummary(summaryFile, withoutNames(inputsInsteadOfFlags(summary()), voice)))
}

/** Says so where names were left out. */
function withoutNames(markdown: string, { veil }: Voice): string {
  return veil?.used === true ? `${markdown}\n${LEFT_OUT}\n` : markdown
}

/** Its path. Readable by its owner alone, as names of tables and files stand in it. */
function writeResult(folder: string, result: object): string {
  const file = join(folder, `comeback-${randomUUID()}.json`)
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
  return file
}
