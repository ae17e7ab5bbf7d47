/** What we write, the real client of the runner writes, too: byte for byte. */
import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { annotationLine, debugLine, maskLine, withoutCommands } from '../../src/action/workflow-commands.ts'
import { FakePipe } from '../support/terminal.ts'

const NASTY = ['plain', 'a: b, c', '50% of\r\ntwo lines', '::error::', 'ünïcode ✅', '%0A']

test("masks and annotations are written as GitHub's own client writes them", () => {
  const script = `
    import * as core from '@actions/core'
    for (const text of JSON.parse(process.argv[1])) {
      core.setSecret(text)
      core.debug(text)
      core.error(text, { title: text })
      core.warning(text, { title: text })
      core.notice(text, { title: text })
    }`
  const theirs = execFileSync(process.execPath, ['--input-type=module', '-e', script, JSON.stringify(NASTY)], {
    encoding: 'utf8',
  })
  const ours = NASTY.flatMap(text => [
    maskLine(text),
    debugLine(text),
    ...(['error', 'warning', 'notice'] as const).map(level => annotationLine({ level, title: text, text })),
  ])
  expect(ours.join('')).toBe(theirs)
})

test.each([
  ['::add-mask::public', ': :add-mask::public'],
  ['a line\n  ::set-env name=PATH::/tmp', 'a line\n  : :set-env name=PATH::/tmp'],
  ['x ##[add-mask]word', 'x # #[add-mask]word'],
  ['a::b is no command', 'a::b is no command'],
  [':::', ': ::'],
])("other people's text %j is no command", (text, expected) => {
  const pipe = new FakePipe()
  withoutCommands(pipe).write(text)
  expect(pipe.text).toBe(expected)
})

test('no line of a text begins like a command, whatever it is made of', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(':', '::', ' ', '\t', '\n', '##[', '#', 'x', '\u3000')), parts => {
      const pipe = new FakePipe()
      withoutCommands(pipe).write(parts.join(''))
      for (const line of pipe.text.split('\n'))
        expect(line.trimStart().startsWith('::') || line.includes('##[')).toBe(false)
    }),
  )
})
