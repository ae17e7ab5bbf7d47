/** An old script is data: what pg_dump does not write is refused by name, wherever it stands. */
import { describe, expect, test } from 'vitest'
import { bundledDump } from '../../../src/postgres/schema/pg-dump-bundled.ts'
import { createScriptSource } from '../../../src/postgres/script.ts'
import { collectSegments } from '../../fakes/segments.ts'
import { createEverything } from '../../fixtures/everything.ts'

const HEAD = `--
-- PostgreSQL database dump
--

-- Dumped from database version 14.23
-- Dumped by pg_dump version 15.18

SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);

`
const END = '--\n-- PostgreSQL database dump complete\n--\n\n'
const TABLE =
  '--\n-- Name: t; Type: TABLE; Schema: public; Owner: shop\n--\n\nCREATE TABLE public.t (\n    a text\n);\n\n\n'
const DATA = '--\n-- Data for Name: t; Type: TABLE DATA; Schema: public; Owner: shop\n--\n\n'

async function read(script: string) {
  const out = collectSegments()
  const source = createScriptSource({
    identity: 'x',
    async *open() {
      yield Buffer.from(script)
    },
  })
  await source.read(out, new AbortController().signal)
  return out.segments.map(({ bytes }) => bytes.toString()).join('')
}

const HOSTILE: readonly (readonly [named: string, sql: string])[] = [
  ['DO', "DO $$ BEGIN EXECUTE 'COPY t FROM PROGRAM ''id'''; END $$;"],
  ['CALL', 'CALL public.p();'],
  ['SELECT', 'SELECT public.f();'],
  ['SELECT', "SELECT pg_catalog.setval('public.s', public.f(), true);"],
  ['SELECT', "SELECT pg_catalog.setval('public.s', 1, true), public.f();"],
  ['SELECT', "SELECT pg_catalog.set_config('role', 'postgres', false);"],
  ['SELECT', "SELECT pg_catalog.lo_import('/etc/passwd');"],
  ['SELECT', "SELECT * FROM pg_catalog.pg_restore_relation_stats('version', public.f()::integer);"],
  ['ALTER SYSTEM', "ALTER SYSTEM SET archive_command = 'id';"],
  ['ALTER ROLE', 'ALTER ROLE shop SUPERUSER;'],
  ['CREATE ROLE', 'CREATE ROLE mallory SUPERUSER;'],
  ['CREATE USER', 'CREATE USER mallory SUPERUSER;'],
  ['CREATE TABLESPACE', "CREATE TABLESPACE x LOCATION '/tmp';"],
  ['CREATE TABLE', 'CREATE TABLE public.x AS SELECT public.f();'],
  ['CREATE MATERIALIZED', 'CREATE MATERIALIZED VIEW public.x AS SELECT public.f();'],
  ['CREATE SCHEMA', 'CREATE SCHEMA x CREATE VIEW y AS SELECT 1;'],
  ['CREATE EXTENSION', 'CREATE EXTENSION plpython3u;'],
  ['CREATE SUBSCRIPTION', "CREATE SUBSCRIPTION s CONNECTION 'host=evil' PUBLICATION p;"],
  ['ALTER SUBSCRIPTION', 'ALTER SUBSCRIPTION s ENABLE;'],
  ['SET ROLE', 'SET ROLE postgres;'],
  ['SET SESSION', "SET SESSION AUTHORIZATION 'postgres';"],
  ['SET standard_conforming_strings', 'SET standard_conforming_strings = off;'],
  ['SET search_path', 'SET search_path = evil;'],
  ['GRANT postgres', 'GRANT postgres TO mallory;'],
  ['GRANT SET', 'GRANT SET ON PARAMETER archive_command TO mallory;'],
  ['GRANT ALL', 'GRANT ALL ON DATABASE shop TO mallory;'],
  ['LOAD', "LOAD 'evil';"],
  ['LOCK TABLE', 'LOCK TABLE public.t;'],
  ['DROP TABLE', 'DROP TABLE public.t;'],
  ['TRUNCATE TABLE', 'TRUNCATE TABLE public.t;'],
  ['DELETE FROM', 'DELETE FROM public.t;'],
  ['UPDATE public', 'UPDATE public.t SET a = 1;'],
  ['WITH x', 'WITH x AS (DELETE FROM public.t RETURNING 1) SELECT 1;'],
  ['EXPLAIN ANALYZE', 'EXPLAIN ANALYZE SELECT public.f();'],
  ['EXECUTE p', 'EXECUTE p;'],
  ['NOTIFY x', 'NOTIFY x;'],
  ['VACUUM', 'VACUUM;'],
  ['IMPORT FOREIGN', 'IMPORT FOREIGN SCHEMA x FROM SERVER s INTO public;'],
  ['REASSIGN OWNED', 'REASSIGN OWNED BY a TO b;'],
]

