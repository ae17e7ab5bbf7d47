/** What servers really say about values, and what of it is left in a report. */
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Connection, connect } from '../../../src/postgres/connection/connection.ts'
import { migrationError } from '../../../src/postgres/migrate/migration-error.ts'
import { createDatabase, type TestDatabase } from '../../support/database.ts'

const VALUE = 'Zqx"secret\'s a\\b'
/** Whatever the message makes of the value, these do not appear by themselves. */
const TRACES = ['zqx', 'secret', 'a\\b']

const STATEMENTS: readonly (readonly [string, string | undefined])[] = [
  ["INSERT INTO people (email) VALUES ('V')", 'duplicate key value violates unique constraint "people_email_key"'],
  [
    "INSERT INTO people (email, age) VALUES ('V2', -1)",
    'new row for relation "people" violates check constraint "adult"',
  ],
  ['INSERT INTO people (email, age) VALUES (NULL, 5)', undefined],
  ["INSERT INTO notes (of) VALUES ('V')", undefined],
  ['UPDATE people SET age = email::int', 'invalid input syntax for type integer: "…"'],
  ["SELECT 'V'::int", 'invalid input syntax for type integer: "…"'],
  ["SELECT 'V'::date", undefined],
  ["SELECT 'V'::timestamptz", undefined],
  ["SELECT 'V'::uuid", undefined],
  ["SELECT 'V'::jsonb", 'invalid input syntax for type json'],
  ["SELECT 'V'::inet", undefined],
  ["SELECT 'V'::int[]", 'malformed array literal: "…"'],
  ["SELECT 'V'::point", undefined],
  ["SELECT 'V'::interval", undefined],
  ["SELECT 'V'::boolean", undefined],
  ["SELECT 'V'::regclass", undefined],
  ["SELECT 'V'::tsquery", undefined],
  ["SELECT 'V'::mood", 'invalid input value for enum mood: "…"'],
  ["SELECT 'V'::xml", undefined],
  ["SELECT to_date('V', 'YYYY')", undefined],
  ["SELECT to_number('V', 'V')", undefined],
  ["SELECT now() AT TIME ZONE 'V'", undefined],
  ["SELECT 'a' ~ '(V'", undefined],
  ["SELECT '99999999999999999999'::int", undefined],
  ["SELECT set_config('V', '1', false)", undefined],
  ["SELECT set_config('work_mem', 'V', false)", undefined],
  ["SELECT nextval('V')", undefined],
  ["SELECT decode('V', 'base64')", undefined],
  ["SELECT decode('V', 'hex')", undefined],
  ["SELECT convert_from('\\x80'::bytea, 'UTF8')", undefined],
  ["SELECT format('%Z', 'V')", undefined],
  ["SELECT 'V' SELECT 'x'", undefined],
  ["SELECT 'V", undefined],
  ["SELECT * FROM 'V'", undefined],
  ["SELECT $$V$$ $$x$$ 'V'", undefined],
  [
    "DO $$ BEGIN RAISE EXCEPTION 'bad %', (SELECT email FROM people LIMIT 1); END $$",
    'a message of the database’s own making, withheld',
  ],
  [
    "DO $$ BEGIN RAISE unique_violation USING MESSAGE = 'V'; END $$",
    'a message of the database’s own making, withheld',
  ],
  [
    'DO $$ BEGIN ASSERT false, (SELECT email FROM people LIMIT 1); END $$',
    'a message of the database’s own making, withheld',
  ],
  ["DO $$ BEGIN EXECUTE format('DROP TABLE %I', 'V'); END $$", undefined],
  ["DO $$ BEGIN EXECUTE format('SELECT %L::int', 'V'); END $$", undefined],
  ["DO $$ BEGIN EXECUTE 'SELECT ' || 'V'; END $$", undefined],
  ['ALTER TABLE people ALTER email TYPE int USING email::int', undefined],
  [
    'ALTER TABLE people ADD CONSTRAINT short CHECK (length(email) < 3)',
    'check constraint "short" of relation "people" is violated by some row',
  ],
  ['ALTER TABLE people ALTER age SET NOT NULL', 'column "age" of relation "people" contains null values'],
  ['ALTER TABLE people ADD COLUMN email text', 'column "email" of relation "people" already exists'],
  ['ALTER TABLE persons ADD COLUMN x int', 'relation "persons" does not exist'],
  ['ALTER TABLE people RENAME COLUMN emial TO mail', 'column "emial" does not exist'],
  ['CREATE UNIQUE INDEX once ON twice (email)', 'could not create unique index "once"'],
]

describe.each([14, 18] as const)('what PostgreSQL %d refuses', major => {
  let database: TestDatabase
  let connection: Connection
  beforeAll(async () => {
    database = await createDatabase(major)
    const value = pg.escapeLiteral(VALUE)
    await database.query(`
      CREATE TYPE mood AS ENUM ('happy');
      CREATE TABLE people (id serial PRIMARY KEY, email text UNIQUE NOT NULL, age int CONSTRAINT adult CHECK (age > 0));
      INSERT INTO people (email) VALUES (${value});
      CREATE TABLE notes ("of" text REFERENCES people (email));
      CREATE TABLE twice AS SELECT email FROM people UNION ALL SELECT email FROM people;`)
    connection = await connect({ url: database.url, connectTimeout: 10_000, signal: new AbortController().signal })
  })
  afterAll(async () => {
    await connection.close()
    await database[Symbol.asyncDispose]()
  })

  test.each(STATEMENTS)('%s', async (template, expected) => {
    const sql = template.includes('V2')
      ? template.replace('V2', 'another')
      : template.replaceAll(/\bV\b/g, () => VALUE.replaceAll("'", "''"))
    const said = await connection.query(sql).then(
      () => undefined,
      (error: unknown) => error,
    )
    // Some of them a server does not refuse, and then has nothing to say.
    if (!(said instanceof pg.DatabaseError)) return
    const error = await migrationError({ fields: said, sql: Buffer.from(sql) }, connection)
    for (const trace of TRACES) expect(JSON.stringify(error).toLowerCase()).not.toContain(trace)
    expect(error?.code).toBe(said.code)
    if (expected !== undefined) expect(error?.message).toBe(expected)
  })
})
