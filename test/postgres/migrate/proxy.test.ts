/** Real clients and servers, with the proxy between them. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect } from '../../../src/postgres/connection/connection.ts'
import { environmentFor } from '../../../src/postgres/migrate/command.ts'
import { startProxy } from '../../../src/postgres/migrate/proxy.ts'
import { createStatementLog } from '../../../src/postgres/migrate/statement-log.ts'
import { upstreamOf } from '../../../src/postgres/migrate/upstream.ts'
import { createDatabase, type TestDatabase } from '../../support/database.ts'
import { startServer, type TestServer } from '../../support/postgres.ts'
import { needTools } from '../../support/stock-tool.ts'
import { MAJORS } from '../../support/thorough.ts'

/** A proxy to where the URL leads, and the environment of its clients. */
async function proxied(url: string) {
  await using connection = await connect({ url, connectTimeout: 10_000, signal: new AbortController().signal })
  const upstream = await upstreamOf(url, connection)
  const log = createStatementLog()
  const proxy = await startProxy(upstream, log)
  const environment = environmentFor({ PATH: process.env.PATH }, url, upstream.target, proxy.port)
  return { log, proxy, environment, url: environment.DATABASE_URL ?? '', [Symbol.asyncDispose]: () => proxy.close(0) }
}

async function psql(
  environment: Readonly<Record<string, string | undefined>>,
  args: readonly string[],
  input: AsyncIterable<string> | undefined = undefined,
): Promise<{ readonly code: number; readonly said: string }> {
  const child = spawn('psql', ['-X', '-At', '-v', 'ON_ERROR_STOP=1', ...args], {
    env: { ...environment },
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', chunk => (said += chunk))
  const ended = once(child, 'close')
  if (input !== undefined && child.stdin !== null) {
    for await (const text of input) if (!child.stdin.write(text)) await once(child.stdin, 'drain')
    child.stdin.end()
  }
  const [code] = await ended
  return { code, said: said.trim() }
}

describe.each(MAJORS)('PostgreSQL %d behind the proxy', major => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createDatabase(major)
    await database.query('CREATE TABLE big (text text)')
  })
  afterAll(async () => await database[Symbol.asyncDispose]())

  test('clients that insist on TLS get it: libpq and pg, and what they ask is known', async context => {
    needTools(context, 'psql')
    await using behind = await proxied(database.url)
    const encrypted = { ...behind.environment, PGSSLMODE: 'require' }
    const asked = await psql(encrypted, ['-c', "SELECT repeat('x', 5)", '-c', '\\conninfo'])
    expect(asked).toMatchObject({ code: 0, said: expect.stringMatching(/^xxxxx\n(.|\n)*SSL/) })
    const client = new pg.Client({
      connectionString: behind.url.replace(/\?.*/, ''),
      ssl: { rejectUnauthorized: false },
    })
    await client.connect()
    const { rows } = await client.query(`SELECT length(repeat('y', 3000000)::text) AS n, repeat('y', 3000000) AS much`)
    expect(rows[0]?.n).toBe(3_000_000)
    expect(rows[0]?.much).toHaveLength(3_000_000)
    await client.end()
    expect(behind.log.count).toBe(2)
    expect(behind.proxy.distrusted).toBe(false)
  })

  test('psql logs in by SCRAM, asks, and every statement is known', async context => {
    needTools(context, 'psql')
    await using through = await proxied(database.url)
    expect(await psql(through.environment, ['-c', 'SELECT 1', '-c', 'SELECT current_database()'])).toEqual({
      code: 0,
      said: `1\n${database.name}`,
    })
    expect(through.log.count).toBe(2)
  })

  test('psql is told by a URL as well', async context => {
    needTools(context, 'psql')
    await using through = await proxied(database.url)
    expect(await psql({ PATH: process.env.PATH }, ['-d', through.url, '-c', 'SELECT 1'])).toMatchObject({ said: '1' })
  })

  test('a hundred megabytes of COPY pass and do not pile up', async context => {
    needTools(context, 'psql')
    await using through = await proxied(database.url)
    let highest = 0
    const timer = setInterval(() => {
      highest = Math.max(highest, process.memoryUsage().arrayBuffers)
    }, 20)
    const line = `${'x'.repeat(99)}\n`
    async function* rows() {
      for (let part = 0; part < 1_000; part++) yield line.repeat(1_000)
    }
    expect(await psql(through.environment, ['-c', 'COPY big FROM STDIN'], rows())).toMatchObject({ code: 0 })
    clearInterval(timer)
    expect(await database.query('SELECT count(*)::int AS rows FROM big')).toEqual([{ rows: 1_000_000 }])
    expect(through.log.count).toBe(1)
    expect(highest).toBeLessThan(64 * 1024 * 1024)
  })

  test('many connections at once', async () => {
    await using through = await proxied(database.url)
    const clients = Array.from({ length: 20 }, () => new pg.Client({ connectionString: through.url }))
    await Promise.all(clients.map(client => client.connect()))
    const answers = await Promise.all(
      clients.map((client, number) => client.query('SELECT $1::int AS n, pg_backend_pid() AS pid', [number])),
    )
    expect(answers.map(({ rows }) => rows[0].n)).toEqual(clients.map((_, number) => number))
    expect(through.proxy.pids().toSorted()).toEqual(answers.map(({ rows }) => rows[0].pid).toSorted())
    await Promise.all(clients.map(client => client.end()))
    expect(through.log.count).toBe(20)
    for (let look = 0; look < 100 && through.proxy.pids().length > 0; look++) await sleep(20)
    expect(through.proxy.pids()).toEqual([])
  })

  test('the time of each statement of a pipeline is its own', async context => {
    needTools(context, 'psql')
    await using through = await proxied(database.url)
    const client = new pg.Client({ connectionString: through.url })
    await client.connect()
    await client.query('SELECT pg_sleep($1)', [1.1])
    await client.end()
    expect(through.log.slow()).toEqual([{ statement: 'SELECT pg_sleep($1)', seconds: expect.closeTo(1.1, 1) }])
  })

  test('Ctrl-C reaches the server', async context => {
    needTools(context, 'psql')
    await using through = await proxied(database.url)
    const started = performance.now()
    const child = spawn('psql', ['-X', '-c', 'SELECT pg_sleep(30)'], {
      env: { ...through.environment },
      stdio: 'ignore',
    })
    while (through.proxy.pids().length === 0) await sleep(20)
    await sleep(300)
    child.kill('SIGINT')
    await once(child, 'close')
    expect(performance.now() - started).toBeLessThan(15_000)
    expect(through.log.lastError?.fields.code).toBe('57014')
  })

  test('who is refused hears why from the server', async context => {
    needTools(context, 'psql')
    await using through = await proxied(database.url)
    const { code, said } = await psql({ ...through.environment, PGPASSWORD: 'wrong' }, ['-c', 'SELECT 1'])
    expect([code, said]).toEqual([2, expect.stringContaining('password authentication failed')])
    expect(through.log.lastError?.fields.code).toBe('28P01')
  })
})

