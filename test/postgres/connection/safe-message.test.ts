import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { safeMessage } from '../../../src/postgres/connection/safe-message.ts'

const WITHHELD = 'a message of the database’s own making, withheld'
const names = new Set(['users', 'email', 'orders', 'user_id'])

describe('a message of the server', () => {
  test.each([
    ['23505', 'duplicate key value violates unique constraint "users_email_key"', 'users_email_key'],
    ['42703', 'column "email" of relation "users" does not exist', undefined],
    ['42P07', 'relation "users" already exists', undefined],
    ['2BP01', 'cannot drop table users because other objects depend on it', undefined],
    ['42804', 'column "user_id" cannot be cast automatically to type integer', undefined],
    ['23503', 'insert or update on table "orders" violates foreign key constraint "fk"', 'fk'],
  ])('%s keeps the names that are known', (code, message, constraint) => {
    expect(safeMessage({ code, message, constraint }, names)).toBe(message)
  })

  test.each([
    ['22P02', 'invalid input syntax for type integer: "email"', 'invalid input syntax for type integer: "…"'],
    ['22P02', 'invalid input syntax for type integer: "a"b"', 'invalid input syntax for type integer: "…"'],
    ['22021', 'invalid byte sequence for encoding "UTF8": 0xe4 0xf6', 'invalid byte sequence for encoding "…": …'],
    ['22008', 'date/time field value out of range: "99.99.2024"', 'date/time field value out of range: "…"'],
    ['42601', 'syntax error at or near "users"', 'syntax error at or near "…"'],
    ['42601', `unterminated quoted string at or near "'a"b"c'"`, 'unterminated quoted string at or near "…"'],
    ['42704', 'type "ann" does not exist', 'type "…" does not exist'],
    ['42P01', 'relation "users" said "email" to "ann"', 'relation "…"'],
    ['22023', "time zone 'ann' is not known to user", "time zone '…' is not known to user"],
    ['22003', 'value 12.345,6 for x -7 is out of range', 'value … for x … is out of range'],
  ])('%s: %s', (code, message, expected) => {
    expect(safeMessage({ code, message }, names)).toBe(expected)
  })

  test.each([
    ['P0001', 'user ann@example.com is bad', {}],
    ['38000', 'ann', {}],
    ['XY123', 'ann', {}],
    ['23505', 'ann', { routine: 'exec_stmt_raise' }],
    ['XX000', 'ann', { routine: 'PLy_elog_impl' }],
    ['22P02', 'ungültige Eingabesyntax für Typ integer: »ann«', {}],
  ])('%s is withheld where it is not the server who speaks, or not English: %s', (code, message, more) => {
    expect(safeMessage({ code, message, ...more })).toBe(WITHHELD)
  })

  test('keeps no value, whatever stands in it', () => {
    const value = fc
      .tuple(fc.stringMatching(/^["' .:a-z-]{0,10}$/), fc.stringMatching(/^["' .:a-z-]{0,10}$/))
      .map(([before, after]) => `${before}zqx9secret${after}`)
    const template = fc.constantFrom(
      (v: string) => `invalid input syntax for type integer: "${v}"`,
      (v: string) => `syntax error at or near "${v}"`,
      (v: string) => `column "email" of relation "${v}" does not exist`,
      (v: string) => `"${v}" is not a number`,
      (v: string) => `invalid value "${v}" for "email"`,
      (v: string) => `malformed array literal: "${v}"`,
    )
    fc.assert(
      fc.property(value, template, fc.constantFrom('22P02', '42601', '42703'), (v, make, code) => {
        const said = safeMessage({ code, message: make(v), column: 'email' }, names)
        expect(said).not.toContain('zqx9')
        expect(said).not.toContain('secret')
      }),
      { numRuns: 3_000 },
    )
  })
})
