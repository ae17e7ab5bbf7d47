/** SIGINT and SIGTERM, whenever they come: out within five seconds, nothing half done, no connection left. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ListReport } from '../../src/report/report.ts'
import { type Workplace, workplace } from '../support/cli.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { fingerprint } from '../support/fingerprint.ts'
import { THOROUGH } from '../support/thorough.ts'

const GRACE = 5_000
/** Milliseconds after the start: during start-up, key derivation, reading, writing, and after the end. */
const MOMENTS = THOROUGH ? [30, 250, 500, 750, 1000, 1300, 1700, 2500] : [250, 750, 1300, 1700]
const ATOMIC_MOMENTS = THOROUGH ? [600, 1000, 1500, 2200] : [1000, 2200]

let database: TestDatabase
let place: Workplace

beforeAll(async () => {
  database = await createDatabase(18)
  await database.query(
    `CREATE TABLE t AS SELECT i AS id, md5(i::text) || md5((i * 7)::text) AS body FROM generate_series(1, 600000) i;
     ALTER TABLE t ADD PRIMARY KEY (id); CREATE INDEX ON t (body)`,
  )
  place = workplace({ DATABASE_URL: database.url })
})

afterAll(async () => {
  place[Symbol.dispose]()
  await database[Symbol.asyncDispose]()
})

async function interrupt(args: readonly string[], moment: number, signal: NodeJS.Signals) {
  const { child, finished } = place.start(args)
  await sleep(moment)
  const sent = performance.now()
  child.kill(signal)
  const result = await finished
  return { ...result, took: performance.now() - sent }
}

async function backends(url: string): Promise<number> {
  const [row] = await database.query(
    `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()`,
    [new URL(url).pathname.slice(1)],
  )
  return Number(row?.n)
}

test.each(MOMENTS.map((moment, i) => [moment, i % 2 === 0 ? 'SIGINT' : 'SIGTERM'] as const))(
  'a backup, %i ms after its start, by %s',
  async (moment, signal) => {
    const store = `file:store-${moment}`
    const result = await interrupt(['backup', 'database', '--store', store], moment, signal)
    expect(result.took).toBeLessThan(GRACE)
    const list = await place.json<ListReport>(['list', '--store', store])
    if (result.code === 0) {
      expect(list.backups).toMatchObject([{ status: 'complete' }])
    } else {
      // Before Node has begun to listen the signal itself ends the process.
      expect([130, null]).toContain(result.code)
      expect(list.backups.filter(({ status }) => status !== 'failed')).toEqual([])
    }
    const folder = join(place.folder, `store-${moment}`)
    const files = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : []
    // Nothing half written; the folder's own .gitignore is meant to be there.
    expect(files.filter(file => /(^|\/)\./.test(file) && file !== '.gitignore')).toEqual([])
    await expect.poll(() => backends(database.url), { timeout: 5_000 }).toBe(0)
  },
)

test('the next backup after a cancelled one restores', async () => {
  await interrupt(['backup', 'database', '--store', 'file:again'], 1500, 'SIGINT')
  await place.json(['backup', 'database', '--store', 'file:again'])
  await using copy = await createDatabase(18)
  await place.json(['restore', 'database', 'latest', '--store', 'file:again', '--target-url', copy.url])
  expect(await fingerprint(copy.url)).toEqual(await fingerprint(database.url))
})

test.each(ATOMIC_MOMENTS)('an atomic restore, %i ms after its start, leaves all or nothing', async moment => {
  await using copy = await createDatabase(18)
  await copy.query('CREATE TABLE mine AS SELECT 1 AS id')
  const before = await fingerprint(copy.url)
  if (!existsSync(join(place.folder, 'backups'))) await place.json(['backup', 'database'])
  const result = await interrupt(
    [
      ...'restore database latest --mode atomic --no-safety-backup --confirm'.split(' '),
      copy.name,
      '--target-url',
      copy.url,
    ],
    moment,
    'SIGTERM',
  )
  expect(result.took).toBeLessThan(GRACE)
  await expect.poll(() => backends(copy.url), { timeout: 10_000 }).toBe(0)
  const after = await fingerprint(copy.url)
  expect(after).toEqual(result.code === 0 ? await fingerprint(database.url) : before)
})
