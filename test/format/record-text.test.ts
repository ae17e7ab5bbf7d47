import { expect, test } from 'vitest'
import { parseManifest } from '../../src/format/manifest.ts'
import { parseProof } from '../../src/format/proof-record.ts'
import { parseRecordText, shortened } from '../../src/format/record-text.ts'

const MiB = 1024 * 1024

function nested(depth: number): Buffer {
  return Buffer.from('['.repeat(depth) + ']'.repeat(depth))
}

test('records are read to a depth that ours never reach, and no deeper', () => {
  expect(parseRecordText(nested(16))).toBeDefined()
  expect(() => parseRecordText(nested(17))).toThrow('nested deeper than 16')
  expect(() => parseRecordText(Buffer.from(`${'{"a":'.repeat(17)}1${'}'.repeat(17)}`))).toThrow('nested deeper')
})

test('what stands in quotes nests nothing', () => {
  const value = { 'a"[[[[[[[[[[[[[[[[[[[[': '\\"{{{{{{{{{{{{{{{{{{{{{{{{', b: ['\\', ']'] }
  expect(parseRecordText(Buffer.from(JSON.stringify(value)))).toEqual(value)
})

test('a megabyte of brackets, closed or not, costs nothing but its size', () => {
  const before = process.memoryUsage().rss
  for (const read of [parseManifest, parseProof]) {
    expect(() => read(Buffer.alloc(15 * MiB, '['), 'manifest.json')).toThrow('not JSON')
    expect(() => read(nested(7 * MiB), 'manifest.json')).toThrow('not JSON')
  }
  expect(process.memoryUsage().rss - before).toBeLessThan(200 * MiB)
})

test.each([
  { format: 1, component: 'x'.repeat(10 * MiB) },
  { format: 1, ['y'.repeat(10 * MiB)]: 1 },
  { format: 1, status: ['z'.repeat(10 * MiB)] },
])('whatever a record is refused for, little of it is printed', value => {
  const bytes = Buffer.from(JSON.stringify(value))
  for (const read of [parseManifest, parseProof]) {
    try {
      read(bytes, 'name')
      expect.unreachable()
    } catch (error) {
      expect(String(error).length).toBeLessThan(600)
    }
  }
})

test('a text is shortened only if it is long', () => {
  expect(shortened('x'.repeat(200))).toBe('x'.repeat(200))
  expect(shortened('x'.repeat(201))).toBe(`${'x'.repeat(200)}...`)
})
