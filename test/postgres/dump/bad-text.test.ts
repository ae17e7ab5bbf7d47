/** A backup tells of rows that no server would take again. */
import { expect, test } from 'vitest'
import { createDatabase } from '../../support/database.ts'
import { read } from '../round-trip.ts'

test('tables that hold bytes which are no text are named, with the number of their rows', async () => {
  await using source = await createDatabase(18, 'TEMPLATE template0')
  await source.query(String.raw`CREATE CAST (bytea AS text) WITHOUT FUNCTION; CREATE TABLE fine (t text); INSERT INTO fine VALUES ('é');
    CREATE TABLE notes (id int, t text); INSERT INTO notes SELECT i, 'fine' FROM generate_series(1, 20000) i;
    INSERT INTO notes SELECT i, ('\x61e32762'::bytea)::text FROM generate_series(1, 3) i; DROP CAST (bytea AS text)`)
  const { result } = await read(source.url)
  expect(result.problems.map(({ message }) => message)).toEqual([
    'public.notes has 3 rows with bytes that are no text in UTF-8.',
  ])
})
