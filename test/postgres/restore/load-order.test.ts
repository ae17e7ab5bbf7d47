/** Rows that can only come in when other rows are there already, by every way that a backup takes back. */
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDatabaseProver } from '../../../src/postgres/prove.ts'
import type { DatabaseSinkOptions } from '../../../src/postgres/restore.ts'
import { countProgress, storedBackup } from '../../fakes/segments.ts'
import { startWithExtensions } from '../../support/extensions.ts'
import { fingerprint } from '../../support/fingerprint.ts'
import { loadSegments } from '../../support/load-segments.ts'
import { THOROUGH } from '../../support/thorough.ts'
import { read, restore } from '../round-trip.ts'

const EXTENSIONS = {
  srs: `
    CREATE TABLE srs_systems (id int PRIMARY KEY, factor numeric NOT NULL);
    INSERT INTO srs_systems VALUES (4326, 1);
    SELECT pg_catalog.pg_extension_config_dump('srs_systems', 'WHERE id <> 4326');
    CREATE FUNCTION srs_to_m(n numeric, srs int) RETURNS numeric LANGUAGE plpgsql IMMUTABLE STRICT AS $$
      DECLARE f numeric;
      BEGIN
        SELECT factor INTO f FROM public.srs_systems WHERE id = srs;
        IF NOT FOUND THEN RAISE 'no system %', srs; END IF;
        RETURN n * f;
      END $$;`,
  // Tables that refer to each other in a circle and to themselves, one that is no configuration and refers to them, and triggers.
  keyed: `
    CREATE TABLE keyed_a (id int PRIMARY KEY, b int, up int REFERENCES keyed_a);
    CREATE TABLE keyed_b (id int PRIMARY KEY, a int REFERENCES keyed_a ON DELETE CASCADE);
    CREATE TABLE keyed_0 (id int PRIMARY KEY, b int REFERENCES keyed_b ON DELETE RESTRICT, stamped timestamptz);
    ALTER TABLE keyed_a ADD CONSTRAINT circle FOREIGN KEY (b) REFERENCES keyed_b;
    COMMENT ON CONSTRAINT circle ON keyed_a IS 'closes it';
    CREATE TABLE keyed_log (a int REFERENCES keyed_a);
    CREATE FUNCTION keyed_stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.stamped = now(); RETURN NEW; END $$;
    CREATE TRIGGER stamp BEFORE INSERT OR UPDATE ON keyed_0 FOR EACH ROW EXECUTE FUNCTION keyed_stamp();
    CREATE FUNCTION keyed_never() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'never'; END $$;
    CREATE TRIGGER never BEFORE DELETE ON keyed_0 FOR EACH ROW EXECUTE FUNCTION keyed_never();
    ALTER TABLE keyed_0 ENABLE ALWAYS TRIGGER never;
    SELECT pg_catalog.pg_extension_config_dump('keyed_0', '');
    SELECT pg_catalog.pg_extension_config_dump('keyed_a', '');
    SELECT pg_catalog.pg_extension_config_dump('keyed_b', '');`,
}

