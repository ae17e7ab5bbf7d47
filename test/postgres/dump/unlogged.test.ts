/** What a standby cannot read: it has the tables that are not logged, and none of their rows. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDatabaseSource, type DatabaseSourceOptions } from '../../../src/postgres/dump.ts'
import { collectSegments, storedBackup } from '../../fakes/segments.ts'
import { type Major, startServer, type TestServer } from '../../support/postgres.ts'
import { startStandby } from '../../support/standby.ts'
import { restore, run } from '../round-trip.ts'

const MAJOR: Major = 18
let primary: TestServer
let standby: TestServer

beforeAll(async () => {
  primary = await startServer(MAJOR)
  const url = await primary.createDatabase('shop')
  await run(
    url,
    `CREATE TABLE kept AS SELECT 1 AS n; CREATE UNLOGGED TABLE visits (id serial, n int); INSERT INTO visits (n) VALUES (1);
     CREATE UNLOGGED TABLE "Cache" AS SELECT 1 AS n`,
  )
  standby = await startStandby(primary)
}, 60_000)

afterAll(async () => {
  await standby.stop()
  await primary.stop()
})

async function read(server: TestServer, more: Partial<DatabaseSourceOptions> = {}) {
  const out = collectSegments()
  const options = { connectTimeout: 5_000, lanes: 1, schemaOnly: false, excludeTableData: [], ...more }
  const source = createDatabaseSource({ url: server.url('shop'), ...options })
  const result = await source.read(out, new AbortController().signal)
  return { result, backup: storedBackup(out.segments, result) }
}

test('a backup of a standby is partial, and names the tables and sequences whose contents it lacks', async () => {
  const { result, backup } = await read(standby)
  expect(result.problems).toEqual([
    {
      severity: 'partial',
      message:
        'A standby has nothing of what is not logged: the backup lacks the rows of public."Cache", public.visits and the value of public.visits_id_seq.',
      hint: 'Back up from the primary, or leave out the rows of these tables (--exclude-table-data).',
    },
  ])
  const url = await primary.createDatabase('again')
  const { problems } = await restore(url, backup)
  expect(problems).toMatchObject([
    { severity: 'warning', message: 'The backup was made without the rows of public."Cache", public.visits.' },
  ])
  expect(
    await run(url, 'SELECT (SELECT count(*)::int FROM kept) AS kept, (SELECT count(*)::int FROM visits) AS visits'),
  ).toEqual([{ kept: 1, visits: 0 }])
})

test('whoever leaves those rows out anyway is told of nothing', async () => {
  const { result } = await read(standby, { excludeTableData: ['visits', '"Cache"'] })
  expect(result.problems).toEqual([])
  expect((await read(standby, { schemaOnly: true })).result.problems).toEqual([])
})

test('a backup of the primary has them', async () => {
  expect((await read(primary)).result.problems).toEqual([])
})
