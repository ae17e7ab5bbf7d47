/** One object that cannot be made again: its rows come back, it is listed with what makes it later, and that works. */
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SinkResult, StoredBackup } from '../../../src/engine/ports.ts'
import { createDatabase, type TestDatabase } from '../../support/database.ts'
import { fingerprint } from '../../support/fingerprint.ts'
import { ordinaryRole } from '../../support/ordinary-role.ts'
import { MAJORS } from '../../support/thorough.ts'
import { backUp, failure, restore } from '../round-trip.ts'

interface Case {
  readonly name: string
  readonly sql: string
  /** Entry and outcome. */
  readonly unmade: readonly string[]
  /** At the source, when it has been backed up. */
  readonly afterwards?: string
  /** What must be equal, instead of all rows. */
  readonly same?: string
  /** Lets what is to be made later be made. */
  readonly cure?: string
}

const CASES: readonly Case[] = [
  {
    name: 'a foreign key with orphans',
    sql: `CREATE TABLE parent (id int PRIMARY KEY); INSERT INTO parent SELECT generate_series(1, 10);
      CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent); INSERT INTO child SELECT i, i FROM generate_series(1, 10) i;
      SET session_replication_role = replica; DELETE FROM parent WHERE id = 7`,
    unmade: ['FK CONSTRAINT public.child child_parent_fkey: not-valid'],
    cure: 'INSERT INTO parent VALUES (7)',
  },
  {
    name: 'duplicates under a unique index',
    sql: `CREATE TABLE users (id int PRIMARY KEY, email text); INSERT INTO users VALUES (1, 'a@x'), (2, 'b@x'), (3, 'a@x');
      CREATE INDEX users_email ON users (email); COMMENT ON INDEX users_email IS 'one each';
      UPDATE pg_index SET indisunique = true WHERE indexrelid = 'users_email'::regclass`,
    unmade: ['INDEX public.users_email: left-out', 'COMMENT public.INDEX users_email: left-out'],
    cure: 'DELETE FROM users WHERE id = 3',
  },
  {
    name: 'duplicates under a primary key, to which foreign keys refer',
    sql: `CREATE TABLE person (id int CONSTRAINT person_key PRIMARY KEY, name text); INSERT INTO person VALUES (1, 'a'), (2, 'b');
      CREATE TABLE pet (owner int REFERENCES person); INSERT INTO pet VALUES (1);
      UPDATE pg_index SET indisready = false, indisvalid = false WHERE indexrelid = 'person_key'::regclass;
      INSERT INTO person VALUES (1, 'c');
      UPDATE pg_index SET indisready = true, indisvalid = true WHERE indexrelid = 'person_key'::regclass`,
    unmade: ['CONSTRAINT public.person person_key: left-out', 'FK CONSTRAINT public.pet pet_owner_fkey: left-out'],
    cure: `DELETE FROM person WHERE name = 'c'`,
  },
  {
    name: 'a check that the rows no longer pass',
    sql: `CREATE FUNCTION fits(i int) RETURNS boolean LANGUAGE sql AS 'SELECT true'; CREATE TABLE parent (i int CHECK (public.fits(i)));
      COMMENT ON CONSTRAINT parent_i_check ON parent IS 'kept'; CREATE TABLE child (j int) INHERITS (parent);
      INSERT INTO child SELECT i, i FROM generate_series(1, 5) i; INSERT INTO parent VALUES (7);
      CREATE OR REPLACE FUNCTION fits(i int) RETURNS boolean LANGUAGE sql AS 'SELECT i < 5'`,
    unmade: ['CHECK CONSTRAINT public.parent parent_i_check: not-valid'],
    cure: 'DELETE FROM parent WHERE i >= 5',
  },
  {
    name: 'the check of a domain that the rows no longer pass',
    sql: `CREATE FUNCTION fits(i int) RETURNS boolean LANGUAGE sql AS 'SELECT true';
      CREATE DOMAIN small AS int CONSTRAINT is_small CHECK (public.fits(VALUE)); CREATE TABLE t (i small); INSERT INTO t VALUES (1), (9);
      CREATE OR REPLACE FUNCTION fits(i int) RETURNS boolean LANGUAGE sql AS 'SELECT i < 5'`,
    unmade: ['CHECK CONSTRAINT public.small is_small: not-valid'],
    cure: 'DELETE FROM t WHERE i = 9',
  },
  {
    name: 'a check whose function fails',
    sql: `CREATE FUNCTION fits(i int) RETURNS boolean LANGUAGE sql AS 'SELECT true'; CREATE TABLE t (i int CHECK (public.fits(i)));
      INSERT INTO t VALUES (1), (9);
      CREATE OR REPLACE FUNCTION fits(i int) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'no more of %', i; END$$`,
    unmade: ['CHECK CONSTRAINT public.t t_i_check: not-valid'],
    cure: `CREATE OR REPLACE FUNCTION fits(i int) RETURNS boolean LANGUAGE sql AS 'SELECT true'`,
  },
  {
    name: 'a column without nulls that holds some',
    sql: `CREATE TABLE t (i int NOT NULL, j int NOT NULL); UPDATE pg_attribute SET attnotnull = false WHERE attrelid = 't'::regclass AND attname = 'j';
      INSERT INTO t VALUES (1, NULL), (2, 2); UPDATE pg_attribute SET attnotnull = true WHERE attrelid = 't'::regclass AND attname = 'j'`,
    unmade: ['NOT NULL public.t j: left-out'],
    cure: 'UPDATE t SET j = 0 WHERE j IS NULL',
  },
  {
    name: 'a generated column whose expression fails',
    sql: `CREATE FUNCTION slug(v text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RETURN lower(v); END$$;
      CREATE TABLE posts (id int PRIMARY KEY, title text, slug text GENERATED ALWAYS AS (public.slug(title)) STORED NOT NULL);
      INSERT INTO posts VALUES (1, 'A'), (2, 'B');
      CREATE OR REPLACE FUNCTION slug(v text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RAISE EXCEPTION 'no'; END$$`,
    unmade: ['NOT NULL public.posts slug: left-out', 'COLUMN public.posts.slug: changed'],
    same: 'SELECT id, title FROM posts ORDER BY 1',
  },
  {
    name: 'a materialized view over a server that cannot be reached',
    sql: `CREATE EXTENSION postgres_fdw; CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '1', dbname 'gone');
      CREATE USER MAPPING FOR CURRENT_USER SERVER far OPTIONS (user 'u', password 'p'); CREATE FOREIGN TABLE rates (id int, v numeric) SERVER far;
      CREATE TABLE local_t (id int PRIMARY KEY, t text); INSERT INTO local_t SELECT i, 'r' || i FROM generate_series(1, 100) i;
      CREATE MATERIALIZED VIEW m_rates AS SELECT id, v FROM rates WITH NO DATA; UPDATE pg_class SET relispopulated = true WHERE relname = 'm_rates'`,
    unmade: ['MATERIALIZED VIEW DATA public.m_rates: not-filled'],
    same: 'SELECT * FROM local_t ORDER BY 1',
  },
  {
    name: 'a view that selects from itself, and what is about it',
    sql: `CREATE TABLE t (i int); INSERT INTO t VALUES (1); CREATE VIEW v AS SELECT i FROM t; CREATE OR REPLACE VIEW v AS SELECT i FROM v;
      COMMENT ON VIEW v IS 'itself'; GRANT SELECT ON v TO PUBLIC`,
    unmade: ['VIEW public.v: left-out', 'COMMENT public.VIEW v: left-out', 'ACL public.TABLE v: left-out'],
  },
  {
    name: 'a collation that the server does not have',
    sql: `CREATE COLLATION local (provider = libc, locale = 'C'); CREATE TABLE t (a text COLLATE local); INSERT INTO t VALUES ('b'), ('a');
      UPDATE pg_collation SET collcollate = 'xx_YY', collctype = 'xx_YY' WHERE collname = 'local'`,
    unmade: ['COLLATION public.local: changed'],
  },
  {
    name: 'rows that name a role which is not there',
    sql: `CREATE ROLE "gone for good"; CREATE TABLE jobs (id int, owner regrole NOT NULL); INSERT INTO jobs VALUES (1, '"gone for good"'), (2, 'postgres')`,
    afterwards: 'ALTER TABLE jobs ALTER owner TYPE text; DROP ROLE "gone for good"',
    unmade: ['COLUMN public.jobs.owner: changed'],
    cure: `UPDATE jobs SET owner = 'postgres' WHERE id = 1`,
  },
  {
    name: 'bytes that are no text',
    sql: `CREATE CAST (bytea AS text) WITHOUT FUNCTION; CREATE TABLE notes (id int, t text);
      INSERT INTO notes VALUES (1, 'fine'), (2, ('\\x61e32762'::bytea)::text); DROP CAST (bytea AS text)`,
    unmade: ['1 ROW of public.notes: changed'],
    same: 'SELECT id, octet_length(t) > 3 FROM notes ORDER BY 1',
  },
  {
    name: 'a rule that stands where a view has its own',
    sql: `CREATE TABLE t (i int); CREATE TABLE log (i int); CREATE RULE r AS ON INSERT TO t DO ALSO INSERT INTO log VALUES (NEW.i);
      UPDATE pg_rewrite SET rulename = '_RETURN' WHERE rulename = 'r'; INSERT INTO t VALUES (1)`,
    unmade: ['RULE public.t _RETURN: left-out'],
  },
  {
    name: 'a generated column that finds its function by the search path',
    sql: `CREATE FUNCTION plain(v text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower(v)';
      CREATE FUNCTION slug(v text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT SET search_path = public AS $$BEGIN RETURN plain(v); END$$;
      CREATE TABLE posts (id int PRIMARY KEY, title text, slug text GENERATED ALWAYS AS (slug(title)) STORED);
      INSERT INTO posts (id, title) SELECT i, 'Title ' || i FROM generate_series(1, 50) i; CREATE INDEX ON posts (slug(title));
      ALTER FUNCTION slug RESET search_path`,
    unmade: ['FUNCTION public.slug(text): helped'],
    cure: 'SELECT 1',
  },
  {
    name: 'a materialized view that finds its table by the search path',
    sql: `CREATE FUNCTION cnt() RETURNS bigint LANGUAGE plpgsql STABLE SET search_path = public AS $$BEGIN RETURN (SELECT count(*) FROM t); END$$;
      CREATE TABLE t (id int, v text); INSERT INTO t SELECT i, md5(i::text) FROM generate_series(1,100) i; CREATE MATERIALIZED VIEW mv AS SELECT cnt() AS n;
      ALTER FUNCTION cnt RESET search_path`,
    unmade: ['FUNCTION public.cnt(): helped'],
  },
  {
    name: 'an index and a check that find things by a search path of the database',
    sql: `CREATE SCHEMA app; CREATE TABLE app.kinds (k text); INSERT INTO app.kinds VALUES ('a'), ('b');
      DO $$BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = app, public', current_database()); END$$;
      CREATE FUNCTION app.is_kind(v text) RETURNS boolean LANGUAGE sql IMMUTABLE SET search_path = app AS 'SELECT EXISTS (SELECT FROM kinds WHERE k = v)';
      SET search_path = app, public;
      CREATE TABLE app.things (id int, kind text CHECK (is_kind(kind))); INSERT INTO app.things VALUES (1, 'a'), (2, 'b'); CREATE INDEX ON things ((is_kind(kind)));
      ALTER FUNCTION is_kind RESET search_path`,
    unmade: ['FUNCTION app.is_kind(text): helped'],
    same: 'SELECT count(*) FROM app.kinds',
    cure: 'SELECT 1',
  },
]

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
  describe.each(CASES.map(one => [one.name, one] as const))('%s', (_, { sql, afterwards, same, unmade, cure }) => {
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
