import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { liveDisplay } from '../../src/cli/live-display.ts'
import type { ProgressEvent } from '../../src/engine/progress.ts'
import { createPalette } from '../../src/report/palette.ts'
import { widthOf } from '../../src/report/printable.ts'
import type { RestorePlanReport } from '../../src/report/restore-plan-report.ts'
import { FakeClock, FakeTerminal } from '../support/terminal.ts'

function live(columns = 80) {
  const clock = new FakeClock()
  const terminal = new FakeTerminal(columns)
  const scrub = (text: string) => text.replaceAll('hunter2', '***')
  const display = liveDisplay({
    output: terminal,
    palette: createPalette(false),
    scrub,
    now: clock.now,
    every: clock.every,
  })
  return { clock, terminal, display, report: display.report }
}

const phase = (text: string, component: 'database' | 'files' = 'database'): ProgressEvent => ({
  type: 'phase',
  component,
  text,
})
const bytes = (done: number, fresh = 0, stored = 0): ProgressEvent => ({
  type: 'bytes',
  component: 'database',
  done,
  fresh,
  stored,
})
const expectation: ProgressEvent = { type: 'expect', component: 'database', bytes: 1_000_000_000 }

const PLAN: RestorePlanReport = {
  ...{ command: 'restore-plan', store: 'file:b', component: 'database', id: '20261121T020000Z-7f3a91' },
  ...{ time: '2026-11-21T02:00:00.000Z', status: 'complete', age: 60, bytes: 1 },
  target: {
    ...{ kind: 'folder', place: '/srv/hunter2', way: 'new', needsConfirmation: false, losses: [], problems: [] },
    brings: { files: 1, folders: 0, links: 0, bytes: 1 },
    holds: { files: 0, more: false },
  },
}

