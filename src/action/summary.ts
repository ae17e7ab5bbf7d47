/** The job summary as a file: what the runner takes, and no more than it takes. */
import { appendFileSync } from 'node:fs'

/** Bytes that GitHub takes of one step; of a longer summary it shows nothing at all. */
const LIMIT = 1024 * 1024
const CUT_NOTE =
  '\n\n*The rest was cut: GitHub shows a megabyte of summary at most. The whole result is in the output `report`.*\n'

/** Throws if it can't be written. */
export function appendSummary(file: string, markdown: string): void {
  appendFileSync(file, fitting(markdown))
}

/** The text, or as many whole lines of it as fit together with a note. Ends in a line break. */
export function fitting(markdown: string, limit = LIMIT): string {
  const text = markdown.endsWith('\n') ? markdown : `${markdown}\n`
  const bytes = Buffer.from(text)
  if (bytes.length <= limit) return text
  const room = bytes.subarray(0, limit - Buffer.byteLength(CUT_NOTE))
  return room.subarray(0, room.lastIndexOf('\n')).toString() + CUT_NOTE
}
