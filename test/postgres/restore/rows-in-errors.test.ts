/**
 * Nothing of any row stands in what a failed restore says, its causes for the log included. Each case is a backup whose rows
 * the server took when they were written and refuses now, as functions behind checks change.
 */
import { describe, expect, test } from 'vitest'
import { causesOf } from '../../../src/report/text-error.ts'
import { createDatabase } from '../../support/database.ts'
import { backUp, restore } from '../round-trip.ts'

const WORD = 'zqmarker'
const NUMBER = '4242137'
const VALUE = `${WORD} ${NUMBER}`

/** A check over a function that was harmless, and now does this with the value `v`. */
const CHECKS: readonly (readonly [what: string, body: string, said: RegExp])[] = [
  ['is false', 'RETURN false', /violates check constraint "t_v_check" \[23514\]|t_v_check/],
  ['reads an integer', 'RETURN v::int > 0', /invalid input syntax for type integer: "…"/],
  ['reads money', 'RETURN v::money IS NOT NULL', /invalid input syntax for type money: "…"/],
  ['reads a date', 'RETURN v::date IS NOT NULL', /invalid input syntax for type date: "…"/],
  ['reads a time out of range', `RETURN ('99:99:99 ' || v)::time IS NOT NULL`, /time/],
  ['reads JSON', 'RETURN v::jsonb IS NOT NULL', /invalid input syntax for type json/],
  ['reads an array', `RETURN ('{' || v)::text[] IS NOT NULL`, /malformed array literal: "…"/],
  ['reads a uuid', 'RETURN v::uuid IS NOT NULL', /invalid input syntax for type uuid: "…"/],
  ['reads an enum', 'RETURN v::public.mood IS NOT NULL', /invalid input value for enum/],
  ['reads a range', `RETURN ('[' || v)::int4range IS NOT NULL`, /malformed range literal: "…"/],
  ['reads an address', 'RETURN v::inet IS NOT NULL', /invalid input syntax for type inet: "…"/],
  ['reads a row', `RETURN ('(1,' || v || ')')::public.pair IS NOT NULL`, /invalid input syntax for type integer/],
  ['reads hexadecimal', `RETURN decode(v, 'hex') IS NOT NULL`, /invalid hexadecimal digit/],
  ['reads a pattern', `RETURN '' ~ ('(' || v)`, /invalid regular expression/],
  ['reads a zone', `RETURN now() AT TIME ZONE v IS NOT NULL`, /time zone "…" not recognized/],
  ['overflows a numeric', `RETURN (split_part(v, ' ', 2) || '.5')::numeric(3, 1) > 0`, /numeric field overflow/],
  ['overflows an integer', `RETURN (split_part(v, ' ', 2) || '4242137')::int > 0`, /out of range for type integer/],
  ['divides by zero', 'RETURN 1 / (length(v) - length(v)) > 0', /division by zero/],
  ['raises it', `RAISE EXCEPTION 'bad %', v USING DETAIL = v, HINT = v`, /withheld, at .*\[P0001\]/],
  ['raises it as a violation', `RAISE check_violation USING MESSAGE = v, DETAIL = v, HINT = v, TABLE = v`, /withheld/],
  ['names a table by it', `EXECUTE format('SELECT 1 FROM %I', v)`, /relation "…" does not exist/],
  ['makes a statement of it', `EXECUTE 'SELECT ' || v`, /\[42\w+\]/],
  ['makes a wrong statement of it', `EXECUTE 'ALTER ' || v`, /syntax error at or near "…"/],
  ['calls a function by it', `EXECUTE format('SELECT public.%s()', split_part(v, ' ', 1))`, /\[42883\]/],
  ['looks for a table of its own', 'RETURN EXISTS (SELECT FROM helpers)', /relation \\?"helpers\\?" does not exist/],
  ['looks for a table by it', 'RETURN v::regclass IS NOT NULL', /\[42\w+\]/],
  [
    'reads bytes',
    `RETURN convert_from(('\\xff' || encode(v::bytea, 'hex'))::bytea, 'UTF8') IS NOT NULL`,
    /invalid byte/,
  ],
  ['formats by it', `RETURN to_date(v, 'YYYY-MM-DD') IS NOT NULL`, /invalid value/],
  ['sets a setting to it', `RETURN set_config('work_mem', v, true) IS NOT NULL`, /invalid value for parameter "…"/],
]

