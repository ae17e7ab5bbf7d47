/** Statistics after a restore: a table that cannot be analyzed keeps no other from it. */
import { expect, test } from 'vitest'
import { createDatabase } from '../../support/database.ts'
import { backUp, restore } from '../round-trip.ts'

test('one table that cannot be analyzed is named without its rows, and all others are analyzed', async () => {
  await using database = await createDatabase(18)
  await database.query(`
    CREATE FUNCTION distance(x time, y time) RETURNS float8 IMMUTABLE LANGUAGE plpgsql
      AS $$ BEGIN RAISE EXCEPTION 'private %', x; END $$;
    CREATE TYPE timerange AS RANGE (subtype = time, subtype_diff = distance);
    CREATE TABLE bad (r timerange);
    INSERT INTO bad SELECT timerange('00:00', time '01:00' + i * interval '1 min') FROM generate_series(1, 9) i;
    CREATE TABLE fine (i int); INSERT INTO fine VALUES (1);
    CREATE TABLE other (i int); INSERT INTO other VALUES (1)`)
  const backup = await backUp(database.url)
  const { problems } = await restore(database.url, backup, { mode: 'atomic' })
  const warning = problems.find(({ message }) => message.includes('analyzed'))
  expect(warning?.message).toMatch(/could be analyzed: public\.bad \(.*withheld\)\.$/)
  expect(JSON.stringify(problems)).not.toContain('private')
  const rows = await database.query('SELECT tablename FROM pg_stats WHERE schemaname = $$public$$ ORDER BY 1')
  expect(JSON.stringify(rows)).toContain('fine')
  expect(JSON.stringify(rows)).toContain('other')
})
