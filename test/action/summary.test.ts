import { expect, test } from 'vitest'
import { fitting } from '../../src/action/summary.ts'

test('a page that fits stays as it is', () => {
  expect(fitting('# Title\n')).toBe('# Title\n')
  expect(fitting('x'.repeat(9), 10)).toBe(`${'x'.repeat(9)}\n`)
})

test('of a page that is too long, whole lines are left, and a word that something is missing', () => {
  const page = Array.from({ length: 1_000 }, (_, index) => `| zeile ${index} | ünïcode |\n`).join('')
  const cut = fitting(page, 5_000)
  expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(5_000)
  const [kept = '', note = ''] = cut.split('\n\n')
  expect(page.startsWith(`${kept}\n`)).toBe(true)
  expect(note).toContain('The rest was cut')
})
