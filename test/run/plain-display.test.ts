import { expect, test } from 'vitest'
import { createPalette } from '../../src/report/palette.ts'
import { quietDisplay } from '../../src/run/display.ts'
import { plainDisplay } from '../../src/run/plain-display.ts'
import { FakeClock, FakePipe } from '../support/terminal.ts'

function scene(create: typeof plainDisplay) {
  const clock = new FakeClock()
  const output = new FakePipe()
  const scrub = (text: string) => text.replaceAll('hunter2', '***')
  const { report } = create({ output, palette: createPalette(false), scrub, now: clock.now })
  return { clock, output, report }
}

test('each phase is a line, once', () => {
  const { output, report } = scene(plainDisplay)
  for (const text of ['reading the schema', 'reading the schema', 'copying hunter2', 'reading the schema']) {
    report({ type: 'phase', component: 'database', text })
  }
  expect(output.text).toBe('database: reading the schema\ndatabase: copying ***\ndatabase: reading the schema\n')
})

test('bytes are a line each thirty seconds, no more', () => {
  const { clock, output, report } = scene(plainDisplay)
  report({ type: 'expect', component: 'files', bytes: 1_000_000_000 })
  for (let second = 0; second < 100; second++) {
    report({ type: 'bytes', component: 'files', done: second * 10_000_000, fresh: 0, stored: 0 })
    clock.pass(1_000)
  }
  expect(output.text.trimEnd().split('\n')).toEqual([
    'files: 300 MB of 1.0 GB, 10 MB/s, 1:10 left, 30%',
    'files: 600 MB of 1.0 GB, 10 MB/s, 0:40 left, 60%',
    'files: 900 MB of 1.0 GB, 10 MB/s, 0:10 left, 90%',
  ])
})

test('warnings and notices come through, even where it is quiet', () => {
  for (const create of [plainDisplay, quietDisplay]) {
    const { output, report } = scene(create)
    report({ type: 'warning', component: undefined, message: 'The log\ncould not be written.' })
    report({ type: 'notice', message: 'A new key was written.' })
    expect(output.text).toBe('warning: The log could not be written.\nnote: A new key was written.\n')
  }
})

test('quiet means no phases and no bytes', () => {
  const { clock, output, report } = scene(quietDisplay)
  report({ type: 'phase', component: 'database', text: 'copying' })
  clock.pass(100_000)
  report({ type: 'bytes', component: 'database', done: 1, fresh: 1, stored: 1 })
  expect(output.text).toBe('')
})
