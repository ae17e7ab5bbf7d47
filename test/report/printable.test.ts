import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fitted, onOneLine, printable, widthOf } from '../../src/report/printable.ts'

test('an escape sequence in a name is shown, not sent', () => {
  expect(printable('\x1b]0;title\x07 \x9b2J\r')).toBe('\\x1b]0;title\\x07 \\x9b2J\\x0d')
  expect(printable('abc\u202egpj.exe')).toBe('abc\\u202egpj.exe')
  expect(printable('two\nlines\tand a tab, größer 表 🙂')).toBe('two\nlines\tand a tab, größer 表 🙂')
})

test('one line stays one line', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text => {
      expect(onOneLine(text)).not.toMatch(/[\p{Cc}]/u)
    }),
  )
})

test('wide characters take two columns, marks none', () => {
  expect(widthOf('abc')).toBe(3)
  expect(widthOf('表名')).toBe(4)
  expect(widthOf('e\u0301')).toBe(1)
})

test('what is cut fits, and what fits is not cut', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(40), (text, columns) => {
      const cut = fitted(text, columns)
      expect(widthOf(cut)).toBeLessThanOrEqual(columns)
      if (widthOf(text) <= columns) expect(cut).toBe(text)
    }),
  )
  expect(fitted('public.customers', 8)).toBe('public.…')
})