describe.each(HOSTILE)('a script with %s', (named, sql) => {
  test(`is refused: ${sql}`, async () => {
    await expect(read(`${HEAD}${TABLE}${sql}\n${END}`)).rejects.toMatchObject({
      code: 'unsafe-archive',
      message: expect.stringContaining(named),
    })
    // Nor in the head, before anything is named: what cleans up for psql is passed over there.
    const script = `${HEAD}${sql}\n${TABLE}${END}`
    if (sql.startsWith('DROP ')) expect(await read(script)).not.toContain(sql)
    else await expect(read(script)).rejects.toMatchObject({ code: expect.stringMatching(/^uns/) })
  })
})

test.each<[what: string, script: string]>([
  ['inside of a statement', `${TABLE}CREATE VIEW public.v AS SELECT 1 \\! touch owned\n AS a;\n`],
  ['at the end of a statement', `${TABLE}COMMENT ON TABLE public.t IS 'x' \\g |sh\n;\n`],
  ['between parentheses', `${TABLE}CREATE INDEX i ON public.t USING btree ((a\\! touch owned\n));\n`],
  ['behind a carriage return in a comment', `${TABLE}-- harmless\r\\! touch owned\n`],
  [
    'behind a carriage return in a comment of a statement',
    `${TABLE}CREATE VIEW public.v AS -- x\r\\! touch owned\n SELECT 1;\n`,
  ],
  // Up to 14 `1E'\''` is a number and a whole string.
  ['behind a number that runs into a string', `${TABLE}CREATE VIEW public.v AS SELECT 1E'\\'' \\! touch owned\n ';\n`],
  [
    'behind a number that runs into a dollar quote',
    `${TABLE}CREATE VIEW public.v AS SELECT 1$a$ ' $a$ \\! touch owned\n ';\n`,
  ],
  [
    'behind rows that end for psql alone',
    `${TABLE}${DATA}COPY public.t (a) FROM stdin;\nx\n\\.\r\n\\! touch owned\n\\.\n\n`,
  ],
  [
    'behind rows, the first of which ends them',
    `${TABLE}${DATA}COPY public.t (a) FROM stdin;\n\\.\r\n\\! touch owned\n\\.\n\n`,
  ],
])('a command of psql %s is refused', async (_what, body) => {
  await expect(read(`${HEAD}${body}${END}`)).rejects.toMatchObject({ code: 'unsafe-archive' })
})

test('what a name or a string holds is no command', async () => {
  const sql = `COMMENT ON TABLE public."\\!" IS E'\\\\! \\' \\.';\nCREATE FUNCTION public.f() RETURNS text LANGUAGE sql AS $$ SELECT '\\! touch' $$;\n`
  expect(await read(`${HEAD}${TABLE}${sql}${END}`)).toContain(sql)
})

test.each([14, 15, 18] as const)(
  'all that pg_dump writes of one of everything on %i is known, its planner statistics, too',
  async major => {
    await using source = await createEverything(major)
    const { signal } = new AbortController()
    const connect = { url: source.url, connectTimeout: 10_000, settings: { standard_conforming_strings: 'on' }, signal }
    const text = await bundledDump(connect, ['--no-blobs', '--exclude-table-data=*.*', '--statistics'], 'A dump')
    expect(await read(text.toString())).toContain('CREATE TABLE')
  },
  120_000,
)
