/** The gate against real servers, with the tools that people run migrations with. */
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ComebackError } from '../../../src/errors.ts'
import { createDatabase, type TestDatabase } from '../../support/database.ts'
import { needTools } from '../../support/stock-tool.ts'
import { MAJORS } from '../../support/thorough.ts'
import { gate, nodeScript, shellQuoted } from './gate.ts'

const EMAIL = 'ann.zqx@example.com'

const psql = (...statements: readonly string[]) =>
  `psql -X -v ON_ERROR_STOP=1 ${statements.map(sql => `-c ${shellQuoted(sql)}`).join(' ')}`

describe.each(MAJORS)('migrations of PostgreSQL %d', major => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await createDatabase(major)
    await database.query(`
      CREATE TABLE users (id serial PRIMARY KEY, email text UNIQUE, age int CONSTRAINT adult CHECK (age >= 18));
      INSERT INTO users (email, age) SELECT 'user' || i, 20 FROM generate_series(1, 999) i;
      INSERT INTO users (email, age) VALUES ('${EMAIL}', 33);
      CREATE TABLE old (x int);
      INSERT INTO old SELECT generate_series(1, 10)`)
  })
  afterEach(async () => await database[Symbol.asyncDispose]())

  test('by psql: what it changed, what took long, what it locked and for how long', async context => {
    needTools(context, 'psql')
    let asked = 0
    const { migration } = await gate(
      database.url,
      psql(
        'BEGIN',
        "ALTER TABLE users ADD COLUMN name text DEFAULT 'secret'",
        'SELECT pg_sleep(1.2)',
        'CREATE TABLE posts (id int PRIMARY KEY, body text)',
        'INSERT INTO posts SELECT i FROM generate_series(1, 5) i',
        'SELECT pg_sleep(0.3)',
        'COMMIT',
        'CREATE INDEX users_age ON users (age)',
        'DROP TABLE old',
        "DELETE FROM users WHERE email LIKE 'user1%'",
      ),
      {
        assertions: async () => {
          asked++
          return {
            outcomes: [{ name: 'no posts', result: 'failed' }],
            findings: [
              { code: 'assertion-failed', subject: 'assertion no posts', message: 'no posts: returned 5 rows.' },
            ],
          }
        },
      },
    )
    expect(migration).toMatchObject({ result: 'succeeded', exitCode: 0, statements: 10, diffCut: 0 })
    expect(migration.error).toBeUndefined()
    expect(migration.slow).toEqual([{ statement: 'SELECT pg_sleep(?)', seconds: expect.closeTo(1.2, 0) }])
    const [longest] = migration.locks
    expect(longest).toMatchObject({ table: 'public.users', mode: 'AccessExclusiveLock', blocks: 'reads and writes' })
    expect(longest?.seconds).toBeGreaterThan(1.3)
    expect(longest?.seconds).toBeLessThan(3)
    expect(migration.locks.map(({ table }) => table)).not.toContain('public.posts')
    expect(migration.interval).toBeGreaterThanOrEqual(0.05)
    expect(migration.schemaDiff).toContain("+    name text DEFAULT 'secret'::text")
    expect(migration.schemaDiff).toContain('@@ TABLE public.posts\n+CREATE TABLE public.posts (')
    expect(migration.schemaDiff).toContain('@@ TABLE public.old\n-CREATE TABLE public.old (')
    expect(migration.schemaDiff).toContain('+CREATE INDEX users_age ON public.users')
    expect(migration.tables.map(({ name, rows }) => [name, rows])).toEqual([
      ['public.users', { before: 1_000, after: 889 }],
      ['public.old', { before: 10 }],
      ['public.posts', { after: 5 }],
    ])
    expect(asked).toBe(1)
    expect(migration.assertions).toHaveLength(1)
    expect(migration.findings).toMatchObject([
      { code: 'assertion-failed', message: 'After the migration: no posts: returned 5 rows.' },
    ])
  })

  test('by a script with parameters: errors that it handles are none', async () => {
    const { migration } = await gate(
      database.url,
      nodeScript(`
        await client.query('SELECT version FROM schema_migrations').catch(() => {})
        await client.query('CREATE TABLE schema_migrations (version text)')
        await client.query('BEGIN')
        await client.query('SAVEPOINT one')
        await client.query('INSERT INTO users (email) VALUES ($1)', [process.env.EMAIL]).catch(() => {})
        await client.query('ROLLBACK TO one')
        await client.query('ALTER TABLE users RENAME COLUMN age TO years')
        await client.query('INSERT INTO schema_migrations VALUES ($1)', ['001'])
        await client.query('COMMIT')`),
      { environment: { PATH: process.env.PATH, NODE: process.execPath, EMAIL } },
    )
    // They are told, since psql calls it a success, too, when all of its statements were refused.
    expect(migration).toMatchObject({ result: 'succeeded', findings: [{ code: 'migration-errors' }] })
    expect(migration.statements).toBe(9)
    expect(migration.error).toBeUndefined()
    expect(migration.schemaDiff).toContain('-    age integer,')
    expect(migration.schemaDiff).toContain('+    years integer,')
    // What did not change does not appear.
    expect(migration.tables.map(({ name }) => name)).toEqual(['public.schema_migrations'])
  })

  test('what is over between two samples is told by what its statements must lock', async () => {
    const { migration } = await gate(
      database.url,
      nodeScript(`
        await client.query('/* tool */ ALTER TABLE users ADD COLUMN a int; CREATE INDEX ON old (x); INSERT INTO old VALUES (1)')
        await client.query({ text: 'DROP TABLE IF EXISTS "nobody"' })
        await client.query('CREATE TABLE made (i int)')
        await client.query('ALTER TABLE made ADD j int')`),
      { schemaOnly: true },
    )
    const told = [...migration.locks, ...migration.needed].map(({ table, mode }) => `${table} ${mode}`)
    expect(told).toContain('public.users AccessExclusiveLock')
    expect(told).toContain('public.old ShareLock')
    expect(told.filter(text => text.includes('made') || text.includes('nobody'))).toEqual([])
    // Without rows, sizes are those of empty pages.
    expect(migration.tables.map(({ name, bytes }) => [name, bytes])).toEqual([
      ['public.old', {}],
      ['public.made', {}],
    ])
  })

  test('a value that is there twice: the constraint is named, the value is not', async () => {
    const { migration, report, lines } = await gate(
      database.url,
      nodeScript(`
        await client.query('BEGIN')
        await client.query('ALTER TABLE users ADD COLUMN x int')
        await client.query('INSERT INTO users (email) VALUES ($1)', [process.env.EMAIL])`),
      { environment: { PATH: process.env.PATH, NODE: process.execPath, EMAIL } },
    )
    expect(migration).toMatchObject({
      result: 'failed',
      exitCode: 1,
      error: {
        code: '23505',
        message: 'duplicate key value violates unique constraint "users_email_key"',
        statement: 'INSERT INTO users (email) VALUES ($1)',
      },
      schemaDiff: '',
      assertions: [],
      findings: [{ code: 'migration-failed' }],
    })
    expect(lines).toHaveLength(1)
    expect(report).not.toContain('zqx')
  })
})

