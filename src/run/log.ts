/**
 * The log of one run, for whoever looks into it a week later. It is written line by line, synchronously, so that it is
 * complete up to the moment in which a process is killed.
 */
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { ProgressEvent } from '../engine/progress.ts'
import { makeFolderSync } from '../make-folder.ts'
import { kebab, OPTIONS, type OptionName, type Options, optionsOf, type Verb } from '../options.ts'
import { createPalette } from '../report/palette.ts'
import { onOneLine, printable } from '../report/printable.ts'
import { durationText } from '../report/quantities.ts'
import { type Scrub, secretsOfUrl } from '../report/scrub.ts'
import { planLines } from './display.ts'

/** Runs that begin in the same second get a number each. */
const MOST_IN_A_SECOND = 100
const PLAIN = createPalette(false)

export interface RunLog {
  line(text: string): void
  event(event: ProgressEvent): void
  /** A report or an error, of any number of lines. */
  block(text: string): void
  close(): void
}

export interface LogOptions {
  readonly directory: string
  readonly verb: Verb
  readonly now: () => Date
  readonly scrub: Scrub
  /** Called once if the log can't be written; the run goes on. */
  readonly warn: (message: string) => void
}

/** `YYYYMMDDTHHMMSSZ-<verb>.log`, readable by its owner alone. Never throws. */
export function openLog(options: LogOptions): RunLog {
  const { now, scrub } = options
  let file = attempt(options, () => create(options))
  const write = (text: string): void => {
    const open = file
    if (open !== undefined && !attempt(options, () => writeSync(open, text) >= 0)) file = undefined
  }
  const line = (text: string) => write(`${now().toISOString()} ${onOneLine(scrub(text))}\n`)
  return {
    line,
    event: event => {
      if (event.type === 'phase') line(`${event.component}: ${event.text}`)
      if (event.type === 'plan') for (const text of planLines(event.plan, { palette: PLAIN, scrub })) line(text)
      if (event.type === 'notice') line(`note: ${event.message}`)
      if (event.type === 'warning') line(warningText(event))
    },
    block: text => write(`\n${printable(scrub(text)).trimEnd()}\n\n`),
    close: () => {
      const open = file
      if (open !== undefined) attempt(options, () => closeSync(open))
      file = undefined
    },
  }
}

/** The options of a verb as they took effect, of a URL only host and database. */
export function optionsText(verb: Verb, options: Options): string {
  return optionsOf(verb)
    .filter(name => options[name] !== undefined && options[name] !== false && String(options[name]) !== '')
    .map(name => `--${kebab(name)} ${valueText(name, options[name])}`)
    .join(' ')
}

/** `db.example.com:5432/app` of a URL; nothing of what can't be read as one. */
function placeOf(url: string): string {
  const parsed = URL.parse(url)
  if (parsed === null) return '(unreadable)'
  const place = `${parsed.host}${parsed.pathname}`
  return secretsOfUrl(url).some(secret => place.includes(secret)) ? '(hidden)' : place
}

function valueText(name: OptionName, value: Options[OptionName]): string {
  if (OPTIONS[name].secret === 'url') return placeOf(String(value))
  if (OPTIONS[name].secret === 'value') return '(hidden)'
  if (OPTIONS[name].type === 'duration') return durationText(Number(value) / 1000).replaceAll(' ', '')
  if (typeof value !== 'object') return String(value)
  const words = Array.isArray(value) ? value : Object.entries(value).map(([name, age]) => `${name}=${age}ms`)
  return words.map(word => JSON.stringify(word)).join(' ')
}

function warningText({ component, message, hint }: Extract<ProgressEvent, { type: 'warning' }>): string {
  return `warning: ${component === undefined ? '' : `${component}: `}${message}${hint === undefined ? '' : ` (${hint})`}`
}

function create({ directory, verb, now }: LogOptions): number {
  const made = makeFolderSync(directory, 0o700)
  if (made !== undefined) writeFileSync(join(directory, '.gitignore'), '*\n', { mode: 0o600 })
  const stamp = now().toISOString().replace(/\.\d+/, '').replace(/[-:]/g, '')
  for (let number = 1; ; number++) {
    const name = `${stamp}-${verb}${number === 1 ? '' : `-${number}`}.log`
    try {
      return openSync(join(directory, name), 'wx', 0o600)
    } catch (error) {
      const taken = error instanceof Error && 'code' in error && error.code === 'EEXIST'
      if (!taken || number === MOST_IN_A_SECOND) throw error
    }
  }
}

/** A full disk or a folder of somebody else must not stop a backup. */
function attempt<Value>({ directory, warn }: LogOptions, action: () => Value): Value | undefined {
  try {
    return action()
  } catch (error) {
    warn(`No log of this run in ${directory}: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
}
