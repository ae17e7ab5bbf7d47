import { describe, expect, test } from 'vitest'
import { parseSelection } from '../../../src/postgres/restore/selection.ts'
import type { DatabaseSinkOptions } from '../../../src/postgres/restore.ts'
import { countProgress } from '../../fakes/segments.ts'
import { createDatabase } from '../../support/database.ts'
import { fingerprint } from '../../support/fingerprint.ts'
import { MAJORS } from '../../support/thorough.ts'
import { backUp, failure, restore, SHOP, sinkOf } from '../round-trip.ts'

const selection = (some: Partial<NonNullable<DatabaseSinkOptions['selection']>>): Partial<DatabaseSinkOptions> => ({
  mode: 'atomic',
  selection: { tables: [], schemas: [], schemaOnly: false, dataOnly: false, ...some },
})

/** One table with all that belongs to it, and things around it that don't. */
const BLOG = `
  CREATE SCHEMA blog;
  CREATE TYPE public.mood AS ENUM ('good', 'bad');
  CREATE TABLE public.author (id int PRIMARY KEY, name text);
  CREATE FUNCTION public.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TABLE blog.post (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n serial, author int REFERENCES public.author,
    mood public.mood DEFAULT 'good', title text UNIQUE, CHECK (n > 0));
  CREATE INDEX post_author ON blog.post (author);
  CREATE STATISTICS blog.post_stats ON author, title FROM blog.post;
  COMMENT ON STATISTICS blog.post_stats IS 'both';
  CREATE TRIGGER "touch ON x.y" BEFORE UPDATE OF "title" ON blog.post FOR EACH ROW EXECUTE FUNCTION public.touch();
  CREATE RULE quiet AS ON DELETE TO blog.post DO INSTEAD NOTHING;
  ALTER TABLE blog.post ENABLE ROW LEVEL SECURITY;
  CREATE POLICY mine ON blog.post USING (author > 0);
  COMMENT ON TABLE blog.post IS 'posts'; COMMENT ON COLUMN blog.post.title IS 'its title';
  COMMENT ON CONSTRAINT post_author_fkey ON blog.post IS 'written by'; COMMENT ON INDEX blog.post_author IS 'quick';
  COMMENT ON TRIGGER "touch ON x.y" ON blog.post IS 't'; COMMENT ON POLICY mine ON blog.post IS 'p'; COMMENT ON RULE quiet ON blog.post IS 'r';
  GRANT SELECT ON blog.post TO PUBLIC; GRANT UPDATE (title) ON blog.post TO PUBLIC; GRANT USAGE ON SEQUENCE blog.post_n_seq TO PUBLIC;
  CREATE TABLE blog.other (i int); CREATE VIEW blog.titles AS SELECT title FROM blog.post;
  INSERT INTO public.author VALUES (1, 'a'), (2, 'b');
  INSERT INTO blog.post (author, title) SELECT i % 2 + 1, 'post ' || i FROM generate_series(1, 50) i;
  INSERT INTO blog.other VALUES (1)`

