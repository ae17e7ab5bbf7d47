/** A terminal in memory: it understands what the live display sends, and shows what a person would see. */
import type { Output } from '../../src/run/display.ts'

export class FakeTerminal implements Output {
  readonly isTTY = true
  columns: number
  readonly writes: string[] = []
  #rows: string[] = ['']
  #row = 0
  #column = 0

  constructor(columns = 80) {
    this.columns = columns
  }

  write(text: string): void {
    this.writes.push(text)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the sequences that a terminal understands
    for (const [token] of text.matchAll(/\x1b\[\d*[A-Za-z]|[\s\S]/gu)) this.#take(token)
  }

  /** The rows on the screen, without trailing blanks. */
  get screen(): readonly string[] {
    const rows = this.#rows.map(row => row.trimEnd())
    while (rows.at(-1) === '') rows.pop()
    return rows
  }

  #take(token: string): void {
    if (token === '\n') this.#goTo(this.#row + 1, 0)
    else if (token === '\r') this.#column = 0
    else if (token.startsWith('\x1b[')) this.#control(token.at(-1) ?? '', Number(token.slice(2, -1) || 1))
    else {
      if (this.#column >= this.columns) this.#goTo(this.#row + 1, 0)
      const row = this.#rows[this.#row] ?? ''
      this.#rows[this.#row] = row.slice(0, this.#column).padEnd(this.#column) + token + row.slice(this.#column + 1)
      this.#column += 1
    }
  }

  #control(command: string, count: number): void {
    if (command === 'A') this.#row = Math.max(0, this.#row - count)
    else if (command === 'J') {
      this.#rows.length = this.#row + 1
      this.#rows[this.#row] = (this.#rows[this.#row] ?? '').slice(0, this.#column)
    } else if (command !== 'm') throw new Error(`A sequence that no terminal was asked for: ${command}`)
  }

  #goTo(row: number, column: number): void {
    this.#row = row
    this.#column = column
    while (this.#rows.length <= row) this.#rows.push('')
  }
}

/** Takes text down, as a pipe or a file does. */
export class FakePipe implements Output {
  text = ''

  write(text: string): void {
    this.text += text
  }
}

/** Milliseconds that pass only when told to; what was set to happen meanwhile happens. */
export class FakeClock {
  time = 0
  readonly #timers = new Set<{ readonly interval: number; readonly tick: () => void; next: number }>()

  readonly now = (): number => this.time

  readonly every = (interval: number, tick: () => void): (() => void) => {
    const timer = { interval, tick, next: this.time + interval }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  pass(milliseconds: number): void {
    const end = this.time + milliseconds
    for (;;) {
      const [due] = [...this.#timers].filter(({ next }) => next <= end).sort((left, right) => left.next - right.next)
      if (due === undefined) break
      this.time = due.next
      due.next += due.interval
      due.tick()
    }
    this.time = end
  }
}
