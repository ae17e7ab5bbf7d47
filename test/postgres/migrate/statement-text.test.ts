import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  identifiersOf,
  refusedStatement,
  statementsOf,
  withoutLiterals,
} from '../../../src/postgres/migrate/statement-text.ts'

const shown = (sql: string) => withoutLiterals(Buffer.from(sql))

describe('a statement without its literals', () => {
  test.each([
    ["INSERT INTO users VALUES (1, 'ann@example.com')", 'INSERT INTO users VALUES (?, ?)'],
    ['UPDATE t SET a = $1 WHERE b = $2', 'UPDATE t SET a = $1 WHERE b = $2'],
    ['UPDATE t SET a = -1.5e-3, b = .5', 'UPDATE t SET a = -?-?, b = .?'],
    ["SELECT E'it\\'s' || 'o''clock' || U&'\\0041'", 'SELECT ? || ?? || U&?'],
    ['DO $body$ BEGIN RAISE NOTICE $$secret$$; END $body$', 'DO $…$'],
    [
      'ALTER TABLE "Users"\n  -- of Ann\n  ADD /* and Bob */ COLUMN "a b" int',
      'ALTER TABLE "Users" ADD COLUMN "a b" int',
    ],
    ['SELECT $1secret', 'SELECT $?'],
    ["SELECT 'and so on", 'SELECT…'],
    // With standard_conforming_strings off, the string goes on.
    ["SELECT 'it\\'s secret', x", 'SELECT ?…'],
  ])('%s', (sql, expected) => {
    expect(shown(sql)).toBe(expected)
  })

  test('is cut if it is long', () => {
    expect(shown(`SELECT ${'a, '.repeat(1_000)}b`)).toHaveLength(401)
    expect(shown(`INSERT INTO t VALUES ${"('x'),".repeat(100_000)}`).length).toBeLessThan(500)
  })

  const secret = fc
    .tuple(fc.stringMatching(/^['"\\$a-z0-9\n-]{0,8}$/), fc.stringMatching(/^['"\\$a-z0-9\n-]{0,8}$/))
    .map(([before, after]) => `${before}zqxsecret${after}`)
  const literal = fc.oneof(
    secret.map(text => `'${text.replaceAll("'", "''")}'`),
    secret.map(text => `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`),
    // What a client writes that believes standard_conforming_strings to be off.
    secret.map(text => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`),
    secret.map(text => `$tag$${text}$tag$`),
    secret.map(text => `-- ${text.replaceAll('\n', ' ')}\n`),
    secret.map(text => `/* ${text.replaceAll(/[/*]/g, '')} */`),
    fc.constant('12345zqxsecret'),
  )
  test('shows none of them, wherever it is cut', () => {
    fc.assert(
      fc.property(fc.array(literal, { maxLength: 5 }), fc.nat(200), (literals, cut) => {
        const sql = `INSERT INTO t VALUES (${literals.join(', ')})`
        expect(shown(sql)).not.toContain('zqxsecret')
        expect(shown(sql.slice(0, cut))).not.toContain('zqxsecret')
      }),
      { numRuns: 2_000 },
    )
  })
})

test('identifiers are as the server folds them', () => {
  expect([...identifiersOf(Buffer.from(`ALTER TABLE Users ADD "Some ""name""" text DEFAULT 'x'`))]).toEqual([
    'alter',
    'table',
    'users',
    'add',
    'Some "name"',
    'text',
    'default',
  ])
})

const SCRIPT = Buffer.from(`CREATE TABLE a (x int);\n-- next\nUPDATE é SET y = ';';\nALTER TABEL b`)

test('the statements of a script are counted', () => {
  expect(statementsOf(SCRIPT, { first: 1, last: 2 }).toString()).toBe("UPDATE é SET y = ';';\nALTER TABEL b")
})

test('a refused statement is the one after those that are done, or the one that the server points at', () => {
  const refused = (done: number, fields: { code: string; position?: string }) =>
    refusedStatement(SCRIPT, done, { message: '', ...fields }).toString()
  expect(refused(1, { code: '23505' })).toBe("UPDATE é SET y = ';'")
  expect(refused(0, { code: '42P01', position: String(SCRIPT.toString().indexOf('é') + 1) })).toBe(
    "UPDATE é SET y = ';'",
  )
  // What follows the place of a syntax error may be anything.
  expect(refused(0, { code: '42601', position: String(SCRIPT.toString().indexOf('TABEL') + 1) })).toBe('ALTER ')
})