/** Names so that pg_dump's order, and that by size, put the table that looks before the one that it looks up, and after it. */
const LOOKING = `
  CREATE TABLE public.m_kinds (code text PRIMARY KEY, weight int NOT NULL);
  INSERT INTO m_kinds VALUES ('book', 2), ('film', 3);
  CREATE FUNCTION public.kind_exists(k text) RETURNS boolean LANGUAGE sql STABLE
    AS 'SELECT EXISTS (SELECT FROM public.m_kinds WHERE code = k)';
  CREATE FUNCTION public.weight_of(k text) RETURNS int LANGUAGE sql IMMUTABLE
    BEGIN ATOMIC SELECT weight FROM public.m_kinds WHERE code = k; END;
  CREATE FUNCTION public.indirectly(k text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE
    AS 'BEGIN RETURN public.kind_exists(k); END';
  CREATE FUNCTION public.no_blank(k text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT k !~ '\\s' $$;
  CREATE FUNCTION public.either(a text, b text) RETURNS boolean LANGUAGE sql IMMUTABLE
    AS 'SELECT EXISTS (SELECT FROM public.m_kinds WHERE code IN (a, b))';
  CREATE OPERATOR public.|? (LEFTARG = text, RIGHTARG = text, FUNCTION = public.either);
  CREATE DOMAIN public.kind AS text CHECK (public.kind_exists(VALUE));
  CREATE TYPE public.pair AS (a public.kind, b int);
  CREATE TABLE public.a_checked (id int, kind text CHECK (public.kind_exists(kind)), pad text);
  CREATE TABLE public.a_generated (id int PRIMARY KEY, kind text, weight int GENERATED ALWAYS AS (public.weight_of(kind)) STORED);
  CREATE TABLE public.a_domain (id int, kind public.kind, kinds public.kind[], pair public.pair);
  CREATE TABLE public.a_operator (kind text CHECK (kind OPERATOR(public.|?) 'none'));
  CREATE TABLE public.a_part (kind text) PARTITION BY LIST (public.indirectly(kind));
  CREATE TABLE public.a_part_1 PARTITION OF public.a_part FOR VALUES IN (true);
  CREATE TABLE public.a_indexed (id int, kind text);
  CREATE UNIQUE INDEX ON public.a_indexed ((public.weight_of(kind) + id));
  CREATE TABLE public.z_checked (id int, kind text CHECK (public.indirectly(kind)), slug text CHECK (public.no_blank(slug)));
  -- A table that looks itself, behind the one that looks it up and would not notice that it is empty.
  CREATE TABLE public.y_rates (kind text CHECK (public.kind_exists(kind)), rate int);
  CREATE FUNCTION public.rate(k text) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT rate FROM public.Y_Rates WHERE kind = k';
  CREATE FUNCTION public.rate_of(k text) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN public.rate(k); END';
  CREATE TABLE public.b_amounts (kind text, rate int GENERATED ALWAYS AS (public.rate_of(kind)) STORED);
  INSERT INTO y_rates VALUES ('book', 7), ('film', 19); INSERT INTO b_amounts VALUES ('book'), ('film');
  INSERT INTO a_checked SELECT i, CASE i % 2 WHEN 0 THEN 'book' ELSE 'film' END, repeat('x', 200) FROM generate_series(1, 2000) i;
  INSERT INTO a_generated SELECT id, kind FROM a_checked;
  INSERT INTO a_domain SELECT id, kind, ARRAY[kind], ROW(kind::public.kind, id)::public.pair FROM a_checked;
  INSERT INTO a_operator SELECT kind FROM a_checked; INSERT INTO a_part SELECT kind FROM a_checked;
  INSERT INTO a_indexed SELECT id * 10, kind FROM a_checked;
  INSERT INTO z_checked SELECT id, kind, 'slug' FROM a_checked;`

/** Looks up, by a view, a table that looks itself and comes later. */
const BACKWARDS = `${LOOKING}
  CREATE VIEW public.seen AS SELECT id FROM public.z_checked;
  CREATE FUNCTION public.z_has(i int) RETURNS boolean LANGUAGE plpgsql
    AS 'BEGIN PERFORM FROM public.seen WHERE id = i; IF NOT FOUND THEN RAISE ''no %'', i; END IF; RETURN true; END';
  CREATE TABLE public.b_last (z int CHECK (public.z_has(z)));
  INSERT INTO b_last SELECT id FROM z_checked;`

const SYSTEMS = `
  CREATE EXTENSION srs; INSERT INTO srs_systems VALUES (2056, 2);
  CREATE TABLE a_zones (raw numeric, m numeric GENERATED ALWAYS AS (srs_to_m(raw, 2056)) STORED);
  CREATE TABLE z_zones (raw numeric CHECK (srs_to_m(raw, 2056) > 0));
  INSERT INTO a_zones SELECT i FROM generate_series(1, 20) i; INSERT INTO z_zones SELECT raw FROM a_zones;`

const KEYED = `
  CREATE EXTENSION keyed; CREATE TABLE mine (a int REFERENCES keyed_a);
  INSERT INTO keyed_a VALUES (1, NULL, 2), (2, NULL, 1); INSERT INTO keyed_b VALUES (1, 1), (2, 2); UPDATE keyed_a SET b = id;
  INSERT INTO keyed_0 VALUES (1, 1); INSERT INTO mine VALUES (1), (2);
  ALTER TABLE keyed_0 DISABLE TRIGGER stamp; UPDATE keyed_0 SET stamped = '2001-01-01'; ALTER TABLE keyed_0 ENABLE TRIGGER stamp;`

