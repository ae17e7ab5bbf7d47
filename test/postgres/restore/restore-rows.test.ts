import { describe, expect, test } from 'vitest'
import type { DatabaseSinkOptions } from '../../../src/postgres/restore.ts'
import { countProgress } from '../../fakes/segments.ts'
import { createEverything } from '../../fixtures/everything.ts'
import { createDatabase, type TestDatabase } from '../../support/database.ts'
import { fingerprint } from '../../support/fingerprint.ts'
import { MAJORS } from '../../support/thorough.ts'
import { backUp, failure, restore, SHOP, sinkOf } from '../round-trip.ts'

const rows = (...tables: string[]): Partial<DatabaseSinkOptions> => ({
  selection: { tables, schemas: [], schemaOnly: false, dataOnly: true },
})

/** Foreign keys in a circle, a trigger that would forbid every row, forced row security, another table that refers to ours. */
const GUARDED = `${SHOP.replace(/SELECT lo_from.*/, '')}
  CREATE FUNCTION shop.never() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'never'; END $$;
  CREATE TRIGGER never BEFORE INSERT ON shop.customer FOR EACH ROW EXECUTE FUNCTION shop.never();
  CREATE TRIGGER always AFTER TRUNCATE ON shop.customer EXECUTE FUNCTION shop.never();
  CREATE TRIGGER rows AFTER INSERT ON shop.event FOR EACH ROW EXECUTE FUNCTION shop.never();
  ALTER TABLE shop.customer ENABLE ALWAYS TRIGGER always;
  ALTER TABLE shop.customer ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
  CREATE POLICY mine ON shop.customer USING (id < 10);
  COMMENT ON CONSTRAINT customer_boss_fkey ON shop.customer IS 'above';
  CREATE TABLE public.note (customer int REFERENCES shop.customer DEFERRABLE INITIALLY DEFERRED, t text);
  INSERT INTO public.note VALUES (1, 'first'), (NULL, 'none')`

async function asOwner(database: TestDatabase, work: (url: string) => Promise<void>): Promise<void> {
  const role = `user_${database.name}`
  await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'; GRANT ALL ON SCHEMA public TO ${role};
    GRANT ALL ON DATABASE ${database.name} TO ${role}`)
  try {
    await work(database.url.replace('postgres:secret@', `${role}:secret@`))
  } finally {
    await database.query(`REASSIGN OWNED BY ${role} TO postgres; DROP OWNED BY ${role}; DROP ROLE ${role}`)
  }
}

describe.each(MAJORS)('on PostgreSQL %i', major => {
  test('an ordinary role replaces rows of tables that refer to each other, and all else is as before', async () => {
    await using database = await createDatabase(major)
    await asOwner(database, async url => {
      const role = new URL(url).username
      await database.query(`SET ROLE ${role}; ${GUARDED}`)
      const backup = await backUp(database.url)
      const before = await fingerprint(database.url)
      await database.query(`ALTER TABLE public.orders DISABLE TRIGGER ALL; UPDATE shop.customer SET boss = NULL, name = 'changed';
        DELETE FROM public.orders WHERE id > 100 AND id NOT IN (SELECT favourite FROM shop.customer);
        DELETE FROM shop.event WHERE n < 400; UPDATE public.note SET t = 'new'; SELECT nextval('shop.customer_id_seq');
        ALTER TABLE public.orders ENABLE TRIGGER ALL; REFRESH MATERIALIZED VIEW shop.first`)
      const { problems, summary } = await restore(url, backup, rows())
      expect(problems).toEqual([])
      expect(summary[0]).toContain('rows restored')
      expect(await fingerprint(database.url)).toEqual(before)
    })
  })

  test('chosen tables get their rows, and the others keep theirs', async () => {
    await using database = await createDatabase(major)
    await database.query(GUARDED)
    const backup = await backUp(database.url)
    const before = await fingerprint(database.url)
    await database.query(
      "UPDATE shop.customer SET name = 'x'; UPDATE public.note SET t = 'new'; SELECT nextval('shop.customer_id_seq')",
    )
    const { problems } = await restore(database.url, backup, rows('shop.customer'))
    expect(problems.map(({ message }) => message)).toEqual([
      'Foreign keys to or from tables that were not chosen are checked against the rows there: note_customer_fkey on public.note, orders_customer_fkey on public.orders, customer_favourite_fkey on shop.customer.',
    ])
    const { rows: now, schema } = await fingerprint(database.url)
    expect(schema).toBe(before.schema)
    expect(now).toEqual({ ...before.rows, 'public.note': now['public.note'] })
    expect(now['public.note']).not.toBe(before.rows['public.note'])
  })

  test('a foreign key that would break undoes all of it, sequences too', async () => {
    await using database = await createDatabase(major)
    await database.query(GUARDED)
    const backup = await backUp(database.url)
    await database.query(`DELETE FROM shop.event WHERE n = 9; ALTER TABLE shop.customer DISABLE TRIGGER USER;
      INSERT INTO shop.customer (name) VALUES ('new'); INSERT INTO public.note SELECT max(id), 'of the new one' FROM shop.customer;
      ALTER TABLE shop.customer ENABLE TRIGGER USER; ALTER TABLE shop.customer ENABLE ALWAYS TRIGGER always`)
    const before = await fingerprint(database.url)
    const error = await failure(restore(database.url, backup, rows('shop.*')))
    expect(error.message).toContain('note_customer_fkey')
    expect(await fingerprint(database.url)).toEqual(before)
  })

  test('one of everything gets its rows back', async () => {
    await using database = await createEverything(major)
    const backup = await backUp(database.url)
    const before = await fingerprint(database.url)
    await database.query(
      `DELETE FROM cb.nasty_text; SELECT setval('cb.untouched', 99); SELECT lo_unlink(oid) FROM pg_largeobject_metadata`,
    )
    const { problems } = await restore(database.url, backup, rows())
    expect(problems.map(({ message }) => message)).toEqual([])
    const after = await fingerprint(database.url)
    expect(after.rows).toEqual(before.rows)
    expect(after.schema).toBe(before.schema)
  })
})

test('missing tables and other columns are refused and named, beforehand too', async () => {
  await using source = await createDatabase(18)
  await source.query(
    'CREATE TABLE a (i int, old text); CREATE TABLE b (i int); INSERT INTO a VALUES (1); INSERT INTO b VALUES (1)',
  )
  const backup = await backUp(source.url)
  await using target = await createDatabase(18)
  await target.query('CREATE TABLE a (i int, more int, g int GENERATED ALWAYS AS (i) STORED)')
  const error = await failure(restore(target.url, backup, rows()))
  expect(error).toMatchObject({ code: 'mismatch', message: expect.stringMatching(/public\.b\.$/) })
  const columns = await failure(restore(target.url, backup, rows('a')))
  expect(columns.message).toContain('public.a lacks old and has more besides.')
  const found = await sinkOf(target.url, rows('a')).inspect(backup, countProgress(), new AbortController().signal)
  expect(found.refusal?.message).toBe(columns.message)
  await source.query('UPDATE a SET i = 2')
  const seen = await sinkOf(source.url, rows('a')).inspect(backup, countProgress(), new AbortController().signal)
  expect(seen).toMatchObject({ mode: 'atomic', losses: [{ what: 'the rows of 1 table', names: ['public.a'] }] })
  expect((await failure(restore(source.url, backup, { ...rows(), mode: 'parallel' }))).code).toBe('usage')
})
