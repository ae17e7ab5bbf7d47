import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { asPsqlReads } from '../../../src/postgres/schema/psql-text.ts'
import { createDatabase, type TestDatabase } from '../../support/database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createDatabase(15)
})
afterAll(async () => {
  await database[Symbol.asyncDispose]()
})

function read(text: string): string {
  return asPsqlReads(Buffer.from(text)).toString()
}

describe('text for psql', () => {
  test.each([
    ['a plain string', String.raw`SELECT '\! a', '\';`],
    ['a string with escapes', String.raw`SELECT E'\'\! a\\';`],
    ['a dollar quote', '$b$ \\! a\n$b$;'],
    ['a name', String.raw`SELECT "\! a";`],
    ['comments', '-- \\! a\n/* /* \\! */ \\! a */'],
    ['a word that ends in e', String.raw`SELECT date'\';`],
    ['numbers', 'SELECT 1e+10, 1.5e-7, $1, 16384::int8, 1E5;'],
  ])('with a backslash in %s stays as it is', (_, text) => {
    expect(read(text)).toBe(text)
  })

  test.each([
    ['at the beginning of a statement', '\\! a\n'],
    ['in the middle of one', 'CREATE VIEW v AS SELECT 1\n\\! a\n;'],
    ['behind a comment', "SELECT 1 -- '\n\\! '"],
    ['as a semicolon of psql', 'SELECT 1 \\; SELECT 2;'],
    ['behind a string with escapes that ends', String.raw`SELECT E'\\' \! '`],
    ['behind one that psql does not take up again', "SELECT E'a'\n'\\' \\! a '"],
    ['behind one that a comment parts', "SELECT E'a' -- b\n'\\'' \\! a '"],
    ['behind one that a carriage return parts', "SELECT E'a' \r '\\'' \\! a '"],
    ['behind a parameter that runs into a quote', "SELECT $1$$ 'x $$ \\! a '"],
    ['behind a number that runs into a quote', "SELECT 1a$$ 'x $$ \\! a '"],
    ['behind a number that runs into a string', "SELECT 1E'\\'' \\! a '"],
    ['in a line with a NUL character', "SELECT 'a\0\n\\! a"],
  ])('with a backslash %s is refused', (_, text) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code: 'unsafe-archive' }))
  })

  test.each([
    ['a[1:"DBNAME"]', 'a[1: "DBNAME"]'],
    ["a[1:'HOST']", "a[1: 'HOST']"],
    ['a[1:USER]', 'a[1: USER]'],
    ['x:{?ERROR}', 'x: {?ERROR}'],
    ["x:E'\\''", "x: E'\\''"],
    ['x:y$$z', 'x: y$$z'],
    ['a[1:2], a[b:c], a[1:"n"]', 'a[1:2], a[b:c], a[1:"n"]'],
    ['x::"DBNAME", x::TEXT', 'x::"DBNAME", x::TEXT'],
    ['x:::USER', 'x::: USER'],
  ])('has a space where psql would put in a variable: %s', (text, expected) => {
    expect(read(text)).toBe(expected)
    expect(read(expected)).toBe(expected)
  })

  test('runs no command of psql, whatever it is made of', () => {
    const pieces = [
      "'",
      '"',
      '$',
      '$$',
      '$a$',
      'a',
      'E',
      "E'",
      'U&',
      'b',
      '1',
      '.',
      ':',
      ':E',
      ';',
      '(',
      '--',
      '/*',
      '*/',
      '*',
      '/',
      '-',
      ' ',
      '\n',
      '\r',
      '\t',
      '\\',
      '\\\\',
      'ä',
      '\\echo HIT\n',
      '\n\\echo HIT\n',
    ]
    const texts = fc
      .sample(fc.array(fc.constantFrom(...pieces), { minLength: 2, maxLength: 14 }), {
        numRuns: 200_000,
        seed: 20_261_201,
      })
      .map(parts => `${parts.join('')}\n`)
      .filter(text => text.includes('HIT'))
    const accepted = texts.flatMap(text => {
      try {
        return [read(text)]
      } catch {
        return []
      }
    })
    expect(accepted.length).toBeGreaterThan(500)
    const folder = mkdtempSync(join(tmpdir(), 'comeback-psql-'))
    try {
      const files = accepted.map((text, index) => {
        const file = join(folder, String(index))
        writeFileSync(file, text)
        return file
      })
      expect(saidByPsql(files)).not.toContain('HIT')
      // And it is seen where one is run.
      writeFileSync(files[0] ?? '', 'SELECT 1 \\echo HIT\n')
      expect(saidByPsql(files.slice(0, 1))).toContain('HIT')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

/** Each file is read by itself, from the beginning of a statement. */
function saidByPsql(files: readonly string[], psql = process.env.PSQL ?? 'psql'): string {
  return execFileSync(psql, ['-X', '-q', ...files.flatMap(file => ['-f', file]), database.url], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 1 << 28,
  })
}
