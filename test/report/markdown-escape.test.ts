import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { code, fenced, prose, shellWord } from '../../src/report/markdown-escape.ts'
import { printable } from '../../src/report/printable.ts'

/** What a browser shows of it. */
function shown(markdown: string): string {
  return markdown
    .replace(/^<code>|<\/code>$/g, '')
    .replace(/&#(\d+);/g, (_, number) => String.fromCharCode(Number(number)))
    .replaceAll('\u200b', '')
}

/** Text with everything in it that Markdown, HTML and GitHub take for more than text. */
const hostile = fc
  .array(
    fc.constantFrom(
      ...['|', '\\', '`', '```', '<', '>', '<script>', '</td>', '&amp;', '\n', '\n\n', '# ', '- ', '[a](http://b)'],
      ...['@acme/team', '#123', 'GH-7', 'http://x.y', 'www.x.y', 'a@b.c', '$x$', '**', '__', '~~', '![', ':tada:', 'é'],
      ...['\u202e', '\x1b[2J', '<!--', '-->', '1. ', '    ', '\t', '\r', '^', '{', '}'],
    ),
    { maxLength: 12 },
  )
  .map(parts => parts.join(''))

describe('text in a sentence or a cell', () => {
  test('reads as it was written', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), text => {
        fc.pre(!/[\n\t\u200b]/.test(text))
        expect(shown(prose(text))).toBe(printable(text.trim()))
      }),
    )
  })

  test('holds nothing that means something, and stays on its line', () => {
    fc.assert(
      fc.property(hostile, text => {
        const lines = prose(text).replaceAll('<br>', '')
        expect(lines).not.toMatch(/[|\\`<>*_~[\]()!$:{}^]|&(?!#)|#(?!\d+;)|[\n\r\t]|www\./)
      }),
    )
  })

  test('calls nobody and points at no issue', () => {
    fc.assert(
      fc.property(hostile, text => {
        const page = prose(text)
          .replaceAll('<br>', '\n')
          .replace(/&#(\d+);/g, (_, number) => String.fromCharCode(Number(number)))
        expect(page).not.toMatch(/@[a-z]|#\d|GH-\d/i)
      }),
    )
  })

  test('breaks lines as lines, and ends where it is too long', () => {
    expect(prose('one\n two\n')).toBe('one<br>two')
    expect(prose('x'.repeat(5_000))).toHaveLength(1_000)
  })
})

describe('a name', () => {
  test('reads as it was written, in one element', () => {
    fc.assert(
      fc.property(hostile, text => {
        const markdown = code(text)
        expect(markdown).toMatch(/^<code>[^<>|`\\\n]*<\/code>$/)
      }),
    )
    expect(shown(code('public."a|b`c" <x>'))).toBe('public."a|b`c" <x>')
  })
})

describe('a block of code', () => {
  test('ends where it is meant to', () => {
    fc.assert(
      fc.property(fc.array(hostile), lines => {
        const [first, ...rest] = fenced('sh', lines)
        const fence = /^`{3,}/.exec(first ?? '')?.[0] ?? ''
        expect(rest.at(-1)).toBe(fence)
        expect(rest).toHaveLength(lines.length + 1)
        for (const line of rest.slice(0, -1)) expect(line.includes(fence) || line.includes('\n')).toBe(false)
      }),
    )
  })

  test('quotes what a shell would take apart', () => {
    expect(shellWord('file:./backups')).toBe('file:./backups')
    expect(shellWord("it's $(rm)")).toBe(`'it'\\''s $(rm)'`)
  })
})
