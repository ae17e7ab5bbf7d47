/**
 * Names of tables and files, and messages of servers, are other people's text. On a terminal an escape sequence in them
 * could move the cursor, hide lines or worse, so control characters are shown, never sent.
 */

/** Columns of the ellipsis. */
const ELLIPSIS = 1

/** Control and direction-changing characters as `\x1b`; line breaks and tabs stay. */
export function printable(text: string): string {
  return text.replace(/(?![\n\t])[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, character => {
    const code = character.charCodeAt(0).toString(16)
    return code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`
  })
}

/** The same on one line. */
export function onOneLine(text: string): string {
  return printable(text.replace(/\s*\n\s*/g, ' ').replaceAll('\t', ' '))
}

/** Columns that a text takes on a terminal. */
export function widthOf(text: string): number {
  let width = 0
  for (const character of text) width += columnsOf(character)
  return width
}

/** The text cut to so many columns, with an ellipsis where something was cut. */
export function fitted(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text
  let kept = ''
  let width = ELLIPSIS
  for (const character of text) {
    width += columnsOf(character)
    if (width > columns) break
    kept += character
  }
  return columns < ELLIPSIS ? '' : `${kept}…`
}

function columnsOf(character: string): number {
  if (/\p{Mark}|\p{Cf}/u.test(character)) return 0
  return /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\uff01-\uff60]/u.test(
    character,
  )
    ? 2
    : 1
}
