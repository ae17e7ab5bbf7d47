/** Restores that end in the middle: by the backup, the server, the machine. The target is what it was before. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { ComebackError } from '../../../src/errors.ts'
import { discardDatabase } from '../../../src/postgres/restore/discard-database.ts'
import { countProgress, storedBackup } from '../../fakes/segments.ts'
import { createDatabase, type TestDatabase } from '../../support/database.ts'
import { fingerprint } from '../../support/fingerprint.ts'
import { type OrdinaryRole, ordinaryRole } from '../../support/ordinary-role.ts'
import { smallDisk } from '../../support/small-disk.ts'
import { backendsOf, backUp, breaking, failure, read, restore, SHOP, sinkOf } from '../round-trip.ts'

const KILLED = join(import.meta.dirname, '../../support/killed-restore.ts')
const MINE = 'CREATE SCHEMA shop; CREATE TABLE shop.customer AS SELECT 1 AS mine; CREATE TABLE public.orders (mine int)'

async function query(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(sql).finally(() => client.end())
}

async function prepared(source: TestDatabase, target: TestDatabase, owner: OrdinaryRole) {
  await query(owner.url(source), SHOP)
  await query(owner.url(target), MINE)
  return await fingerprint(target.url)
}

async function alone(target: TestDatabase): Promise<void> {
  for (let attempt = 0; (await backendsOf(target)) > 0; attempt++) {
    if (attempt > 200) throw new Error('a backend stays')
    await sleep(50)
  }
}

describe.each([14, 18] as const)('on PostgreSQL %i, an atomic restore', major => {
  test('that meets a foreign key at the very end which its rows break', async () => {
    await using source = await createDatabase(major)
    await using target = await createDatabase(major)
    await using owner = await ordinaryRole([source, target])
    const before = await prepared(source, target, owner)
    await source.query('CREATE TABLE a (i int PRIMARY KEY); CREATE TABLE b (i int REFERENCES a)')
    await source.query('INSERT INTO a VALUES (1); INSERT INTO b VALUES (1)')
    const { segments, result } = await read(source.url)
    const wrong = segments.map(segment =>
      segment.head.name === 'public.b'
        ? { ...segment, bytes: Buffer.from(segment.bytes.toString().replace(/^1$/m, '2')) }
        : segment,
    )
    const error = await failure(restore(owner.url(target), storedBackup(wrong, result), { mode: 'atomic' }))
    expect(error.message).toMatch(/^Restoring FK CONSTRAINT public\.b b_i_fkey failed: /)
    expect(await fingerprint(target.url)).toEqual(before)
  })

  test('whose backend is ended amid a COPY', async () => {
    await using source = await createDatabase(major)
    await using target = await createDatabase(major)
    await using owner = await ordinaryRole([source, target])
    const before = await prepared(source, target, owner)
    let ended = false
    const backup = breaking(await backUp(source.url), 'public.orders', 500_000, () => {
      if (ended) return
      ended = true
      void target.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND application_name = 'comeback'`,
      )
    })
    // Slowly, so that the server can end it before all rows are sent.
    const slow = {
      ...backup,
      async *read(...args: Parameters<typeof backup.read>) {
        for await (const piece of backup.read(...args)) {
          if (ended) await sleep(20)
          yield piece
        }
      },
    }
    const error = await failure(restore(owner.url(target), slow, { mode: 'atomic' }))
    expect(error.code).toBe('connection')
    await alone(target)
    expect(await fingerprint(target.url)).toEqual(before)
  })

  test('that fills the disk of the server', async () => {
    await using source = await createDatabase(major)
    await using disk = await smallDisk(source, 20)
    await using target = await createDatabase(major, `TABLESPACE "${disk.tablespace}"`)
    await using owner = await ordinaryRole([source, target])
    const before = await prepared(source, target, owner)
    await source.query(
      'CREATE TABLE shop.big AS SELECT i, repeat(md5(i::text), 30) AS t FROM generate_series(1, 30000) i',
    )
    const error = await failure(restore(owner.url(target), await backUp(source.url), { mode: 'atomic' }))
    expect(error.message).toContain('[53100]')
    expect(error.hint).toBe('The disk of the server is full.')
    expect(await fingerprint(target.url)).toEqual(before)
  })

  test('that fails while somebody writes to the target: nothing of what they wrote is lost', async () => {
    await using source = await createDatabase(major)
    await using target = await createDatabase(major)
    await using owner = await ordinaryRole([source, target])
    await prepared(source, target, owner)
    const writer = new pg.Client({ connectionString: owner.url(target) })
    await writer.connect()
    let written = 0
    let stop = false
    const writing = (async () => {
      for (; !stop; written++) await writer.query('INSERT INTO public.orders VALUES (1)')
    })()
    const backup = breaking(await backUp(source.url), 'public.orders', 2_000_000, () => {
      throw new ComebackError('damaged', 'A chunk is damaged.')
    })
    await failure(restore(owner.url(target), backup, { mode: 'atomic' }))
    stop = true
    await writing
    await writer.end()
    expect((await fingerprint(target.url)).rows['public.orders']).toMatch(new RegExp(`^${written} `))
    expect(written).toBeGreaterThan(0)
  })
})

async function killed(mode: string, phase: string, source: string, target: string, delay = 0): Promise<void> {
  const env = { ...process.env, SOURCE: source, TARGET: target, MODE: mode, PHASE: phase, DELAY: String(delay) }
  const child = spawn(process.execPath, [KILLED], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  const [stderr, [code, signal]] = await Promise.all([text(child.stderr), once(child, 'close')])
  if (signal !== 'SIGKILL') throw new Error(`The restore was not killed, but ended with ${code}: ${stderr}`)
}

describe('a restore whose process is killed', () => {
  test.each([
    ['Emptying the target', 5],
    ['Creating tables', 5],
    ['amid the rows', 0],
    ['Building indexes', 5],
    ['Filling materialized views', 0],
    ['Committing', 0],
  ])('atomic, while: %s', async (phase, delay) => {
    await using source = await createDatabase(18)
    await using target = await createDatabase(18)
    await using owner = await ordinaryRole([source, target])
    const before = await prepared(source, target, owner)
    await killed('atomic', phase, owner.url(source), owner.url(target), delay)
    await alone(target)
    const after = await fingerprint(target.url)
    // The kill may come when the server has the COMMIT already: then all of it is there.
    const committed =
      phase === 'Committing' && !('shop.customer_id_seq' in before.rows) && 'shop.customer_id_seq' in after.rows
    expect(after).toEqual(committed ? await fingerprint(source.url) : before)
  })

  test.each([
    ['Creating the database', 100],
    ['Creating tables', 60],
    ['amid the rows', 0],
    ['Counting rows', 10],
    ['Swapping', 0],
  ])('swap, while: %s', async (phase, delay) => {
    await using source = await createDatabase(18)
    await using target = await createDatabase(18)
    await using owner = await ordinaryRole([source, target], 'CREATEDB')
    const before = await prepared(source, target, owner)
    const backup = await backUp(source.url)
    await killed('swap', phase, owner.url(source), owner.url(target), delay)
    await sleep(1000)
    await alone(target)
    expect(await fingerprint(target.url)).toEqual(before)
    // What it leaves is named by the next restore, and dropped on request.
    const left = await target.query('SELECT datname FROM pg_database WHERE datname LIKE $1', [`${target.name}\\_%`])
    const look = sinkOf(owner.url(target), { mode: 'swap' }).inspect(
      backup,
      countProgress(),
      new AbortController().signal,
    )
    const messages = (await look).problems.map(({ message }) => message)
    for (const { datname } of left) {
      const name = String(datname)
      expect(name).toMatch(/_restoring_[0-9a-f]{6}$/)
      expect(messages).toContainEqual(
        expect.stringContaining(`The database ${name} is left of a restore that was killed`),
      )
      const options = { url: owner.url(target), connectTimeout: 10_000, endSessions: true }
      await discardDatabase(options, name, name, new AbortController().signal)
    }
    expect(left).toHaveLength(1)
  })
})
