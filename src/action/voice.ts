/** How the Action speaks to its runner: never with a secret in it, in the words of a workflow, and never so that a text becomes a command. */
import { onOneLine, printable } from '../report/printable.ts'
import { type Scrub, scrubbed } from '../report/scrub.ts'
import type { Output } from '../run/display.ts'
import { inputsInsteadOfFlags } from './wording.ts'
import { type Annotation, annotationLine, withoutCommands } from './workflow-commands.ts'

export interface Voice {
  readonly scrub: Scrub
  /** Takes text that is safe to show but for flags and commands in it. */
  readonly log: Output
  annotate(annotation: Annotation): void
  /** A report or an error as a person may see it: without secrets, and with control characters made visible. */
  readable<Value>(value: Value): Value
}

export function createVoice(stdout: Output, scrub: Scrub): Voice {
  const lines = withoutCommands(stdout)
  const clean = (text: string) => printable(scrub(text))
  return {
    scrub,
    log: { write: text => lines.write(inputsInsteadOfFlags(text)) },
    annotate: ({ level, title, text }) =>
      stdout.write(annotationLine({ level, title: onOneLine(scrub(title)), text: inputsInsteadOfFlags(clean(text)) })),
    readable: value => scrubbed(value, clean),
  }
}
