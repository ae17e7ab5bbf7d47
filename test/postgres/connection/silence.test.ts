/** Connections that fall silent, and those that only take their time: on a real server, by way of a proxy that stalls. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { connect } from '../../../src/postgres/connection/connection.ts'
import { copyOut } from '../../../src/postgres/dump/copy-out.ts'
import { createDatabase } from '../../support/database.ts'
import { type StallingDatabase, stallingDatabase } from '../../support/stalling-database.ts'

/** Milliseconds; the real one is 50 times as long. */
const TICK = 100
const LONG = 40 * TICK

const open = ({ url }: { readonly url: string }) =>
  connect({ url, connectTimeout: 10_000, signal: new AbortController().signal, tick: TICK })

const silent = { code: 'connection', message: expect.stringMatching(/was silent for .*: both ends waited/) }

/** Sessions of the database that are in a transaction, but for those that ask. */
const OPEN = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL`

function stallLast({ ways }: StallingDatabase): void {
  ways.at(-1)?.stall()
}

test('a question that never arrived is given up, and so are the locks of its transaction', async () => {
  await using database = await createDatabase(18)
  await using proxy = await stallingDatabase(database.url)
  await using connection = await open(proxy)
  await connection.query('CREATE TABLE t AS SELECT 1 AS x')
  await connection.query('BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE')
  stallLast(proxy)
  await expect(connection.query('SELECT 1')).rejects.toMatchObject(silent)
  await database.query(`SET lock_timeout = '5s'; SELECT FROM t`)
  await expect.poll(() => database.query(OPEN)).toEqual([])
})

test('rows that the server cannot get rid of are given up', async () => {
  await using database = await createDatabase(18)
  await using proxy = await stallingDatabase(database.url)
  await using connection = await open(proxy)
  const { bytes } = await copyOut(
    connection.client,
    'COPY (SELECT repeat(md5(n::text), 100) FROM generate_series(1, 30000) AS n) TO STDOUT',
  )
  await bytes.next()
  stallLast(proxy)
  const read = async () => {
    for await (const _ of bytes);
  }
  await expect(read()).rejects.toMatchObject(silent)
  await expect.poll(() => database.query(OPEN)).toEqual([])
})

test('an address that does not answer at all any more is given up', async () => {
  await using database = await createDatabase(18)
  await using proxy = await stallingDatabase(database.url)
  await using connection = await open(proxy)
  proxy.stallNew()
  stallLast(proxy)
  await expect(connection.query('SELECT 1')).rejects.toMatchObject({
    code: 'connection',
    message: expect.stringContaining('cannot be reached'),
  })
}, 60_000)

test('a session with a clock of its own zone is waited for, too', async () => {
  await using database = await createDatabase(18)
  await using connection = await connect({
    ...{ url: database.url, connectTimeout: 10_000, signal: new AbortController().signal, tick: TICK },
    settings: { TimeZone: 'Asia/Kathmandu', DateStyle: 'German' },
  })
  expect(await connection.query(`SELECT pg_sleep(${LONG / 1000})`)).toHaveLength(1)
})

test.each([
  ['computes', 'SELECT count(*) FROM generate_series(1, 150000) a, generate_series(1, 100) b'],
  ['sleeps', `SELECT pg_sleep(${LONG / 1000})`],
])('a server that %s for long is waited for', async (_, sql) => {
  await using database = await createDatabase(18)
  await using proxy = await stallingDatabase(database.url)
  await using connection = await open(proxy)
  expect(await connection.query(sql)).toHaveLength(1)
})

test('a lock that is long in coming is waited for', async () => {
  await using database = await createDatabase(18)
  await using holder = await open(database)
  await using proxy = await stallingDatabase(database.url)
  await using connection = await open(proxy)
  await database.query('CREATE TABLE t AS SELECT 1 AS x')
  await holder.query('BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE')
  const waiting = connection.query('SELECT x FROM t')
  await sleep(LONG)
  await holder.query('COMMIT')
  expect(await waiting).toEqual([{ x: 1 }])
})

test('a consumer that takes its time over rows, and a pause between two statements, are no silence', async () => {
  await using database = await createDatabase(18)
  await using proxy = await stallingDatabase(database.url)
  await using connection = await open(proxy)
  const { bytes, rows } = await copyOut(
    connection.client,
    'COPY (SELECT repeat(md5(n::text), 100) FROM generate_series(1, 30000) AS n) TO STDOUT',
  )
  let pieces = 0
  for await (const _ of bytes) if (pieces++ === 3) await sleep(LONG)
  expect(rows()).toBe(30_000)
  await connection.query('BEGIN')
  await sleep(LONG)
  expect(await connection.query('SELECT 1 AS x')).toEqual([{ x: 1 }])
})
