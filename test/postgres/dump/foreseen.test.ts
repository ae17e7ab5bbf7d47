import { expect, test } from 'vitest'
import { connect } from '../../../src/postgres/connection/connection.ts'
import { foreseenProblems } from '../../../src/postgres/dump/foreseen.ts'
import { createDatabase } from '../../support/database.ts'

test.each([14, 18] as const)('what a restore may meet is told at the source, on PostgreSQL %i', async major => {
  await using database = await createDatabase(major)
  const role = `${database.name}_role`
  await using connection = await connect({
    url: database.url,
    connectTimeout: 5_000,
    signal: new AbortController().signal,
  })
  await database.query(`
    CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (p int REFERENCES parent, name text, CHECK (p > 0));
    CREATE FUNCTION slug(t text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower(replace(t, ''from'', ''x''))';
    CREATE FUNCTION qualified(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RETURN public.slug(t) FROM public.parent; END$$;
    CREATE FUNCTION has_path(t text) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = public AS 'SELECT slug(t)';
    CREATE FUNCTION unused(t text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT slug(t)';
    CREATE INDEX ON child (slug(name)); CREATE INDEX ON child (qualified(name)); CREATE INDEX ON child (has_path(name));
    CREATE MATERIALIZED VIEW near AS SELECT * FROM parent`)
  const told = async () => (await foreseenProblems(connection)).map(({ entries }) => entries)
  expect(await told()).toEqual([])
  await database.query(`
    CREATE FUNCTION calls(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RETURN slug(t); END$$;
    CREATE FUNCTION reads(i int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT EXISTS (SELECT FROM Parent WHERE id = i)';
    CREATE TABLE g (a text, b text GENERATED ALWAYS AS (calls(a)) STORED, c int CHECK (reads(c)));
    INSERT INTO child VALUES (NULL, 'x'); ALTER TABLE child ADD CONSTRAINT named CHECK (name > 'y') NOT VALID;
    SET session_replication_role = replica; INSERT INTO child VALUES (7, 'z'); SET session_replication_role = origin;
    ALTER TABLE child DROP CONSTRAINT child_p_fkey; ALTER TABLE child ADD CONSTRAINT child_p_fkey FOREIGN KEY (p) REFERENCES parent NOT VALID;
    CREATE FOREIGN DATA WRAPPER w; CREATE SERVER away FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE far (i int) SERVER away;
    CREATE VIEW between AS SELECT * FROM far; CREATE MATERIALIZED VIEW kept AS SELECT * FROM between WITH NO DATA;
    UPDATE pg_class SET relispopulated = true WHERE relname = 'kept';
    CREATE ROLE ${role}; CREATE TABLE orphaned (i int); ALTER TABLE orphaned OWNER TO ${role};
    SET allow_system_table_mods = on; DELETE FROM pg_authid WHERE rolname = '${role}'`)
  const [number] = await database.query("SELECT relowner::text AS oid FROM pg_class WHERE relname = 'orphaned'")
  expect(await told()).toEqual([
    ['child_p_fkey of public.child', 'named of public.child'],
    ['calls(text)', 'reads(integer)'],
    [`orphaned (role ${number?.oid})`],
    ['public.kept'],
  ])
})