describe('the live line', () => {
  test('shows phase, bytes, rate, time left and what is new', () => {
    const { clock, terminal, report } = live()
    report(phase('copying rows'))
    report(expectation)
    for (let second = 1; second <= 4; second++) {
      clock.pass(1_000)
      report(bytes(second * 100_000_000, second * 3_000_000, second * 1_000_000))
    }
    clock.pass(100)
    expect(terminal.screen[0]).toMatch(
      /^database {2}copying rows +400 MB of 1\.0 GB {2}98 MB\/s {2}0:06 left {2}12 MB new( {2}40%)?$/,
    )
  })

  test('is gone once the plan of a restore was shown, so that a question may stand below it', () => {
    const { clock, terminal, report } = live()
    report(phase('looking at the target'))
    clock.pass(200)
    report({ type: 'plan', component: 'database', plan: PLAN })
    terminal.write('Which? ')
    clock.pass(5_000)
    expect(terminal.screen).toEqual(expect.arrayContaining(['database restore:', '  into    /srv/***']))
    expect(terminal.screen.at(-1)).toBe('Which?')
  })

  test('is there for each component at work, and goes when it is done', () => {
    const { clock, terminal, report } = live()
    report(phase('copying rows'))
    report(phase('packing', 'files'))
    clock.pass(200)
    expect(terminal.screen).toEqual(['database  copying rows', 'files     packing'])
    report({ type: 'done', component: 'database' })
    clock.pass(200)
    expect(terminal.screen).toEqual(['files     packing'])
  })

  test('is drawn ten times a second at most, however much happens', () => {
    const { clock, terminal, report } = live()
    report(phase('copying rows'))
    for (let step = 0; step < 5_000; step++) {
      report(bytes(step * 1_000))
      clock.pass(1)
    }
    expect(terminal.writes.length).toBeLessThanOrEqual(50)
    expect(terminal.writes.length).toBeGreaterThan(40)
  })

  test('shows a stall: the rate sinks though nothing is reported', () => {
    const { clock, terminal, report } = live()
    report(phase('copying rows'))
    clock.pass(2_000)
    report(bytes(100_000_000))
    clock.pass(100)
    expect(terminal.screen[0]).toContain('48 MB/s')
    clock.pass(8_000)
    expect(terminal.screen[0]).toContain('9.9 MB/s')
    clock.pass(3_000)
    expect(terminal.screen[0]).toContain('0 B/s')
  })

  test('leaves out an estimate that was too low', () => {
    const { clock, terminal, report } = live()
    report(phase('copying rows'))
    report(expectation)
    clock.pass(2_000)
    report(bytes(1_100_000_000))
    clock.pass(100)
    expect(terminal.screen[0]).toMatch(/copying rows +1\.1 GB {2}\d+ MB\/s$/)
  })

  test('does not say 100% before the last byte', () => {
    const { clock, terminal, report } = live()
    report(expectation)
    report(bytes(999_999_999))
    clock.pass(100)
    expect(terminal.screen[0]).toContain('99%')
  })

  test('is cleared at the end', () => {
    const { clock, terminal, display, report } = live()
    report(phase('copying rows'))
    report(phase('packing', 'files'))
    clock.pass(200)
    display.stop()
    expect(terminal.screen).toEqual([])
    const { length } = terminal.writes
    clock.pass(5_000)
    expect(terminal.writes.length).toBe(length)
  })

  test('lets warnings and notices stand above it', () => {
    const { clock, terminal, display, report } = live()
    report(phase('copying rows'))
    clock.pass(200)
    report({ type: 'warning', component: 'files', message: 'a.txt vanished.', hint: 'Look again.' })
    report({ type: 'notice', message: 'A new key was written.' })
    clock.pass(200)
    expect(terminal.screen).toEqual([
      'warning: files: a.txt vanished.',
      '  hint: Look again.',
      'note: A new key was written.',
      'database  copying rows',
    ])
    display.stop()
    expect(terminal.screen).toHaveLength(3)
  })

  test('shows no secret and no control character of a name', () => {
    const { clock, terminal, report } = live()
    report(phase('public."\x1b[2J\nhunter2"'))
    clock.pass(100)
    expect(terminal.screen).toEqual(['database  public."\\x1b[2J ***"'])
  })

  test('has room for what the terminal writes itself when somebody presses Ctrl+C', () => {
    const { clock, terminal, display, report } = live(40)
    report(phase('a phase whose text takes more than half of the line'))
    clock.pass(100)
    terminal.write('^C')
    display.stop()
    expect(terminal.screen).toEqual([])
  })

  test('breaks what stands above it between words', () => {
    const { terminal, report } = live(30)
    report({ type: 'notice', message: 'A new key was written to .backup_key.' })
    expect(terminal.screen).toEqual(['note: A new key was written to', '  .backup_key.'])
  })

  test('fits any width, whatever the phase and the numbers', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 120 })
    fc.assert(
      fc.property(
        fc.integer({ min: 20, max: 200 }),
        text,
        fc.nat(1e12),
        fc.nat(1e12),
        (columns, name, done, expected) => {
          const { clock, terminal, report } = live(columns)
          report(phase(name))
          report({ type: 'expect', component: 'database', bytes: expected })
          clock.pass(2_000)
          report(bytes(done, done, done))
          clock.pass(100)
          const drawn = terminal.writes.at(-1) ?? ''
          // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequence that clears the line before
          expect(widthOf(drawn.replace(/^\r\x1b\[J/, ''))).toBeLessThan(columns)
        },
      ),
    )
  })

  test('leaves nothing behind when the window became narrower', () => {
    const { clock, terminal, report, display } = live(80)
    report(phase('a phase whose text takes more than half of the line'))
    clock.pass(100)
    // The terminal wraps what it shows already.
    const narrow = new FakeTerminal(30)
    for (const text of terminal.writes) narrow.write(text)
    terminal.columns = 30
    const { length } = terminal.writes
    clock.pass(1_000)
    display.stop()
    for (const text of terminal.writes.slice(length)) narrow.write(text)
    expect(narrow.screen).toEqual([])
  })
})
