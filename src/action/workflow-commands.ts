/**
 * Workflow commands, the lines by which a step talks to its runner: `::name property=value::text`. Written here and not
 * by `@actions/core`, which writes past the output that it is given and loads an HTTP client for it; a test holds both equal.
 */
import type { Output } from '../run/display.ts'

export type Level = 'error' | 'warning' | 'notice'

export interface Annotation {
  readonly level: Level
  readonly title: string
  /** Of any number of lines. */
  readonly text: string
}

/** The annotation, which the runner shows in the log, too. Ends in a line break. */
export function annotationLine({ level, title, text }: Annotation): string {
  return `::${level} title=${property(title)}::${data(text)}\n`
}

/** Shown only to who asks the runner for debug logging. Ends in a line break. */
export function debugLine(text: string): string {
  return `::debug::${data(text)}\n`
}

/** Ends in a line break. */
export function maskLine(secret: string): string {
  return `::add-mask::${data(secret)}\n`
}

/**
 * An output for other people's text, such as names of tables and messages of servers: a line of it that looks like a command
 * would be one, and could mask words or set variables.
 */
export function withoutCommands(output: Output): Output {
  return {
    write: text => output.write(text.replace(/^([^\S\n]*):(?=:)/gm, '$1: ').replaceAll('##[', '# #[')),
  }
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