/** What else keeps rows out; `changed` runs when the rows are there. */
const OTHERS: Readonly<Record<string, readonly [made: string, changed: string]>> = {
  'a unique index': [
    `CREATE TABLE t (v text, i int); CREATE FUNCTION public.f(v text, i int) RETURNS text IMMUTABLE RETURN v || i::text;
     CREATE UNIQUE INDEX t_key ON t (public.f(v, i)); INSERT INTO t VALUES ('${VALUE}', 1), ('${VALUE}', 2)`,
    'CREATE OR REPLACE FUNCTION public.f(v text, i int) RETURNS text IMMUTABLE RETURN v',
  ],
  'an exclusion constraint': [
    `CREATE TABLE t (v text, i int); CREATE FUNCTION public.f(v text, i int) RETURNS text IMMUTABLE RETURN v || i::text;
     ALTER TABLE t ADD CONSTRAINT t_excl EXCLUDE (public.f(v, i) WITH =); INSERT INTO t VALUES ('${VALUE}', 1), ('${VALUE}', 2)`,
    'CREATE OR REPLACE FUNCTION public.f(v text, i int) RETURNS text IMMUTABLE RETURN v',
  ],
  'a foreign key': [
    `CREATE TABLE p (v text PRIMARY KEY); CREATE TABLE t (v text REFERENCES p); INSERT INTO p VALUES ('${VALUE}');
     INSERT INTO t VALUES ('${VALUE}')`,
    'SET session_replication_role = replica; DELETE FROM p',
  ],
  'NOT NULL': [
    `CREATE FUNCTION public.f(v text) RETURNS text IMMUTABLE RETURN v;
     CREATE TABLE t (v text, g text GENERATED ALWAYS AS (public.f(v)) STORED NOT NULL); INSERT INTO t VALUES ('${VALUE}')`,
    'CREATE OR REPLACE FUNCTION public.f(v text) RETURNS text IMMUTABLE RETURN NULL',
  ],
  'a domain': [
    `CREATE FUNCTION public.f(v text) RETURNS boolean IMMUTABLE RETURN true;
     CREATE DOMAIN d AS text CHECK (public.f(VALUE)); CREATE TABLE t (v d); INSERT INTO t VALUES ('${VALUE}')`,
    'CREATE OR REPLACE FUNCTION public.f(v text) RETURNS boolean IMMUTABLE RETURN false',
  ],
  'the bounds of a partition': [
    `CREATE FUNCTION public.f(v text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN ''a''; END';
     CREATE TABLE t (v text) PARTITION BY LIST (public.f(v)); CREATE TABLE t_a PARTITION OF t FOR VALUES IN ('a');
     INSERT INTO t VALUES ('${VALUE}')`,
    `CREATE OR REPLACE FUNCTION public.f(v text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN v; END'`,
  ],
  'a materialized view': [
    `CREATE FUNCTION public.f(v text) RETURNS text IMMUTABLE RETURN v; CREATE TABLE t (v text); INSERT INTO t VALUES ('${VALUE}');
     CREATE MATERIALIZED VIEW m AS SELECT public.f(v) FROM t`,
    'CREATE OR REPLACE FUNCTION public.f(v text) RETURNS text IMMUTABLE RETURN v::int::text',
  ],
}

async function everythingSaid(made: string, mode: 'parallel' | 'atomic'): Promise<string> {
  await using source = await createDatabase(18)
  await source.query(made)
  await using target = await createDatabase(18)
  const said = await restore(target.url, await backUp(source.url), { mode }).then(
    result => JSON.stringify(result),
    (error: unknown) => `${JSON.stringify([String(error), Object(error).hint])}\n${causesOf(error)}`,
  )
  return said
}

const EVIL = (body: string) => `
  CREATE TYPE mood AS ENUM ('happy'); CREATE TYPE pair AS (a int, b int);
  CREATE FUNCTION public.f(v text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN true; END';
  CREATE TABLE t (v text CHECK (public.f(v))); INSERT INTO t VALUES ('${VALUE}');
  CREATE OR REPLACE FUNCTION public.f(v text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $f$BEGIN ${body}; RETURN true; END$f$`

describe('what a restore says', () => {
  test.each(CHECKS)('a check that %s tells no value', async (_, body, words) => {
    const said = await everythingSaid(EVIL(body), 'atomic')
    expect(said).not.toContain(WORD)
    expect(said).not.toContain(NUMBER)
    expect(said).toMatch(words)
    expect(said).toContain('public.t')
  })

  test.each(Object.keys(OTHERS).flatMap(name => (['parallel', 'atomic'] as const).map(mode => [name, mode] as const)))(
    '%s tells no value, %s',
    async (name, mode) => {
      const said = await everythingSaid((OTHERS[name] ?? []).join(';'), mode)
      expect(said).not.toContain(WORD)
      expect(said).not.toContain(NUMBER)
      expect(said).toMatch(/public\.(t|t_a|m|d)\b/)
    },
  )
})
