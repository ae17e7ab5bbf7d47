/** Text broken between words, as terminals break it anywhere. */
import { widthOf } from './printable.ts'

/**
 * Lines of at most `width` columns, the first as it comes, the others indented. A word that is wider than a line, such as a
 * URL, stays whole, so that it can be copied. Line breaks in the text are kept.
 */
export function wrapped(text: string, width: number, indent: number): string[] {
  const margin = ' '.repeat(indent)
  const lines: string[] = []
  for (const paragraph of text.trimEnd().split('\n')) {
    let line: string | undefined
    for (const word of paragraph.split(' ')) {
      if (line !== undefined && widthOf(line) + 1 + widthOf(word) <= width) line = `${line} ${word}`
      else {
        if (line !== undefined) lines.push(line)
        line = (lines.length > 0 ? margin : '') + word
      }
    }
    lines.push(line ?? '')
  }
  return lines
}