describe('a migration that fails', () => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await createDatabase(18)
    await database.query(`
      CREATE TABLE users (id serial PRIMARY KEY, email text UNIQUE, age int CONSTRAINT adult CHECK (age >= 18));
      INSERT INTO users (email, age) VALUES ('${EMAIL}', 33)`)
  })
  afterEach(async () => await database[Symbol.asyncDispose]())

  test.each([
    [
      "INSERT INTO users (email, age) SELECT email || 'x', age - 30 FROM users",
      '23514',
      'new row for relation "users" violates check constraint "adult"',
    ],
    ['ALTER TABLE users ALTER email TYPE int USING email::int', '22P02', 'invalid input syntax for type integer: "…"'],
    [
      "DO $$ BEGIN RAISE EXCEPTION 'no %', (SELECT email FROM users); END $$",
      'P0001',
      'a message of the database’s own making, withheld',
    ],
  ])('%s', async (sql, code, message) => {
    const { migration, report } = await gate(database.url, psql(sql))
    expect(migration).toMatchObject({ result: 'failed', error: { code, message } })
    expect(migration.findings).toMatchObject([{ code: 'migration-failed', message: expect.stringContaining(message) }])
    expect(report).not.toContain('zqx')
  })

  test('without the server refusing anything', async () => {
    const { migration } = await gate(database.url, `${psql('SELECT 1')}; exit 7`)
    expect(migration).toMatchObject({ result: 'failed', exitCode: 7, statements: 1 })
    expect(migration.error).toBeUndefined()
    expect(migration.findings[0]?.message).toContain('exit code 7')
  })

  test('half-way: what is left behind is told', async () => {
    const { migration } = await gate(database.url, psql('CREATE TABLE left_behind (x int)', 'SELECT 1 / 0'))
    expect(migration).toMatchObject({ result: 'failed', error: { code: '22012', message: 'division by zero' } })
    expect(migration.schemaDiff).toContain('+CREATE TABLE public.left_behind')
  })
})

