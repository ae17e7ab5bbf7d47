import fc from 'fast-check'
import { expect, test } from 'vitest'
import { pieces, splitStatements } from '../../../src/postgres/schema/sql-lexer.ts'

function statements(sql: string): string[] {
  const bytes = Buffer.from(sql)
  return splitStatements(bytes).map(({ start, end }) => bytes.toString('utf8', start, end))
}

test.each([
  ['nothing', '', []],
  ['space and comments', ' -- a;b\n /* c; /* nested; */ d; */ ;; ', []],
  ['two statements', 'SELECT 1; SELECT 2', ['SELECT 1', 'SELECT 2']],
  ['a semicolon in a string', "SELECT 'a;''b;' ; X", ["SELECT 'a;''b;'", 'X']],
  ['a backslash in a plain string', "SELECT '\\'; X", ["SELECT '\\'", 'X']],
  ['a backslash in an escape string', "SELECT E'\\';'';\\\\'; X", ["SELECT E'\\';'';\\\\'", 'X']],
  ['an escape string that goes on in the next line', "SELECT E'a'\n '\\';' ; X", ["SELECT E'a'\n '\\';'", 'X']],
  ['a word that ends in e before a string', "SELECT date'\\'; X", ["SELECT date'\\'", 'X']],
  ['a unicode string', "SELECT U&'\\00e4;'; X", ["SELECT U&'\\00e4;'", 'X']],
  ['a quoted name', 'SELECT "a;""b;--" ; X', ['SELECT "a;""b;--"', 'X']],
  ['an unnamed dollar quote', 'SELECT $$a;$b$;$$ ; X', ['SELECT $$a;$b$;$$', 'X']],
  ['nested dollar quotes', 'SELECT $a$ $b$;$b$ $a; $a$ ; X', ['SELECT $a$ $b$;$b$ $a; $a$', 'X']],
  ['a dollar quote with letters beyond ASCII', 'SELECT $ä$;$a$;$ä$ ; X', ['SELECT $ä$;$a$;$ä$', 'X']],
  ['parameters and dollars in names', 'SELECT $1, a$b$; X$c$', ['SELECT $1, a$b$', 'X$c$']],
  ['a comment inside a statement', 'SELECT -- ;\n 1 /* ; */ ; X', ['SELECT -- ;\n 1', 'X']],
  ['parentheses', 'CREATE RULE r AS ON INSERT TO t DO (A; B); X', ['CREATE RULE r AS ON INSERT TO t DO (A; B)', 'X']],
  ['division and minus are no comments', 'SELECT 1 / 2 - 3 - -4; X', ['SELECT 1 / 2 - 3 - -4', 'X']],
  [
    'a standard body',
    'CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 2 END; END; X',
    ['CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 2 END; END', 'X'],
  ],
  [
    'nested cases in a standard body',
    'create procedure p() begin atomic select case case 1 when 2 then 3 end when 4 then 5 end; end; X',
    ['create procedure p() begin atomic select case case 1 when 2 then 3 end when 4 then 5 end; end', 'X'],
  ],
  [
    'quoted names in a standard body',
    'CREATE FUNCTION f() BEGIN /* c */ ATOMIC SELECT "case", "end"; END; X',
    ['CREATE FUNCTION f() BEGIN /* c */ ATOMIC SELECT "case", "end"; END', 'X'],
  ],
  ['a function that is called begin', 'CREATE FUNCTION begin() AS $$;$$; X', ['CREATE FUNCTION begin() AS $$;$$', 'X']],
  [
    'a table with a column that is called atomic',
    'CREATE TABLE begin (atomic int); X',
    ['CREATE TABLE begin (atomic int)', 'X'],
  ],
  ['a transaction', 'BEGIN; SELECT 1; END; X', ['BEGIN', 'SELECT 1', 'END', 'X']],
  ['a stray closing parenthesis', 'A ); B', ['A )', 'B']],
])('%s', (_name, sql, expected) => {
  expect(statements(sql)).toEqual(expected)
})

test('psql commands stand alone, but not inside a statement', () => {
  const bytes = Buffer.from('\\restrict x;y\nSELECT a \\ b;\n  \\unrestrict')
  expect([...pieces(bytes)].map(({ type, start, end }) => [type, bytes.toString('utf8', start, end)])).toEqual([
    ['command', '\\restrict x;y'],
    ['statement', 'SELECT a \\ b'],
    ['command', '\\unrestrict'],
  ])
})

test.each(["SELECT 'a", 'SELECT "a', "SELECT E'a\\'", 'SELECT $a$ $b$', '/* /* */'])(
  '%s has no end and is refused',
  sql => {
    expect(() => statements(sql)).toThrow(expect.objectContaining({ code: 'damaged' }))
  },
)

/** Pieces that may stand in a statement, with anything inside them that must not matter. */
const inner = fc.string({
  unit: fc.constantFrom(';', "'", '"', '$', '-', '/', '*', '\n', 'a', 'é', '\\', '(', ' ', 'BEGIN ATOMIC '),
})
const token = fc.oneof(
  inner.map(text => `'${text.replaceAll("'", "''")}'`),
  inner.map(text => `E'${text.replace(/['\\]/g, '\\$&')}'`),
  inner.map(text => `"${text.replaceAll('"', '""')}"`),
  inner.filter(text => !text.includes('$')).map(text => `$q$${text}$q$`),
  inner.filter(text => !/[*/]/.test(text)).map(text => `/*${text}*/`),
  inner.filter(text => !text.includes('\n')).map(text => `--${text}\n`),
  fc.constantFrom('SELECT', 'end', 'case', 'x', '$1', '42', '(;)', '::', 'CREATE FUNCTION f() BEGIN ATOMIC ; END'),
)
const statement = fc.array(token, { minLength: 1 }).map(parts => `S ${parts.join(' ')} .`)

test('whatever strings, names and comments hold, statements are cut between them alone', () => {
  fc.assert(
    fc.property(fc.array(statement), list => {
      // A body opens a block only where the statement creates a routine, and these begin with S.
      const flat = list.map(text => text.replaceAll('BEGIN ATOMIC ; END', 'AS'))
      expect(statements(flat.map(text => `${text};`).join('\n'))).toEqual(flat)
    }),
  )
})

test('any bytes are either cut or refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ max: 127 }), bytes => {
      try {
        let end = 0
        for (const piece of pieces(Buffer.from(bytes))) {
          expect(piece.start).toBeGreaterThanOrEqual(end)
          expect(piece.end).toBeGreaterThan(piece.start)
          end = piece.end
        }
      } catch (error) {
        expect(error).toMatchObject({ code: 'damaged' })
      }
    }),
  )
})
