import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ConnectOptions, connect } from '../../../src/postgres/connection/connection.ts'
import { BUNDLED_PG_DUMP } from '../../../src/postgres/schema/client.ts'
import { cutEntries, statementsOf } from '../../../src/postgres/schema/entries.ts'
import { dumpSchema } from '../../../src/postgres/schema/pg-dump.ts'
import { scriptFor } from '../../../src/postgres/schema/script-for.ts'
import { createDatabase, type TestDatabase } from '../../support/database.ts'
import { MAJORS } from '../../support/thorough.ts'

const EVERYTHING = new URL('../../fixtures/sql/bit-of-everything.sql', import.meta.url)

function to(url: string, signal = new AbortController().signal): ConnectOptions {
  return { url, connectTimeout: 5_000, signal }
}

function dump(
  url: string,
  section: 'pre-data' | 'post-data',
  more: { signal?: AbortSignal; args?: string[]; snapshot?: string } = {},
) {
  return dumpSchema({ connect: to(url, more.signal), snapshot: more.snapshot, section, args: more.args ?? [] })
}

describe.each(MAJORS)('of PostgreSQL %i', major => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createDatabase(major)
    await database.query(await readFile(EVERYTHING, 'utf8'))
  })
  afterAll(() => database[Symbol.asyncDispose]())

  test('both sections, run statement by statement, make a database that dumps the same', async () => {
    await using copy = await createDatabase(major)
    const sections = ['pre-data', 'post-data'] as const
    const texts = await Promise.all(sections.map(section => dump(database.url, section)))
    await using connection = await connect(to(copy.url))
    for (const text of texts) {
      for (const entry of cutEntries(text)) {
        for (const statement of statementsOf(text, entry)) {
          // A statement that was cut wrongly would be refused, or hold two.
          if (!/^SET transaction_timeout/.test(statement) || major >= 17) await connection.query(statement)
        }
      }
    }
    const again = await Promise.all(sections.map(section => dump(copy.url, section)))
    // Without what a server keeps for itself, which is another number in every database.
    const { serverVersion } = connection
    const said = (texts: readonly Buffer[]) => texts.map(text => String(scriptFor(text, 'schema', { serverVersion })))
    expect(said(again)).toEqual(said(texts))
  })

  test('functions keep the lines that look like commands or headers', async () => {
    const text = (await dump(database.url, 'pre-data')).toString()
    expect(text).toContain('/*\n\\restrict abc\n*/')
    expect(text).toContain('\n-- Name: fake; Type: TABLE; Schema: shop; Owner: nobody\n')
    expect(text).not.toMatch(/^\\restrict (?!abc$)/m)
    expect(text).toContain(`-- Dumped by pg_dump version ${BUNDLED_PG_DUMP.version}\n`)
  })

  test('large objects are no part of it, refreshes of materialized views are', async () => {
    const types = async (section: 'pre-data' | 'post-data', args?: string[]) =>
      cutEntries(await dump(database.url, section, args === undefined ? {} : { args })).map(entry => entry.type)
    expect(await types('pre-data')).not.toContain('BLOB')
    expect(await types('post-data')).toContain('MATERIALIZED VIEW DATA')
    expect(await types('post-data', ['--schema-only'])).not.toContain('MATERIALIZED VIEW DATA')
  })

  test('it sees the snapshot that it is given', async () => {
    await using leader = await connect(to(database.url))
    await leader.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
    const [row] = await leader.query<{ id: string }>('SELECT pg_export_snapshot() AS id')
    await database.query('CREATE TABLE later (n integer)')
    const text = await dump(database.url, 'pre-data', row === undefined ? {} : { snapshot: row.id })
    await database.query('DROP TABLE later')
    expect(text.toString()).not.toContain('CREATE TABLE public.later')
  })

  test('what the role may not read is a permission error in the words of the server', async () => {
    await database.query(`CREATE ROLE reader_${database.name} LOGIN PASSWORD 'secret'`)
    const url = new URL(database.url)
    url.username = `reader_${database.name}`
    await expect(dump(url.href, 'pre-data')).rejects.toMatchObject({
      code: 'permission',
      message: expect.stringMatching(/^Reading the schema \(pre-data\) of .* failed: permission denied/),
    })
    await database.query(`DROP ROLE reader_${database.name}`)
  })

  test('a table that stays locked is a timeout', async () => {
    await using locker = await connect(to(database.url))
    await locker.query('BEGIN; LOCK TABLE shop.users')
    await expect(dump(database.url, 'pre-data', { args: ['--lock-wait-timeout=200'] })).rejects.toMatchObject({
      code: 'timeout',
      hint: expect.stringContaining('migration'),
    })
  })

  test('an abort ends it at once, and its connection', async () => {
    await using locker = await connect(to(database.url))
    await locker.query('BEGIN; LOCK TABLE shop.users')
    const controller = new AbortController()
    const reason = new Error('enough')
    const pending = dump(database.url, 'pre-data', { signal: controller.signal })
    await lockWaiter(database)
    const started = Date.now()
    controller.abort(reason)
    await expect(pending).rejects.toBe(reason)
    expect(Date.now() - started).toBeLessThan(1_000)
  })

  test('a backend that is terminated in the middle is a connection error', async () => {
    await using locker = await connect(to(database.url))
    await locker.query('BEGIN; LOCK TABLE shop.users')
    const pending = dump(database.url, 'pre-data')
    pending.catch(() => {})
    const pid = await lockWaiter(database)
    await database.query('SELECT pg_terminate_backend($1)', [pid])
    await expect(pending).rejects.toMatchObject({ code: 'connection', message: expect.stringContaining('was lost') })
  })
})

