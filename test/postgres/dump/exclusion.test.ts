import { expect, test } from 'vitest'
import { ComebackError } from '../../../src/errors.ts'
import { parseExclusion } from '../../../src/postgres/dump/exclusion.ts'

test.each([
  ['public.events', 'public', 'events', true],
  ['public.events', 'audit', 'events', false],
  ['Public.EVENTS', 'public', 'events', true],
  ['public."Events"', 'public', 'Events', true],
  ['public."Events"', 'public', 'events', false],
  ['public.Events', 'public', 'Events', false],
  ['public.event_*', 'public', 'event_2024', true],
  ['public.event_?', 'public', 'event_2024', false],
  ['public.event_????', 'public', 'event_2024', true],
  ['*.logs', 'any', 'logs', true],
  ['audit.*', 'audit', 'with\nnewline', true],
  ['audit.*', 'audit2', 'logs', false],
  ['"a.b"."c*"', 'a.b', 'c*', true],
  ['"a.b"."c*"', 'a.b', 'cd', false],
  ['s."quo""te"', 's', 'quo"te', true],
  ['s.a+b(c)[d]$', 's', 'a+b(c)[d]$', true],
])('%s against %s and %s: %s', (pattern, schema, name, expected) => {
  expect(parseExclusion(pattern).matches({ schema, name, visible: true })).toBe(expected)
})

test('a pattern without a schema matches only what the search path finds', () => {
  const exclusion = parseExclusion('logs')
  expect(exclusion.matches({ schema: 'audit', name: 'logs', visible: false })).toBe(false)
  expect(exclusion.matches({ schema: 'public', name: 'logs', visible: true })).toBe(true)
})

test.each(['', '.', 'public.', '.logs', 'a.b.c', '"open', 'a"b'])('%j names no table', pattern => {
  expect(() => parseExclusion(pattern)).toThrow(ComebackError)
})