const never = new AbortController().signal
const dataOnly: Partial<DatabaseSinkOptions> = {
  selection: { tables: [], schemas: [], schemaOnly: false, dataOnly: true },
}
const everything = `SELECT table_schema, table_name, md5(query_to_xml(format('SELECT t::text FROM ONLY %I.%I t ORDER BY 1', table_schema, table_name), true, true, '')::text)
  FROM information_schema.tables WHERE table_schema !~ '^pg_' AND table_schema <> 'information_schema' AND table_type = 'BASE TABLE' ORDER BY 1, 2`
const keysAndTriggers = `SELECT conrelid::regclass::text AS on, conname AS name, pg_get_constraintdef(oid) || COALESCE(obj_description(oid), '') AS is FROM pg_constraint WHERE contype = 'f'
  UNION ALL SELECT tgrelid::regclass::text, tgname, tgenabled::text FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2`

describe.each(THOROUGH ? ([14, 16, 18] as const) : ([18] as const))('on PostgreSQL %i', major => {
  let server: Awaited<ReturnType<typeof startWithExtensions>>
  beforeAll(async () => {
    server = await startWithExtensions(major, EXTENSIONS)
  })
  afterAll(async () => {
    await server.stop()
  })

  const create = () => server.createDatabase(`test_${randomBytes(6).toString('hex')}`)

  describe.each([
    ['tables that look elsewhere', LOOKING],
    ['tables that look up each other against the order of their names', BACKWARDS],
    ['rows of an extension that other tables need', SYSTEMS],
    ['rows of an extension that refer to each other in a circle and are stamped by a trigger', KEYED],
  ])('%s', (_, sql) => {
    let source: string
    let taken: Awaited<ReturnType<typeof read>>
    beforeAll(async () => {
      source = await create()
      await query(source, sql)
      taken = await read(source)
    })
    const backup = () => storedBackup(taken.segments, taken.result)
    const expectEqual = async (url: string) => {
      expect(await query(url, everything)).toEqual(await query(source, everything))
      expect(await query(url, keysAndTriggers)).toEqual(await query(source, keysAndTriggers))
      expect((await fingerprint(url)).schema).toBe((await fingerprint(source)).schema)
    }

    test.each([1, 4])('come back in %i lanes', async lanes => {
      const target = await create()
      const progress = countProgress()
      await restore(target, backup(), { lanes }, never, progress)
      await expectEqual(target)
      // What is read again is not counted again.
      expect(progress.bytes).toBe(taken.segments.reduce((sum, { bytes }) => sum + bytes.length, 0))
    })

    test('come back in one transaction, into an empty database and over what it left', async () => {
      const target = await create()
      await restore(target, backup(), { mode: 'atomic' })
      await expectEqual(target)
      await restore(target, backup(), { mode: 'atomic' })
      await expectEqual(target)
    })

    test('come back by a new database', async () => {
      const target = await create()
      await query(target, sql)
      await restore(target, backup(), { mode: 'swap' })
      await expectEqual(target)
    })

    test('come back as rows alone', async () => {
      const target = await create()
      await query(target, sql)
      await restore(target, backup(), dataOnly)
      await expectEqual(target)
    })

    test('are proved', async () => {
      const proof = createDatabaseProver({
        url: await create(),
        connectTimeout: 5_000,
        lanes: 3,
        disposable: true,
        confirm: undefined,
        assertions: [],
      })
      const { findings } = await proof.prove(backup(), { progress: countProgress() }, never)
      expect(findings).toEqual([])
    })

    // psql alone sets nothing aside and tries nothing again.
    if (sql === LOOKING || sql === SYSTEMS) {
      test('come back by the stock recovery', async () => {
        const target = await create()
        await loadSegments(target, taken.segments)
        await expectEqual(target)
      })
    }
  })
})

async function query(url: string, sql: string): Promise<readonly unknown[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}