describe.each(MAJORS)('on PostgreSQL %i', major => {
  test('a chosen table comes back with all that belongs to it, and what was not chosen stays', async () => {
    await using source = await createDatabase(major)
    await source.query(BLOG)
    await using target = await createDatabase(major)
    await target.query(`${BLOG}; DROP VIEW blog.titles`)
    const wanted = await fingerprint(target.url)
    await target.query(`
      CREATE TABLE public.mine AS SELECT 7 AS i; DELETE FROM blog.other; INSERT INTO public.author VALUES (3, 'c');
      ALTER TABLE blog.post DROP COLUMN title CASCADE, ADD extra int; DROP RULE quiet ON blog.post; TRUNCATE blog.post RESTART IDENTITY;
      CREATE INDEX more ON blog.post (extra)`)
    const { problems } = await restore(target.url, await backUp(source.url), selection({ tables: ['blog.post'] }))
    expect(problems.map(({ message }) => message)).toEqual([
      'Foreign keys to tables that were not chosen are checked against the rows that the target has: FK CONSTRAINT blog.post post_author_fkey (to public.author).',
    ])
    const { rows } = await fingerprint(target.url)
    expect(rows['blog.post']).toBe(wanted.rows['blog.post'])
    expect(rows['blog.post_id_seq']).toBe('50 true')
    expect(rows['blog.post_n_seq']).toBe('50 true')
    expect(await target.query('SELECT count(*)::int AS n FROM blog.other')).toEqual([{ n: 0 }])
    expect(await target.query('SELECT count(*)::int AS n FROM public.author')).toEqual([{ n: 3 }])
    await target.query(`DROP TABLE public.mine`)
    expect((await fingerprint(target.url)).schema).toBe(wanted.schema)
  })

  test('what depends on a chosen table from outside is named, and nothing is changed', async () => {
    await using source = await createDatabase(major)
    await source.query(BLOG)
    const backup = await backUp(source.url)
    const before = await fingerprint(source.url)
    const error = await failure(restore(source.url, backup, selection({ tables: ['author', 'blog.post'] })))
    expect(error).toMatchObject({ code: 'not-empty', message: expect.stringMatching(/: view blog\.titles\.$/) })
    const alone = await failure(restore(source.url, backup, selection({ tables: ['author'] })))
    expect(alone.message).toContain('constraint post_author_fkey on table blog.post')
    expect(await fingerprint(source.url)).toEqual(before)
    const found = await sinkOf(source.url, selection({ tables: ['author'] })).inspect(
      backup,
      countProgress(),
      new AbortController().signal,
    )
    expect(found.refusal?.message).toBe(alone.message)
  })

  test.each(['atomic', 'parallel'] as const)(
    'into an empty database, %s, what is lacking is left out and listed',
    async mode => {
      await using source = await createDatabase(major)
      await source.query(BLOG)
      const backup = await backUp(source.url)
      await using target = await createDatabase(major)
      await target.query(
        "CREATE TYPE public.mood AS ENUM ('good', 'bad'); CREATE FUNCTION public.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
      )
      const options = { ...selection({ tables: ['blog.p*'] }), mode: 'atomic' as const }
      if (mode === 'parallel') {
        await target.query('DROP TYPE public.mood; DROP FUNCTION public.touch()')
        const error = await failure(restore(target.url, backup, { ...options, mode }))
        expect(error.message).toContain('public.mood')
        expect(error.message).toContain('the target is empty again')
        return
      }
      const { problems } = await restore(target.url, backup, options)
      expect(problems[0]?.entries).toEqual(['FK CONSTRAINT blog.post post_author_fkey'])
      expect(problems.map(({ message }) => message)).toEqual([
        'Left out: FK CONSTRAINT blog.post post_author_fkey: the target has no public.author, and it was not chosen.',
      ])
      expect(await target.query('SELECT count(*)::int AS n FROM blog.post')).toEqual([{ n: 50 }])
    },
  )

  test('types and functions that a chosen table needs are named before anything is done', async () => {
    await using source = await createDatabase(major)
    await source.query(BLOG)
    await using target = await createDatabase(major)
    const backup = await backUp(source.url)
    const found = await sinkOf(target.url, selection({ tables: ['blog.post'] })).inspect(
      backup,
      countProgress(),
      new AbortController().signal,
    )
    expect(found.problems.map(({ message }) => message)).toContain(
      'Needed by what was chosen, not chosen, and missing on the target: TYPE public.mood (for TABLE blog.post), FUNCTION public.touch (for TRIGGER blog.post touch ON x.y).',
    )
  })

  test('a chosen schema comes back whole, and the others stay', async () => {
    await using source = await createDatabase(major)
    await source.query(SHOP)
    const backup = await backUp(source.url)
    await using target = await createDatabase(major)
    await restore(target.url, backup)
    const wanted = await fingerprint(target.url)
    await target.query(`CREATE TABLE shop.mine (i int); ALTER TABLE shop.event ADD more int; DROP TABLE shop.event_1; DELETE FROM shop.event;
      UPDATE orders SET note = 'changed'; DROP MATERIALIZED VIEW public.a_second; ALTER TABLE public.orders DROP CONSTRAINT orders_customer_fkey, DROP state;
      DROP INDEX public.orders_twice_idx`)
    const { problems } = await restore(target.url, backup, selection({ schemas: ['shop'] }))
    expect(problems.map(({ message }) => message)).toEqual([
      'Foreign keys to tables that were not chosen are checked against the rows that the target has: FK CONSTRAINT shop.customer customer_favourite_fkey (to public.orders).',
    ])
    const { rows } = await fingerprint(target.url)
    expect(rows['shop.customer']).toBe(wanted.rows['shop.customer'])
    expect(rows['shop.event_1']).toBe(wanted.rows['shop.event_1'])
    expect(rows['shop.mine']).toBeUndefined()
    expect(rows['public.orders']).not.toBe(wanted.rows['public.orders'])
    expect(rows['large object 777']).toBe(wanted.rows['large object 777'])
  })

  test('a root brings its partitions; a partition alone joins the root that is there', async () => {
    await using source = await createDatabase(major)
    await source.query(SHOP)
    const backup = await backUp(source.url)
    await using target = await createDatabase(major)
    await restore(target.url, backup)
    const wanted = await fingerprint(target.url)
    await target.query('TRUNCATE shop.event')
    await restore(target.url, backup, selection({ tables: ['shop.event_1'] }))
    const { rows, schema } = await fingerprint(target.url)
    expect(schema).toBe(wanted.schema)
    expect(rows['shop.event_1']).toBe(wanted.rows['shop.event_1'])
    expect(rows['shop.event_2']).not.toBe(wanted.rows['shop.event_2'])
    await restore(target.url, backup, selection({ tables: ['shop.event'] }))
    expect(await fingerprint(target.url)).toEqual(wanted)
    await using alone = await createDatabase(major)
    const { problems } = await restore(alone.url, backup, {
      ...selection({ tables: ['shop.event_1'] }),
      mode: 'parallel',
    })
    expect(problems.map(({ entries }) => entries)).toEqual([['TABLE ATTACH shop.event_1']])
    expect((await fingerprint(alone.url)).rows['shop.event_1']).toBe(wanted.rows['shop.event_1'])
  })

  test('the structure alone comes back without rows', async () => {
    await using source = await createDatabase(major)
    await source.query(SHOP)
    await using target = await createDatabase(major)
    await restore(target.url, await backUp(source.url), { ...selection({ schemaOnly: true }), mode: undefined })
    const [was, is] = [await fingerprint(source.url), await fingerprint(target.url)]
    expect(is.schema).toBe(
      was.schema.replace(/\n\n--\n-- Name: \w+; Type: MATERIALIZED VIEW DATA.*?;\n(?=\n\n--)/gs, ''),
    )
    expect(is.rows['public.orders']).toBe('0 ')
    expect(is.rows['large object 777']).toBeUndefined()
  })
})

test('a pattern that matches nothing is refused, and says where the table is', async () => {
  await using source = await createDatabase(18)
  await source.query(SHOP)
  const backup = await backUp(source.url)
  const error = await failure(restore(source.url, backup, selection({ tables: ['customer'] })))
  expect(error).toMatchObject({ code: 'usage', hint: expect.stringContaining('It has shop.customer') })
  expect((await failure(restore(source.url, backup, selection({ schemas: ['none'] })))).hint).toContain('public, shop')
  expect(
    (await failure(restore(source.url, backup, { ...selection({ tables: ['orders'] }), mode: 'swap' }))).code,
  ).toBe('usage')
})

test('structure alone and rows alone exclude each other', () => {
  expect(() => parseSelection({ tables: [], schemas: [], schemaOnly: true, dataOnly: true })).toThrow('is nothing')
})
