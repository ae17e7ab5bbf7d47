import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import type { ConnectOptions } from '../../../src/postgres/connection/connection.ts'
import { connect } from '../../../src/postgres/connection/connection.ts'
import { isConnectionLoss, serverError } from '../../../src/postgres/connection/server-error.ts'
import { createDatabase } from '../../support/database.ts'

const never = new AbortController().signal
const options = (url: string, more: Partial<ConnectOptions> = {}): ConnectOptions => ({
  url,
  connectTimeout: 5_000,
  signal: never,
  ...more,
})

function changed(url: string, change: (url: URL) => void): string {
  const copy = new URL(url)
  change(copy)
  return copy.href
}

test.each([14, 18] as const)('a connection to PostgreSQL %i knows its version and answers queries', async major => {
  await using database = await createDatabase(major)
  await using connection = await connect(options(database.url))
  expect(Math.floor(connection.serverVersion / 10_000)).toBe(major)
  expect(connection.description).toContain(database.name)
  expect(await connection.query<{ n: number }>('SELECT $1::int AS n', [7])).toEqual([{ n: 7 }])
})

test('settings and the name of the application are made before the connection is handed out', async () => {
  await using database = await createDatabase(18)
  await using connection = await connect(
    options(database.url, { applicationName: 'here', settings: { timezone: 'UTC', extra_float_digits: '3' } }),
  )
  const rows = await connection.query(
    `SELECT current_setting('timezone') AS zone, current_setting('extra_float_digits') AS digits,
            current_setting('application_name') AS name`,
  )
  expect(rows).toEqual([{ zone: 'UTC', digits: '3', name: 'here' }])
})

test('the environment of libpq is not consulted', async () => {
  await using database = await createDatabase(18)
  const before = { ...process.env }
  try {
    Object.assign(process.env, {
      PGHOST: 'nowhere.invalid',
      PGUSER: 'nobody',
      PGPASSWORD: 'secret',
      PGOPTIONS: '-c search_path=elsewhere',
      PGREPLICATION: 'database',
      PGSSLMODE: 'verify-full',
      PGCLIENT_ENCODING: 'LATIN1',
    })
    await using connection = await connect(options(database.url))
    const rows = await connection.query(
      `SELECT current_setting('search_path') AS path, current_setting('client_encoding') AS encoding`,
    )
    expect(rows).toEqual([{ path: '"$user", public', encoding: 'UTF8' }])
    const none = changed(database.url, url => {
      url.password = ''
    })
    await expect(connect(options(none))).rejects.toMatchObject({ code: 'authentication' })
  } finally {
    process.env = before
  }
})

test('a wrong password is named as such, and not repeated', async () => {
  await using database = await createDatabase(18)
  const wrong = changed(database.url, url => {
    url.password = 'hunter2'
  })
  const error = await connect(options(wrong)).catch((error: unknown) => error)
  expect(error).toMatchObject({ code: 'authentication' })
  expect(String(error)).not.toContain('hunter2')
})

test('a database that does not exist is named with its host and port', async () => {
  await using database = await createDatabase(18)
  const missing = changed(database.url, url => {
    url.pathname = '/not_there'
  })
  await expect(connect(options(missing))).rejects.toMatchObject({
    code: 'connection',
    message: expect.stringMatching(/"not_there" on 127\.0\.0\.1:\d+/),
  })
})

test('a port that nobody listens at is reported within seconds', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const started = Date.now()
  await expect(
    connect(options(`postgresql://u:p@127.0.0.1:${address.port}/d`, { connectTimeout: 60_000 })),
  ).rejects.toMatchObject({ code: 'connection', message: `Nothing listens at 127.0.0.1:${address.port}/d.` })
  expect(Date.now() - started).toBeLessThan(10_000)
})

test('an unknown host is a connection error', async () => {
  await expect(
    connect(options('postgresql://u:p@db.invalid/d?sslmode=disable', { connectTimeout: 1_000 })),
  ).rejects.toMatchObject({ code: 'connection', message: 'The host of db.invalid:5432/d has no address.' })
})

