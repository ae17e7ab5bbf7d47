import pg from 'pg'
import { expect, test } from 'vitest'
import { everythingScripts } from '../../fixtures/everything.ts'
import { startNewest } from '../../support/newest.ts'
import { differences } from './both-clients.ts'

test.each([15, 17, 18] as const)(
  'the bundled pg_dump says of PostgreSQL %i at its newest what its own says, entry by entry',
  async major => {
    const server = await startNewest(major)
    try {
      const url = await server.createDatabase('everything')
      const client = new pg.Client({ connectionString: url })
      await client.connect()
      for (const sql of everythingScripts(major)) await client.query(sql)
      await client.end()
      expect(await differences(url, server.pgDump)).toEqual([])
    } finally {
      await server.stop()
    }
  },
)
