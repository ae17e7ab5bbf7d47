import { expect, test } from 'vitest'
import { readLines } from '../../../src/postgres/migrate/lines.ts'

test.each([1, 3, 1_000])('lines come whole out of pieces of %d bytes', size => {
  const lines: string[] = []
  const reader = readLines(line => lines.push(line))
  const bytes = Buffer.from('eins\r\nzwéi\n\ndrei')
  for (let at = 0; at < bytes.length; at += size) reader.read(bytes.subarray(at, at + size))
  reader.end()
  expect(lines).toEqual(['eins', 'zwéi', '', 'drei'])
})

test('a line without an end is cut', () => {
  const lines: string[] = []
  const reader = readLines(line => lines.push(line))
  for (let piece = 0; piece < 100; piece++) reader.read(Buffer.alloc(1_000, 'x'))
  reader.end()
  expect(lines.map(line => line.length)).toEqual([2_000])
})
