/** How the Action speaks to its runner: never with a secret in it, in the words of a workflow, and never so that a text becomes a command. */
import { onOneLine, printable } from '../report/printable.ts'
import { type Scrub, scrubbed } from '../report/scrub.ts'
import type { Veil } from '../report/veil.ts'
import type { Output } from '../run/display.ts'
import { inputsInsteadOfFlags } from './wording.ts'
import { type Annotation, annotationLine, withoutCommands } from './workflow-commands.ts'

export interface Voice {
  readonly scrub: Scrub
  /** Names that annotations and what is readable in public do without; undefined where they are to be shown. */
  readonly veil: Veil | undefined
  /** Takes text that is safe to show but for flags and commands in it. */
  readonly log: Output
  annotate(annotation: Annotation): void
  /** A report or an error as a person may see it: without secrets, and with control characters made visible. */
  readable<Value>(value: Value): Value
  /** The same for job summaries, comments and checks. */
  public<Value>(value: Value): Value
}

export function createVoice(stdout: Output, scrub: Scrub, veil?: Veil): Voice {
  const lines = withoutCommands(stdout)
  const clean = (text: string) => printable(scrub(text))
  const cover = (text: string) => veil?.cover(text) ?? text
  return {
    scrub,
    veil,
    log: { write: text => lines.write(inputsInsteadOfFlags(text)) },
    annotate({ level, title, text }) {
      const whole = clean(text)
      const shown = cover(whole)
      // An annotation is all that the log gets of it, otherwise.
      if (shown !== whole) lines.write(`${inputsInsteadOfFlags(whole)}\n`)
      stdout.write(annotationLine({ level, title: onOneLine(scrub(title)), text: inputsInsteadOfFlags(shown) }))
    },
    readable: value => scrubbed(value, clean),
    public: value => {
      const readable = scrubbed(value, clean)
      return veil?.covered(readable) ?? readable
    },
  }
}
