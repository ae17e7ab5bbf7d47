/** Lines out of bytes that come in any pieces; what goes on without an end is cut. */

/** Characters of a line. */
const LONGEST = 2_000

export interface LineReader {
  read(bytes: Uint8Array): void
  /** The last line, if no line break ended it. */
  end(): void
}

export function readLines(output: (line: string) => void): LineReader {
  const decoder = new TextDecoder()
  let rest = ''
  const take = (text: string) => {
    const lines = (rest + text).split(/\r?\n/)
    // More of a line that is too long already is not looked at.
    rest = (lines.pop() ?? '').slice(0, LONGEST)
    for (const line of lines) output(line.slice(0, LONGEST))
  }
  return {
    read: bytes => take(decoder.decode(bytes, { stream: true })),
    end() {
      take(decoder.decode())
      if (rest !== '') output(rest)
      rest = ''
    },
  }
}
