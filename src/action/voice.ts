/** How the Action speaks to its runner: never with a secret in it, and never so that a text becomes a command. */
import { onOneLine, printable } from '../report/printable.ts'
import { type Scrub, scrubbed } from '../report/scrub.ts'
import type { Output } from '../run/display.ts'
import { worded } from './wording.ts'
import { type Annotation, annotationLine, withoutCommands } from './workflow-commands.ts'

export interface Voice {
  readonly scrub: Scrub
  /** For text that is safe to show but for commands in it. */
  readonly log: Output
  annotate(annotation: Annotation): void
  /** A report or an error as a program may have it: without secrets, and with inputs for flags. */
  safe<Value>(value: Value): Value
  /** The same as a person may have it: with control characters made visible, too. */
  readable<Value>(value: Value): Value
}

export function createVoice(stdout: Output, scrub: Scrub): Voice {
  const safe = <Value>(value: Value): Value => scrubbed(worded(value), scrub)
  const readable = <Value>(value: Value): Value => scrubbed(safe(value), printable)
  return {
    scrub,
    log: withoutCommands(stdout),
    annotate: ({ level, title, text }) => {
      const { message } = readable({ message: text })
      stdout.write(annotationLine({ level, title: onOneLine(scrub(title)), text: message }))
    },
    safe,
    readable,
  }
}
