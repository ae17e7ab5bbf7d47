/** Questions, with streams that take the place of a terminal. */
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { askOn } from '../../src/cli/ask.ts'
import { ComebackError } from '../../src/errors.ts'
import { FakeTerminal } from '../support/terminal.ts'

function terminal(signal = new AbortController().signal) {
  const stdin = Object.assign(new PassThrough(), { isTTY: true })
  const stderr = new FakeTerminal()
  const ask = askOn(stdin, stderr, signal)
  if (ask === undefined) throw new Error('a terminal can be asked')
  return { stdin, stderr, ask }
}

test('a question is shown, and the line typed is the answer', async () => {
  const { stdin, stderr, ask } = terminal()
  const answer = ask('Which? ')
  stdin.write('this one\n')
  expect(await answer).toBe('this one')
  expect(stderr.writes.join('')).toBe('Which? ')
})

test('lines that were pasted at once answer one question after the other', async () => {
  const { stdin, ask } = terminal()
  stdin.write('one\n\nthree\n')
  expect([await ask('1 '), await ask('2 '), await ask('3 ')]).toEqual(['one', '', 'three'])
})

test('the end of the input is no answer', async () => {
  const { stdin, ask } = terminal()
  stdin.end()
  await expect(ask('Which? ')).rejects.toMatchObject({ code: 'cancelled' })
})

test('cancelling ends a question', async () => {
  const controller = new AbortController()
  const { ask } = terminal(controller.signal)
  const answer = ask('Which? ')
  controller.abort(new ComebackError('cancelled', 'The run was cancelled.'))
  await expect(answer).rejects.toMatchObject({ code: 'cancelled' })
})

test('where input or output is no terminal nobody is asked', () => {
  const { signal } = new AbortController()
  expect(askOn(new PassThrough(), new FakeTerminal(), signal)).toBeUndefined()
  const stdin = Object.assign(new PassThrough(), { isTTY: true })
  expect(askOn(stdin, { isTTY: false, write: () => undefined }, signal)).toBeUndefined()
})
