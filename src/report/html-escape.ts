/**
 * Other people's text in HTML: names of stores, messages of servers, files in a folder of the old scripts. The one place where
 * text becomes markup; everything else on the page is ours.
 */
import { printable } from './printable.ts'

/** Characters that are shown of one text: a message may quote a whole statement. */
const LIMIT = 2_000

/** For content and for attributes in double quotes. Control and direction-changing characters are shown, not sent. */
export function escaped(text: string): string {
  const whole = text.toWellFormed()
  const cut = whole.length <= LIMIT ? whole : `${whole.slice(0, LIMIT).toWellFormed()}…`
  return printable(cut).replace(/[&<>"'`]/g, sign => `&#${sign.charCodeAt(0)};`)
}
