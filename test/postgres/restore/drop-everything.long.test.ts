/** The same on the majors that no other test shares a server of. */
import { readFileSync } from 'node:fs'
import pg from 'pg'
import { expect, test } from 'vitest'
import { fingerprint } from '../../support/fingerprint.ts'
import { startServer } from '../../support/postgres.ts'
import { backUp, restore } from '../round-trip.ts'

const DROPPABLE = readFileSync(new URL('../../fixtures/sql/droppable.sql', import.meta.url), 'utf8')

test.each([16, 17] as const)('objects whose DROP needs care are replaced on PostgreSQL %i', async major => {
  const server = await startServer(major)
  try {
    const url = await server.createDatabase('droppable')
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    await client.query(DROPPABLE).finally(() => client.end())
    const before = await fingerprint(url)
    await restore(url, await backUp(url), { mode: 'atomic' })
    expect(await fingerprint(url)).toEqual(before)
  } finally {
    await server.stop()
  }
})
