/** One of everything, backed up and proved on each major version that is served. */
import pg from 'pg'
import { expect, test } from 'vitest'
import { createDatabaseProver } from '../../src/postgres/prove.ts'
import { countProgress } from '../fakes/segments.ts'
import { everythingScripts } from '../fixtures/everything.ts'
import { startServer } from '../support/postgres.ts'
import { backUp } from './round-trip.ts'

test.each([14, 15, 16, 17, 18] as const)('PostgreSQL %i', async major => {
  const server = await startServer(major)
  try {
    const source = await server.createDatabase('everything')
    const client = new pg.Client({ connectionString: source })
    await client.connect()
    for (const sql of everythingScripts(major)) await client.query(sql)
    await client.end()
    const backup = await backUp(source)
    const prover = createDatabaseProver({
      url: await server.createDatabase('scratch'),
      connectTimeout: 10_000,
      lanes: 2,
      disposable: true,
      confirm: undefined,
      assertions: [{ name: 'there', sql: 'SELECT count(*) > 0 FROM pg_catalog.pg_class' }],
    })
    const result = await prover.prove(backup, { progress: countProgress() }, new AbortController().signal)
    expect(result.findings).toEqual([])
    expect(result.server).toMatch(new RegExp(`^PostgreSQL ${major}\\.`))
    expect(result.checks.filter(({ result }) => result !== 'passed')).toEqual([])
  } finally {
    await server.stop()
  }
})
