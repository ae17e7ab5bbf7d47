import pg from 'pg'
import { expect, test } from 'vitest'
import { differences, fingerprint } from '../../demo/fingerprint.ts'
import { createDatabase } from '../support/database.ts'

test.each([
  ['one changed row', `UPDATE t SET v = 'c' WHERE id = 2`, ['public.t differs']],
  ['two rows that swapped a value', `UPDATE t SET v = CASE id WHEN 1 THEN 'b' ELSE 'a' END`, ['public.t differs']],
  ['a row more', `INSERT INTO t VALUES (4, 'd')`, ['public.t has 4 rows instead of 3']],
  ['an advanced sequence', `SELECT nextval('s')`, ['public.s differs']],
  ['a missing index', 'DROP INDEX i', ['index public.i is missing']],
  ['a changed view', 'CREATE OR REPLACE VIEW w AS SELECT id + 1 AS id FROM t', ['view public.w differs']],
  ['a new table', 'CREATE TABLE n ()', ['public.n is new']],
  ['rows in another order', `DELETE FROM t WHERE id = 1; INSERT INTO t VALUES (1, 'a')`, []],
])('a fingerprint shows %s', async (_, change, expected) => {
  await using database = await createDatabase(18)
  await database.query(`CREATE TABLE t (id integer, v text); CREATE INDEX i ON t (id); CREATE SEQUENCE s;
    CREATE VIEW w AS SELECT id FROM t; INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, NULL)`)
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  try {
    const before = await fingerprint(client)
    await client.query(change)
    expect(differences(before, await fingerprint(client))).toEqual(expected)
  } finally {
    await client.end()
  }
})
