/** Somebody else's statement that queues behind the locks of a backup: it must not wait for a wait of our own. */
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { expect, test } from 'vitest'
import { createDatabaseSource } from '../../src/postgres/dump.ts'
import { collectSegments } from '../fakes/segments.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { slowDatabase } from '../support/slow-database.ts'

const never = new AbortController().signal

function sourceOf(url: string) {
  return createDatabaseSource({ url, connectTimeout: 10_000, lanes: 2, schemaOnly: false, excludeTableData: [] })
}

/** Runs it, and says after how many seconds it was done. */
async function timed(database: TestDatabase, sql: string): Promise<number> {
  const started = Date.now()
  await database.query(sql)
  return (Date.now() - started) / 1000
}

async function until(database: TestDatabase, sql: string): Promise<void> {
  while ((await database.query(sql)).length === 0) await sleep(10)
}

/** Sessions of ours that hold a lock on the table. */
const LOCKED = `SELECT FROM pg_locks WHERE relation = 'wanted'::regclass AND granted AND mode = 'AccessShareLock' AND pid <> pg_backend_pid()`

test('an ALTER TABLE between the leader and pg_dump goes first, and the backup holds what it made', {
  timeout: 120_000,
}, async () => {
  await using database = await createDatabase(18)
  await database.query(`CREATE TABLE wanted AS SELECT n FROM generate_series(1, 1000) AS n`)
  // Slow enough for the statement to come in before pg_dump has locked the table.
  await using slow = await slowDatabase(database.url, 20)
  const out = collectSegments()
  const reading = sourceOf(slow.url).read(out, never)
  reading.catch(() => undefined)
  await until(database, LOCKED)
  expect(await timed(database, 'ALTER TABLE wanted ADD COLUMN more int')).toBeLessThan(15)
  await reading
  expect(out.stock().toString()).toMatch(/CREATE TABLE public.wanted \(\s+n integer,\s+more integer/)
  expect(out.segments.filter(({ head }) => head.name === 'public.wanted')).toHaveLength(1)
})

test('while the leader waits for one table, nobody waits long for another one that it has', {
  timeout: 120_000,
}, async () => {
  await using database = await createDatabase(18)
  await database.query('CREATE TABLE wanted (n int); CREATE TABLE z_held (n int)')
  const holder = new pg.Client({ connectionString: database.url })
  await holder.connect()
  await holder.query('BEGIN; LOCK TABLE z_held IN ACCESS EXCLUSIVE MODE')
  const reading = sourceOf(database.url).read(collectSegments(), never)
  reading.catch(() => undefined)
  await until(database, LOCKED)
  expect(await timed(database, 'ALTER TABLE wanted ADD COLUMN more int')).toBeLessThan(5)
  await holder.end()
  await reading
})