test('TLS that the server does not speak is explained', async () => {
  await using database = await createDatabase(18)
  await expect(connect(options(`${database.url}?sslmode=require&channel_binding=require`))).rejects.toMatchObject({
    code: 'connection',
    hint: expect.stringContaining('sslmode=disable'),
  })
  await using connection = await connect(options(`${database.url}?sslmode=prefer&schema=public&pgbouncer=false`))
  expect(connection.serverVersion).toBeGreaterThan(180_000)
})

test('channel binding that is demanded and not offered sends no password', async () => {
  await using database = await createDatabase(18)
  await expect(connect(options(`${database.url}?sslmode=disable&channel_binding=require`))).rejects.toMatchObject({
    code: 'authentication',
    message: expect.stringContaining('no channel binding'),
  })
})

test('a server that accepts and says nothing is given up after the time given', async () => {
  await using silent = await listen(() => {})
  const started = Date.now()
  await expect(connect(options(silent.url, { connectTimeout: 700 }))).rejects.toMatchObject({
    code: 'connection',
    message: expect.stringContaining('did not answer within 1 s'),
  })
  expect(Date.now() - started).toBeLessThan(3_000)
})

test('a server that is starting up is tried again until it is there', async () => {
  let attempts = 0
  await using waking = await listen(socket => {
    attempts++
    const fields = 'SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0'
    const head = Buffer.from([0x45, 0, 0, 0, 0])
    head.writeUInt32BE(fields.length + 4, 1)
    socket.end(Buffer.concat([head, Buffer.from(fields)]))
  })
  await expect(connect(options(waking.url, { connectTimeout: 1_500 }))).rejects.toMatchObject({ code: 'connection' })
  expect(attempts).toBeGreaterThan(2)
})

test('an abort while connecting rejects at once with the reason', async () => {
  await using silent = await listen(() => {})
  const controller = new AbortController()
  const reason = new Error('enough')
  setTimeout(() => controller.abort(reason), 50)
  const started = Date.now()
  await expect(connect(options(silent.url, { signal: controller.signal }))).rejects.toBe(reason)
  expect(Date.now() - started).toBeLessThan(1_000)
})

test('an abort rejects a pending query and every later one with the reason', async () => {
  await using database = await createDatabase(18)
  const controller = new AbortController()
  const reason = new Error('enough')
  await using connection = await connect(options(database.url, { signal: controller.signal }))
  setTimeout(() => controller.abort(reason), 50)
  await expect(connection.query('SELECT pg_sleep(60)')).rejects.toBe(reason)
  await expect(connection.query('SELECT 1')).rejects.toBe(reason)
})

test('a backend that is terminated while idle does not end the process, and the next query tells', async () => {
  await using database = await createDatabase(18)
  await using connection = await connect(options(database.url))
  const [row] = await connection.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  await database.query('SELECT pg_terminate_backend($1, 5000)', [row?.pid])
  const error = await connection.query('SELECT 1').catch((error: unknown) => error)
  expect(isConnectionLoss(error)).toBe(true)
  expect(serverError(error, 'Counting').code).toBe('connection')
})

test('closing is harmless twice, under a running query, and after the server is gone', async () => {
  await using database = await createDatabase(18)
  const connection = await connect(options(database.url))
  const pending = connection.query('SELECT pg_sleep(60)').catch((error: unknown) => error)
  await connection.close()
  await connection.close()
  expect(await pending).toMatchObject({ code: 'connection' })
})

test("a server's refusal becomes an error with its code, the key without its values and what was attempted", async () => {
  await using database = await createDatabase(18)
  await using connection = await connect(options(database.url))
  await connection.query('CREATE TABLE t (n int PRIMARY KEY)')
  await connection.query('INSERT INTO t VALUES (1)')
  const error = await connection.query('INSERT INTO t VALUES (1)').catch((error: unknown) => error)
  expect(serverError(error, 'Filling t')).toMatchObject({
    code: 'server-error',
    message:
      'Filling t failed: duplicate key value violates unique constraint "t_pkey" (Key (n) already exists.) [23505]',
  })
})

async function listen(onSocket: (socket: Socket) => void) {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    onSocket(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    url: `postgresql://u:p@127.0.0.1:${address.port}/d`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
