/** Backups and restores on whose connections a proxy falls silent, with nothing but what a run has by default. */
import { expect, test } from 'vitest'
import { createDatabaseSource } from '../../src/postgres/dump.ts'
import { collectSegments } from '../fakes/segments.ts'
import { createDatabase } from '../support/database.ts'
import { stallingDatabase } from '../support/stalling-database.ts'
import { backUp, restore } from './round-trip.ts'

const MINUTES = 60_000
const ROWS = `
  CREATE TABLE a AS SELECT n, repeat(md5(n::text), 30) AS t FROM generate_series(1, 30000) AS n;
  CREATE TABLE b AS SELECT * FROM a;
  CREATE TABLE c AS SELECT * FROM a`
const counts = 'SELECT (SELECT count(*) FROM a) + (SELECT count(*) FROM b) + (SELECT count(*) FROM c) AS n'
const inTransaction = `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL`

test('a backup with one lane silent is whole: another connection reads what that one was at', {
  timeout: 3 * MINUTES,
}, async () => {
  await using source = await createDatabase(18)
  await source.query(ROWS)
  let stalled = false
  await using proxy = await stallingDatabase(source.url, way => {
    if (stalled || way.received < 300_000 || !/COPY \(?.*TO STDOUT/s.test(way.said)) return
    stalled = true
    way.stall()
  })
  const out = collectSegments()
  const { url } = proxy
  const options = { url, connectTimeout: 10_000, lanes: 2, schemaOnly: false, excludeTableData: [] }
  const { detail } = await createDatabaseSource(options).read(out, new AbortController().signal)
  expect(stalled).toBe(true)
  const { rows } = detail as { readonly rows: Readonly<Record<string, number>> }
  expect(Object.values(rows).reduce((sum, count) => sum + count, 0)).toBe(90_000)
})

test.each([
  { mode: 'parallel', which: 'one lane' },
  { mode: 'atomic', which: 'all' },
] as const)(
  'a $mode restore with $which silent ends, and holds no lock',
  { timeout: 3 * MINUTES },
  async ({ mode, which }) => {
    await using source = await createDatabase(18)
    await source.query(ROWS)
    const backup = await backUp(source.url)
    await using target = await createDatabase(18)
    if (mode === 'atomic') await target.query('CREATE TABLE a AS SELECT 1 AS n')
    let stalled = false
    await using proxy = await stallingDatabase(target.url, (way, ways) => {
      if (stalled || !/COPY .*FROM STDIN/s.test(way.said)) return
      stalled = true
      for (const each of which === 'all' ? ways : [way]) each.stall()
    })
    const started = Date.now()
    await expect(restore(proxy.url, backup, { mode })).rejects.toMatchObject({ code: 'connection' })
    expect(Date.now() - started).toBeLessThan(75_000)
    expect(stalled).toBe(true)
    expect(await target.query(inTransaction)).toEqual([{ n: 0 }])
    if (mode === 'atomic') expect(await target.query('SELECT n FROM a')).toEqual([{ n: 1 }])
    else await expect(target.query(counts)).rejects.toThrow()
  },
)
