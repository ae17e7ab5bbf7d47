/** One object that cannot be made again: its rows come back, it is listed with what makes it later, and that works. */
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SinkResult, StoredBackup } from '../../../src/engine/ports.ts'
import { REFUSED } from '../../fixtures/refused-objects.ts'
import { createDatabase, type TestDatabase } from '../../support/database.ts'
import { fingerprint } from '../../support/fingerprint.ts'
import { ordinaryRole } from '../../support/ordinary-role.ts'
import { MAJORS } from '../../support/thorough.ts'
import { backUp, failure, restore } from '../round-trip.ts'

const WAYS = ['parallel', 'atomic', 'swap'] as const

function said({ unmade = [] }: SinkResult): readonly string[] {
  return unmade.map(({ entry, outcome }) => `${entry}: ${outcome}`)
}

async function run(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(sql).finally(() => client.end())
}

describe.each(MAJORS)('on PostgreSQL %i', major => {
  describe.each(REFUSED.map(one => [one.name, one] as const))('%s', (_, { sql, afterwards, same, unmade, cure }) => {
    let source: TestDatabase
    let backup: StoredBackup
    let rows: unknown
    beforeAll(async () => {
      source = await createDatabase(major, 'TEMPLATE template0')
      await source.query(sql)
      backup = await backUp(source.url)
      rows = same === undefined ? (await fingerprint(source.url)).rows : await source.query(same)
      if (afterwards !== undefined) await source.query(afterwards)
    })
    afterAll(async () => {
      await source[Symbol.asyncDispose]()
    })

    test.each(WAYS)('is no reason to lose the rows: %s', async way => {
      await using target = await createDatabase(major, 'TEMPLATE template0')
      if (way !== 'parallel') await target.query('CREATE TABLE before (i int)')
      const result = await restore(target.url, backup, { mode: way, tolerate: way === 'atomic' })
      expect(said(result)).toEqual(unmade)
      expect(same === undefined ? (await fingerprint(target.url)).rows : await target.query(same)).toEqual(rows)
      if (cure === undefined) return
      await target.query(cure)
      for (const statement of (result.unmade ?? []).flatMap(({ later }) => later)) await target.query(statement)
    })

    test('without --tolerate ends an atomic restore, which names it', async () => {
      await using target = await createDatabase(major, 'TEMPLATE template0')
      await target.query('CREATE TABLE before (i int)')
      const error = await failure(restore(target.url, backup, { mode: 'atomic' }))
      expect(error.hint).toContain('--tolerate')
      expect(await target.query('SELECT count(*)::int AS n FROM before')).toEqual([{ n: 0 }])
    })
  })
  test('rows alone come back over a foreign key that they break, which then holds for new ones', async () => {
    await using source = await createDatabase(major)
    await source.query(`CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (parent int REFERENCES parent, i int CHECK (i > 0));
      SET session_replication_role = replica; INSERT INTO child VALUES (7, 1)`)
    const backup = await backUp(source.url)
    await using target = await createDatabase(major)
    await target.query(
      'CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (parent int REFERENCES parent, i int CHECK (i > 1))',
    )
    const selection = { tables: [], schemas: [], schemaOnly: false, dataOnly: true }
    const error = await failure(restore(target.url, backup, { selection }))
    expect(error.hint).toContain('--tolerate')
    const result = await restore(target.url, backup, { selection, tolerate: true })
    expect(said(result)).toEqual([
      'CHECK CONSTRAINT public.child child_i_check: not-valid',
      'FK CONSTRAINT public.child child_parent_fkey: not-valid',
    ])
    expect(await target.query('SELECT * FROM child')).toEqual([{ parent: 7, i: 1 }])
  })

  test('an ordinary role gets its rows back in spite of all of that, too', async () => {
    await using source = await createDatabase(major)
    await using target = await createDatabase(major)
    await using owner = await ordinaryRole([source, target])
    for (const database of [source, target]) await database.query(`GRANT ALL ON SCHEMA public TO ${owner.name}`)
    await run(
      owner.url(source),
      `CREATE FUNCTION plain(v text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower(v)';
      CREATE FUNCTION slug(v text) RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = public AS $$BEGIN RETURN plain(v); END$$;
      CREATE FUNCTION fits(i int) RETURNS boolean LANGUAGE sql AS 'SELECT true';
      CREATE TABLE parent (id int PRIMARY KEY, email text); INSERT INTO parent VALUES (1, 'a@x'), (2, 'a@x');
      CREATE INDEX parent_email ON parent (email); CREATE INDEX parent_slug ON parent (slug(email));
      CREATE TABLE child (parent int REFERENCES parent, i int CHECK (public.fits(i))); INSERT INTO child VALUES (1, 1), (2, 9);
      ALTER FUNCTION slug RESET search_path; CREATE OR REPLACE FUNCTION fits(i int) RETURNS boolean LANGUAGE sql AS 'SELECT i < 5'`,
    )
    await source.query(`UPDATE pg_index SET indisunique = true WHERE indexrelid = 'parent_email'::regclass;
      SET session_replication_role = replica; DELETE FROM parent WHERE id = 2; INSERT INTO parent VALUES (3, 'b@x');
      UPDATE pg_index SET indisready = false WHERE indexrelid = 'parent_email'::regclass; INSERT INTO parent VALUES (4, 'b@x');
      UPDATE pg_index SET indisready = true WHERE indexrelid = 'parent_email'::regclass`)
    const backup = await backUp(owner.url(source))
    const { rows } = await fingerprint(source.url)
    const expected = [
      'INDEX public.parent_email: left-out',
      'CHECK CONSTRAINT public.child child_i_check: not-valid',
      'FK CONSTRAINT public.child child_parent_fkey: not-valid',
      'FUNCTION public.slug(text): helped',
    ]
    const first = await restore(owner.url(target), backup)
    expect([...said(first)].sort()).toEqual([...expected].sort())
    expect((await fingerprint(target.url)).rows).toEqual(rows)
    const again = await restore(owner.url(target), backup, { mode: 'atomic', tolerate: true })
    expect([...said(again)].sort()).toEqual([...expected].sort())
    expect((await fingerprint(target.url)).rows).toEqual(rows)
  })

  test.each(WAYS)('a row that names what is made after the rows comes back as it was: %s', async mode => {
    await using source = await createDatabase(major)
    await source.query(
      "CREATE TABLE t (c regclass); CREATE INDEX i ON t (c); INSERT INTO t VALUES ('i'), ('t'), (NULL)",
    )
    await using target = await createDatabase(major)
    const before = await fingerprint(source.url)
    expect(said(await restore(target.url, await backUp(source.url), { mode, tolerate: true }))).toEqual([])
    expect(await fingerprint(target.url)).toEqual(before)
  })

  test('what would befall every object is not borne: a statement that is cancelled ends the restore', async () => {
    await using source = await createDatabase(major)
    await source.query(`CREATE FUNCTION slow(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RETURN i; END$$;
      CREATE TABLE t (i int); INSERT INTO t VALUES (1); CREATE INDEX ON t (public.slow(i));
      CREATE OR REPLACE FUNCTION slow(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$BEGIN
        RAISE EXCEPTION 'stopped' USING ERRCODE = '57014'; END$$`)
    await using target = await createDatabase(major)
    const error = await failure(restore(target.url, await backUp(source.url)))
    expect(error.message).toContain('the target is empty again')
  })
})