describe('a migration that could not be tried', () => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await createDatabase(18)
  })
  afterEach(async () => await database[Symbol.asyncDispose]())

  test.each([
    ['comeback-no-such-tool up', 127, 'the shell does not find it'],
    ['true', 0, 'it did not connect to the database that DATABASE_URL names'],
  ])('%s', async (command, exitCode, why) => {
    const { migration } = await gate(database.url, command)
    expect(migration).toMatchObject({ result: 'could-not-run', exitCode })
    expect(migration.findings).toMatchObject([{ code: 'migration-not-run', message: expect.stringContaining(why) }])
  })

  test('wanted a certificate that it can verify: that is said', async () => {
    const { migration } = await gate(
      database.url,
      `${nodeScript('').replace(
        'connectionString: process.env.DATABASE_URL',
        "connectionString: process.env.DATABASE_URL.replace(/[?].*/, ''), ssl: true",
      )} || true`,
    )
    expect(migration.result).toBe('could-not-run')
    expect(migration.findings[0]?.message).toContain('rejectUnauthorized: false')
  })

  test('took too long: the statement does not go on at the server', async () => {
    const { migration } = await gate(database.url, psql('SELECT pg_sleep(100)'), { timeout: 1_000 })
    expect(migration).toMatchObject({ result: 'could-not-run', exitCode: null })
    expect(migration.findings[0]?.message).toMatch(
      /longer than 1 s\. The server was at "SELECT pg_sleep\(\?\)" for [\d.]+ s\.$/,
    )
    expect(await sleeping()).toEqual([])
  })

  test('stood still when the time of the whole run was up: the statement and its lock are told, and who held it', async () => {
    await database.query('CREATE TABLE users (id int)')
    const over = new AbortController()
    const script = nodeScript(`
      const other = new pg.Client({ connectionString: process.env.DATABASE_URL })
      other.on('error', () => {})
      await other.connect()
      await other.query("BEGIN; SELECT count(*) FROM users")
      await client.query("ALTER TABLE users ADD secret text DEFAULT 'zqx'")`)
    const running = gate(database.url, script, { signal: over.signal })
    running.catch(() => undefined)
    const waiting = "SELECT FROM pg_locks WHERE relation = 'users'::regclass AND NOT granted"
    while ((await database.query(waiting)).length === 0) await sleep(50)
    await sleep(200)
    over.abort(new ComebackError('timeout', 'The time was up.'))
    const { migration } = await running
    expect(migration).toMatchObject({ result: 'could-not-run', changesSeen: false })
    expect(migration.findings).toMatchObject([{ code: 'migration-not-run' }])
    expect(migration.findings[0]?.message).toMatch(
      /--timeout.* at "ALTER TABLE users ADD secret text DEFAULT \?" for [\d.]+ s, and waited for AccessExclusiveLock on public\.users, which another connection of the migration itself held\.$/,
    )
    expect(migration.locks).toMatchObject([{ table: 'public.users', mode: 'AccessExclusiveLock' }])
    expect(JSON.stringify(migration.findings)).not.toContain('zqx')
  })

  test('was cancelled: the reason is thrown', async () => {
    const cancelled = new AbortController()
    const running = gate(database.url, psql('SELECT pg_sleep(100)'), { signal: cancelled.signal })
    running.catch(() => undefined)
    while ((await sleeping()).length === 0) await sleep(50)
    cancelled.abort(new ComebackError('cancelled', 'Cancelled.'))
    await expect(running).rejects.toMatchObject({ code: 'cancelled' })
  })

  async function sleeping(): Promise<unknown[]> {
    const client = new pg.Client({ connectionString: database.url })
    await client.connect()
    const { rows } = await client.query(
      "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query = 'SELECT pg_sleep(100)'",
    )
    await client.end()
    return rows
  }
})
