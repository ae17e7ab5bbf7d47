/** What the demo tells, on a terminal or into a file. */
const COLORED = process.stdout.isTTY === true && process.env.NO_COLOR === undefined

const style = (code: number) => (text: string) => (COLORED ? `\x1b[${code}m${text}\x1b[0m` : text)
export const bold = style(1)
export const dim = style(2)
export const green = style(32)
export const red = style(31)

let chapter = 0

export function title(text: string, about: string): void {
  print(`\n  ${bold(text)}\n  ${dim(about)}\n`)
}

export function begin(text: string): void {
  chapter++
  print(`\n  ${dim(`${chapter}`)}  ${bold(text)}\n`)
}

export function command(text: string): void {
  print(`     ${dim('$')} ${text}\n`)
}

export function say(text: string): void {
  print(`     ${text}\n`)
}

/** Columns: the first to the left, the rest, figures, to the right. */
export function rows(cells: readonly (readonly string[])[]): void {
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map(row => row[column]?.length ?? 0)))
  for (const row of cells) {
    say(row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('   '))
  }
}

export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`
  return `${(bytes / 1e6).toFixed(1)} MB`
}

export function time(seconds: number): string {
  return `${seconds.toFixed(1)} s`
}

function print(text: string): void {
  process.stdout.write(text)
}