describe('a server with TLS', () => {
  const fixtures = fileURLToPath(new URL('../../fixtures/tls', import.meta.url))
  let server: TestServer
  let folder: string
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'comeback-tls-'))
    cpSync(fixtures, folder, { recursive: true })
    chmodSync(join(folder, 'server.key'), 0o600)
    // The server insists on a private key that is its own alone; as root, the tests run it as nobody.
    if (process.getuid?.() === 0)
      for (const path of [folder, join(folder, 'server.key')]) chownSync(path, 65_534, 65_534)
    server = await startServer(18, {
      ssl: 'on',
      ssl_cert_file: join(folder, 'server.crt'),
      ssl_key_file: join(folder, 'server.key'),
    })
  })
  afterAll(async () => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test.for(['?sslmode=require', '?sslmode=require&channel_binding=require', ''])(
    'is reached as the URL says (%s), and the client by SCRAM with and without TLS',
    async (query, context) => {
      needTools(context, 'psql')
      await using through = await proxied(`${server.url()}${query}`)
      const ask = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()'
      const tls = query !== ''
      expect(await psql(through.environment, ['-c', ask])).toEqual({ code: 0, said: tls ? 't' : 'f' })
      const client = new pg.Client({ connectionString: through.url })
      await client.connect()
      expect((await client.query(ask)).rows).toEqual([{ ssl: tls }])
      await client.end()
      // Encrypted on both sides, by two keys: nothing binds the login to the server's own.
      const insisting = { ...through.environment, PGSSLMODE: 'require' }
      expect(await psql(insisting, ['-c', ask])).toEqual({ code: 0, said: tls ? 't' : 'f' })
    },
  )

  test('by a socket, too', async () => {
    await using connection = await connect({
      url: server.url(),
      connectTimeout: 10_000,
      signal: new AbortController().signal,
    })
    const [row] = await connection.query<{ unix_socket_directories: string }>('SHOW unix_socket_directories')
    const url = `postgresql://postgres:secret@/postgres?host=${row?.unix_socket_directories}&port=${server.port}`
    await using through = await proxied(url)
    const client = new pg.Client({ connectionString: through.url })
    await client.connect()
    expect((await client.query('SELECT inet_client_addr() AS address')).rows).toEqual([{ address: null }])
    await client.end()
  })
})