test('wrong arguments fail in the words of pg_dump', async () => {
  await using database = await createDatabase(18)
  await expect(dump(database.url, 'pre-data', { args: ['--no-such-option'] })).rejects.toMatchObject({
    code: 'failed',
    message: expect.stringContaining('no-such-option'),
  })
})

test('a wrong password never reaches pg_dump', async () => {
  await using database = await createDatabase(18)
  await expect(dump(database.url.replace(':secret@', ':wrong@'), 'pre-data')).rejects.toMatchObject({
    code: 'authentication',
  })
})

test('tablespaces and access methods become settings of their tables', async () => {
  await using database = await createDatabase(18)
  const space = `space_${database.name}`
  await database.query(`CREATE ACCESS METHOD pile TYPE TABLE HANDLER heap_tableam_handler`)
  await using admin = await connect(to(database.url))
  await admin.query('SET allow_in_place_tablespaces = on')
  await admin.query(`CREATE TABLESPACE ${space} LOCATION ''`)
  try {
    await database.query(`CREATE TABLE a (); CREATE TABLE b () TABLESPACE ${space}; CREATE TABLE c () USING pile`)
    const entries = cutEntries(await dump(database.url, 'pre-data')).filter(entry => entry.type === 'TABLE')
    expect(entries.map(({ name, settings }) => [name, settings])).toEqual([
      ['a', {}],
      ['b', { default_tablespace: space }],
      ['c', { default_table_access_method: 'pile' }],
    ])
  } finally {
    await database.query('DROP TABLE b')
    await admin.query(`DROP TABLESPACE ${space}`)
  }
})

