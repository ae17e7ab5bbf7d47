/** How a result is said: as text with or without colours, or as JSON, and never with a secret in it. */
import { asComebackError } from '../errors.ts'
import { exitCodeOf } from '../report/exit-code.ts'
import { createPalette, type Palette } from '../report/palette.ts'
import { printable } from '../report/printable.ts'
import type { ErrorValue, Report } from '../report/report.ts'
import { type Scrub, scrubbed } from '../report/scrub.ts'
import { renderReport } from '../report/text.ts'
import { causesOf, renderError } from '../report/text-error.ts'
import type { Output } from '../run/display.ts'
import { type Environment, isCi, isSet } from '../run/environment.ts'
import type { RunLog } from '../run/log.ts'

export interface Voice {
  readonly stdout: Output
  readonly stderr: Output
  readonly scrub: Scrub
  readonly out: Palette
  readonly err: Palette
  readonly json: boolean
  readonly debug: boolean
  /** Of who sits at the terminal; none where a program reads, or a person somewhere else. */
  readonly zone?: string | undefined
}

interface Speaker {
  readonly argv: readonly string[]
  readonly environment: Environment
  readonly stdout: Output
  readonly stderr: Output
}

const PLAIN = createPalette(false)

export function createVoice({ argv, environment, stdout, stderr }: Speaker, scrub: Scrub): Voice {
  const colours = (output: Output) =>
    output.isTTY === true && (environment.NO_COLOR ?? '') === '' && environment.TERM !== 'dumb'
  return {
    stdout,
    stderr,
    scrub,
    out: createPalette(colours(stdout)),
    err: createPalette(colours(stderr)),
    json: wantsJson(argv, environment),
    debug: isSet(environment.COMEBACK_DEBUG),
    zone: stdout.isTTY === true && !isCi(environment) ? zoneBesidesUtc() : undefined,
  }
}

function zoneBesidesUtc(): string | undefined {
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions()
  return /^(Etc\/)?(UTC|UCT|GMT|Greenwich|Universal|Zulu)$/.test(timeZone) ? undefined : timeZone
}

/** Returns the exit code. */
export function sayReport(report: Report, now: Date, voice: Voice, log?: RunLog): number {
  const safe = scrubbed(report, voice.scrub)
  const readable = scrubbed(safe, printable)
  if (voice.json) sayJson(safe, voice)
  else voice.stdout.write(renderReport(readable, { palette: voice.out, now, zone: voice.zone }))
  const code = exitCodeOf(report)
  log?.block(renderReport(readable, { palette: PLAIN, now }))
  log?.line(`exit code ${code}`)
  return code
}

/** Returns the exit code. */
export function sayError(error: unknown, voice: Voice, log?: RunLog): number {
  const known = asComebackError(error)
  const { code, message, hint, exitCode } = known
  const value: ErrorValue = scrubbed({ code, message, hint }, voice.scrub)
  const readable = scrubbed(value, printable)
  const causes = printable(voice.scrub(causesOf(error)))
  voice.stderr.write(renderError(readable, voice.err, voice.stderr.isTTY ? voice.stderr.columns : undefined))
  if (voice.debug) voice.stderr.write(voice.err.dim(causes))
  if (voice.json) sayJson({ error: value }, voice)
  log?.block(`${renderError(readable, PLAIN)}\n${causes}`)
  log?.line(`exit code ${exitCode}`)
  return exitCode
}

/** For a program one line, for a person who looks at it many. */
export function sayJson(value: object, { stdout, scrub }: Voice): void {
  stdout.write(`${JSON.stringify(scrubbed(value, scrub), null, stdout.isTTY ? 2 : undefined)}\n`)
}

/** Known before the arguments are understood, as an error in them has to be JSON, too. */
function wantsJson(argv: readonly string[], environment: Environment): boolean {
  const end = argv.indexOf('--')
  const flags = (end < 0 ? argv : argv.slice(0, end)).filter(argument => /^--json(=|$)/.test(argument))
  const last = flags.at(-1)
  return last === undefined ? environment.COMEBACK_JSON?.trim() === 'true' : last !== '--json=false'
}
