import { expect, test } from 'vitest'
import { lockedTables, neededLock } from '../../../src/postgres/migrate/needed-locks.ts'

test.each([
  ['ALTER TABLE users ADD COLUMN x int', 'users', 'AccessExclusiveLock'],
  ['alter table if exists only "Odd t"."U""s" ADD x numeric(10, 2)', 'Odd t.U"s', 'AccessExclusiveLock'],
  [
    'ALTER TABLE app.users ADD CONSTRAINT f FOREIGN KEY (a, b) REFERENCES o (a, b)',
    'app.users',
    'ShareRowExclusiveLock',
  ],
  ['ALTER TABLE users ADD FOREIGN KEY (a) REFERENCES o, ADD y int', 'users', 'AccessExclusiveLock'],
  ['ALTER TABLE users VALIDATE CONSTRAINT c', 'users', 'ShareUpdateExclusiveLock'],
  ['ALTER TABLE Users SET (fillfactor = ?)', 'users', 'ShareUpdateExclusiveLock'],
  ['DROP TABLE IF EXISTS old CASCADE', 'old', 'AccessExclusiveLock'],
  ['TRUNCATE ONLY old', 'old', 'AccessExclusiveLock'],
  ['CREATE UNIQUE INDEX i ON users (email)', 'users', 'ShareLock'],
  ['CREATE INDEX ON ONLY app.users USING gin (a)', 'app.users', 'ShareLock'],
  ['CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON users (a)', 'users', 'ShareUpdateExclusiveLock'],
  [
    'CREATE TRIGGER t BEFORE INSERT OR UPDATE OF a ON users FOR EACH ROW EXECUTE FUNCTION f()',
    'users',
    'ShareRowExclusiveLock',
  ],
  ['CREATE POLICY p ON users USING (true)', 'users', 'AccessExclusiveLock'],
])('%s', (sql, table, mode) => {
  const lock = neededLock(sql)
  expect([lock?.schema, lock?.table].filter(part => part !== undefined).join('.')).toBe(table)
  expect(lock?.mode).toBe(mode)
})

test.each([
  'SELECT 1',
  'INSERT INTO users VALUES (?)',
  'CREATE TABLE t (i int)',
  'ALTER TABLE t VALIDATE CONSTRAINT c, ADD x int',
])('of %s it is not told', sql => {
  expect(neededLock(sql)).toBeUndefined()
})

test('tables that were not there before, or that a name may mean two of, are left out', () => {
  const locks = ['ALTER TABLE users ADD x int', 'ALTER TABLE two ADD x int', 'DROP TABLE made', 'DROP TABLE a.two']
  const relations = ['public.users', 'a.users', 'a.two', 'b.two']
  const found = lockedTables(
    locks.flatMap(sql => neededLock(sql) ?? []),
    relations,
  )
  expect(found.map(({ table }) => table)).toEqual(['public.users', 'a.two'])
})