test('an SQL_ASCII database keeps the bytes that no encoding explains', async () => {
  await using database = await createDatabase(18, "ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
  await database.query("CREATE TABLE t (); SET client_encoding = 'SQL_ASCII'; COMMENT ON TABLE t IS E'a\\xffb'")
  const text = await dump(database.url, 'pre-data')
  expect(text.includes(Buffer.from([0x61, 0xff, 0x62]))).toBe(true)
})

test('answers of several hundred kilobytes come through whole', async () => {
  await using database = await createDatabase(18)
  await database.query(
    `DO $$ BEGIN FOR i IN 1..300 LOOP
       EXECUTE format('CREATE TABLE t%s (id integer)', i);
       EXECUTE format('COMMENT ON TABLE t%s IS %L', i, repeat('comment ', 1000));
     END LOOP; END $$`,
  )
  const entries = cutEntries(await dump(database.url, 'pre-data'))
  expect(entries.filter(entry => entry.type === 'TABLE')).toHaveLength(300)
  expect(entries.filter(entry => entry.type === 'COMMENT' && entry.length > 8_000)).toHaveLength(300)
})

describe('a native pg_dump', () => {
  let folder: string
  let database: TestDatabase
  let url: URL
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'comeback-test-'))
    database = await createDatabase(18)
    await database.query(`CREATE ROLE "role ${database.name}" LOGIN PASSWORD 'p:\\w'`)
    url = new URL(database.url)
    url.username = `role ${database.name}`
    url.password = 'p%3A%5Cw'
    url.search = '?sslmode=disable'
  })
  afterAll(async () => {
    await database.query(`DROP ROLE "role ${database.name}"`)
    await database[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  /** A stand-in that reports how it was called: the real one is not installed everywhere. */
  async function standIn(body: string): Promise<string> {
    const path = join(folder, `pg_dump-${Math.random()}`)
    await writeFile(
      path,
      `#!/bin/sh\n[ "$1" = --version ] && echo "pg_dump (PostgreSQL) 19.1 (Debian)" && exit\n${body}`,
    )
    await chmod(path, 0o755)
    return path
  }
  const native = (program: string, signal?: AbortSignal) =>
    dumpSchema({
      connect: to(url.href, signal),
      snapshot: 'S-1',
      section: 'post-data',
      args: ['--schema-only'],
      client: { kind: 'program', path: program, version: '19.1', requested: true },
    })

  test('is told the password by a private file alone', async () => {
    const program = await standIn(
      `echo '/*'; echo "$@"; env; cat "$PGPASSFILE" "$PGSERVICEFILE"; ls -l "$PGPASSFILE" "$PGSERVICEFILE"
       printf '%s\\n' '*/' '--' '-- PostgreSQL database dump complete' '--' '' '\\unrestrict x'`,
    )
    const said = (await native(program)).toString()
    expect(said).toContain('--section=post-data')
    expect(said).toContain('--snapshot=S-1 --schema-only')
    expect(said).toContain('*:*:*:*:p\\:\\\\w\n')
    expect(said).toContain(
      `host=127.0.0.1\nport=${url.port}\ndbname=${database.name}\nuser=role ${database.name}\nsslmode=disable\n`,
    )
    expect(said.match(/^-rw------- /gm)).toHaveLength(2)
    expect(said.replace(/\*:\*:.*\n/, '')).not.toContain('w\n*')
    expect(said).not.toContain('unrestrict')
    expect(said).not.toMatch(/PGPASSWORD/)
  })

  test('that fails is quoted, and one that is no pg_dump is refused', async () => {
    await expect(
      native(await standIn('echo "pg_dump: error: no luck with p:\\\\w" >&2; exit 1')),
    ).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringContaining('no luck with ***'),
    })
    await expect(native(await standIn('echo "SELECT 1;"'))).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringContaining('not complete'),
    })
    await expect(native('/does/not/exist')).rejects.toMatchObject({ code: 'usage' })
  })

  test('is killed by an abort', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    setTimeout(() => controller.abort(reason), 200)
    const started = Date.now()
    await expect(native(await standIn('exec sleep 60'), controller.signal)).rejects.toBe(reason)
    expect(Date.now() - started).toBeLessThan(2_000)
  })
})

async function lockWaiter(database: TestDatabase): Promise<unknown> {
  for (;;) {
    const rows = await database.query(
      `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    )
    if (rows[0] !== undefined) return rows[0].pid
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
