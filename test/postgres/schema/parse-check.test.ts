import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createDatabaseSource } from '../../../src/postgres/dump.ts'
import { checkParses } from '../../../src/postgres/schema/parse-check.ts'
import { dumpSchema } from '../../../src/postgres/schema/pg-dump.ts'
import { collectSegments } from '../../fakes/segments.ts'
import { createEverything } from '../../fixtures/everything.ts'
import { createDatabase } from '../../support/database.ts'
import { needTools } from '../../support/stock-tool.ts'

const PG_DUMP_15 = '/usr/lib/postgresql/15/bin/pg_dump'

const entry = (name: string, sql: string) =>
  `--\n-- Name: ${name}; Type: TABLE; Schema: public; Owner: o\n--\n\n${sql};\n\n`

function check(url: string, ...sql: readonly string[]): Promise<void> {
  const text = Buffer.from(
    `SET standard_conforming_strings = on;\n\n${sql.map((one, index) => entry(`e${index}`, one)).join('')}`,
  )
  const connect = { url, connectTimeout: 5_000, signal: new AbortController().signal }
  return checkParses({ connect, encoding: 'UTF8', texts: [text], writer: 'pg_dump 99 (a test)' })
}

test('what the server reads is understood, bodies of functions too, and nothing of it is done', async () => {
  await using database = await createDatabase(15)
  await check(
    database.url,
    'CREATE TABLE t (id integer)',
    'DROP TABLE never_there',
    `CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql BEGIN ATOMIC
       SELECT CASE a WHEN 1 THEN 2 ELSE 3 END; SELECT a + 1; END`,
    'COMMENT ON TABLE t IS $$ NOT NULL; $$',
    'CREATE MATERIALIZED VIEW m AS SELECT * FROM dropped_meanwhile WITH NO DATA',
  )
  expect(await database.query("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace")).toEqual([])
})

test.each([
  ['a word of a newer major', 'CREATE TABLE c (\n    NOT NULL id\n)\nINHERITS (p)'],
  ['a form that the grammar knows and refuses', 'CREATE TABLE t (a integer NOT NULL NOT ENFORCED)'],
  ['a string without its end in sight', "COMMENT ON TABLE t IS U&'\\zzzz'"],
  [
    'a body that is not of its major',
    'CREATE FUNCTION f() RETURNS integer LANGUAGE sql BEGIN ATOMIC MERGE INTO t RETURNING 1; END',
  ],
])('%s is not understood, and told with the entry and the way out', async (_, sql) => {
  await using database = await createDatabase(15)
  await expect(
    check(database.url, 'CREATE TABLE t (id integer)', sql, 'CREATE TABLE u (id integer)'),
  ).rejects.toMatchObject({
    code: 'unsupported',
    message: expect.stringMatching(
      /PostgreSQL 15, does not understand what pg_dump 99 \(a test\) wrote .*\(TABLE public\.e1\)/s,
    ),
    hint: expect.stringContaining('--pg-dump'),
  })
})

test('a setting that the server does not have is not understood', async () => {
  await using database = await createDatabase(14)
  const connect = { url: database.url, connectTimeout: 5_000, signal: new AbortController().signal }
  const texts = [Buffer.from('SET statement_timeout = 0;\nSET transaction_timeout = 0;\n')]
  await expect(checkParses({ connect, encoding: 'UTF8', texts, writer: 'x' })).rejects.toMatchObject({
    code: 'unsupported',
    message: expect.stringContaining('transaction_timeout'),
  })
})

test('a role without any right, to which transactions are read-only, may have it checked', async () => {
  await using database = await createDatabase(15)
  const role = `reader_${database.name}`
  await database.query(
    `CREATE ROLE ${role} LOGIN PASSWORD 'secret'; ALTER ROLE ${role} SET default_transaction_read_only = on`,
  )
  try {
    const url = new URL(database.url)
    url.username = role
    await check(url.href, 'CREATE TABLE t (id integer)')
    await expect(check(url.href, 'CREATE TABLE t (NOT NULL id)')).rejects.toMatchObject({ code: 'unsupported' })
  } finally {
    await database.query(`DROP ROLE ${role}`)
  }
})

test('a backup of what its own server does not understand is none', async context => {
  needTools(context, PG_DUMP_15)
  await using database = await createDatabase(15)
  await database.query('CREATE TABLE t (id integer)')
  const folder = await mkdtemp(join(tmpdir(), 'comeback-test-'))
  try {
    const newer = join(folder, 'pg_dump')
    await writeFile(newer, `#!/bin/sh\n${PG_DUMP_15} "$@" | sed 's/id integer/id integer, NOT NULL id/'\n`)
    await chmod(newer, 0o755)
    const source = createDatabaseSource({
      url: database.url,
      connectTimeout: 5_000,
      lanes: 1,
      schemaOnly: false,
      excludeTableData: [],
      pgDump: newer,
    })
    await expect(source.read(collectSegments(), new AbortController().signal)).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('TABLE public.t'),
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test.each([14, 15, 18] as const)(
  'as pg_dump 18 writes it, PostgreSQL %i understands a database of everything, or it is told so',
  async major => {
    await using database = await createEverything(major)
    const connect = { url: database.url, connectTimeout: 5_000, signal: new AbortController().signal }
    const text = await dumpSchema({ connect, snapshot: undefined, section: 'pre-data', args: [] })
    const raw = checkParses({ connect, encoding: 'UTF8', texts: [text], writer: 'pg_dump' })
    if (major === 18) await raw
    else await expect(raw).rejects.toMatchObject({ code: 'unsupported' })
  },
)
