/** Tables that inherit, whose columns pg_dump cannot bring back in the order that they had. */
import { expect, test } from 'vitest'
import { parseDatabaseDetail } from '../../../src/postgres/detail.ts'
import { compareDatabase } from '../../../src/postgres/proof/compare-database.ts'
import { columnsOf, isMoved } from '../../../src/postgres/proof/moved-columns.ts'
import { countProgress } from '../../fakes/segments.ts'
import { createDatabase } from '../../support/database.ts'
import { backUp, restore } from '../round-trip.ts'

const FAMILY = `
  CREATE TABLE parent (a int, b text);
  CREATE TABLE attached (extra int, b text, a int); ALTER TABLE attached INHERIT parent;
  CREATE TABLE grown (x int DEFAULT 7) INHERITS (parent);
  CREATE TABLE nobody (b text, "Odd" text DEFAULT 'x
    y z', a int); ALTER TABLE nobody INHERIT parent;
  CREATE TABLE straight (x int) INHERITS (parent);
  ALTER TABLE parent ADD later text;
  INSERT INTO attached VALUES (1, 'b', 2, 'l'), (3, NULL, 4, NULL); INSERT INTO grown (a, b, x, later) VALUES (1, 'b', 5, 'm'), (2, 'c', 6, 'n');
  INSERT INTO parent VALUES (9, 'p', 'q')`

test('columns that moved are told as the limit that they are, and their rows are compared by name', async () => {
  await using source = await createDatabase(18)
  await source.query(FAMILY)
  await using target = await createDatabase(18, 'TEMPLATE template0')
  const backup = await backUp(source.url)
  await restore(target.url, backup, { mode: 'parallel' })
  const compare = async () => {
    const connect = { url: target.url, connectTimeout: 10_000, signal: new AbortController().signal }
    const detail = parseDatabaseDetail(backup.detail)
    const { findings, checks } = await compareDatabase({ backup, detail, connect, lanes: 2, progress: countProgress() })
    const result = (name: string) => checks.find(check => check.name === name)?.result
    return { found: findings.map(({ code, subject }) => `${code} ${subject}`).sort(), result, findings }
  }
  const moved = ['columns-moved public.attached', 'columns-moved public.grown', 'columns-moved public.nobody']
  const { found, result, findings } = await compare()
  expect(found).toEqual(moved)
  expect(result('rows')).toBe('passed')
  expect(result('schema')).toBe('not-run')
  expect(findings[0]?.message).toContain('a limit of pg_dump')
  await target.query(`UPDATE grown SET later = 'z' WHERE a = 2`)
  const changed = await compare()
  expect(changed.found).toEqual([...moved, 'rows-differ public.grown'])
  expect(changed.findings.find(({ code }) => code === 'rows-differ')?.message).toMatch(/row 2, column later\.$/)
})

test("a table's columns are read off pg_dump's lines", () => {
  const entry = { type: 'TABLE', schema: 'public', name: 't', owner: null, offset: 0, length: 0, settings: {} }
  const sql = `CREATE TABLE public.t (
    a integer DEFAULT
CASE
    WHEN true THEN 1
END,
    "B ""b" text,
    grün text,
    CONSTRAINT c CHECK ((a > 0))
)`
  expect(columnsOf(entry, [sql])).toEqual(['a', '"B ""b"', 'grün'])
  expect(isMoved(['a', 'b'], ['b', 'a'])).toBe(true)
  expect(isMoved(['a', 'b'], ['a', 'b'])).toBe(false)
  expect(isMoved(['a', 'b'], ['b', 'c'])).toBe(false)
})
